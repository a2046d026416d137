using System.Text;
using System.Text.Json;

namespace Bowline.Resources.Json;

/// <summary>
/// The names of members that were read lately: lists of objects repeat the same few names over and over.
/// A name that lands on another's place replaces it, so that hostile input gains nothing.
/// </summary>
internal sealed class MemberNames
{
    private const int Places = 256;
    private const int LongestName = 64;
    private readonly string?[] names = new string?[Places];

    /// <summary>Null for input so small that the cache would cost more than it saves.</summary>
    public static MemberNames? For(long inputLength) => inputLength >= 4096 ? new MemberNames() : null;

    public string? Read(ref Utf8JsonReader reader)
    {
        if (reader.HasValueSequence || reader.ValueIsEscaped || reader.ValueSpan.Length is 0 or > LongestName)
        {
            return null;
        }

        ReadOnlySpan<byte> name = reader.ValueSpan;
        int place = ((name.Length * 31) + (name[0] * 7) + (name[^1] * 131) + (name[name.Length / 2] * 17)) & (Places - 1);
        string? known = names[place];
        if (known is not null && known.Length == name.Length && Ascii.Equals(name, known))
        {
            return known;
        }

        string read = JsonText.Read(ref reader);
        names[place] = read;
        return read;
    }
}
