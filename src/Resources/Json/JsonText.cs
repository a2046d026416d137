using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Bowline.Resources.Json;

/// <summary>Text of a JSON string, where .NET refuses what Go repairs.</summary>
internal static class JsonText
{
    public static string Read(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return Repair(reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan);
        }
    }

    /// <summary>The escapes are well formed (the reader checked them), but not every surrogate has its other half.</summary>
    private static string Repair(ReadOnlySpan<byte> raw)
    {
        string text = Encoding.UTF8.GetString(raw);
        StringBuilder builder = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                builder.Append(text[i]);
                continue;
            }

            char escape = text[++i];
            if (escape == 'u')
            {
                builder.Append((char)ushort.Parse(text.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                i += 4;
            }
            else
            {
                builder.Append(escape switch { 'n' => '\n', 't' => '\t', 'r' => '\r', 'b' => '\b', 'f' => '\f', _ => escape });
            }
        }

        StringBuilder repaired = new(builder.Length);
        foreach (Rune rune in builder.ToString().EnumerateRunes())
        {
            repaired.Append(rune.ToString());
        }

        return repaired.ToString();
    }
}
