using System.Buffers;
using System.Text;

namespace Bowline.Resources.Yaml;

/// <summary>Input as UTF-16, checked for characters that YAML does not have, and ended by NULs, which it does not have either.</summary>
internal sealed class YamlText : IDisposable
{
    /// <summary>As many NULs as the scanner looks ahead.</summary>
    private const int Sentinels = 16;
    private const char ByteOrderMark = '\uFEFF';
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly SearchValues<char> ForbiddenAscii = SearchValues.Create([.. ForbiddenCharacters().Where(char.IsAscii)]);
    private static readonly SearchValues<char> Forbidden = SearchValues.Create(ForbiddenCharacters());
    private char[] buffer;

    private YamlText(char[] buffer, int length)
    {
        this.buffer = buffer;
        Length = length;
        buffer.AsSpan(length, Sentinels).Clear();
    }

    public char[] Buffer => buffer;

    public int Length { get; }

    /// <summary>Whether there is a NEL, LS or PS, which end lines too.</summary>
    public bool HasUnicodeBreaks { get; private set; }

    /// <summary>Behind a byte order mark.</summary>
    public int Start => Length > 0 && buffer[0] == ByteOrderMark ? 1 : 0;

    public static YamlText Decode(ReadOnlySpan<byte> bytes, string fileName)
    {
        Encoding encoding = bytes switch
        {
            [0xFF, 0xFE, ..] => new UnicodeEncoding(bigEndian: false, byteOrderMark: false, throwOnInvalidBytes: true),
            [0xFE, 0xFF, ..] => new UnicodeEncoding(bigEndian: true, byteOrderMark: false, throwOnInvalidBytes: true),
            _ => Utf8,
        };
        char[] buffer = ArrayPool<char>.Shared.Rent(bytes.Length + Sentinels);
        try
        {
            return Checked(new YamlText(buffer, encoding.GetChars(bytes, buffer)), fileName);
        }
        catch (DecoderFallbackException failure)
        {
            (int line, int column) = PlaceOf(bytes[..Math.Clamp(failure.Index, 0, bytes.Length)]);
            ArrayPool<char>.Shared.Return(buffer);
            throw new YamlException(fileName, line, column, "invalid UTF-8", failure);
        }
    }

    public static YamlText Copy(ReadOnlySpan<char> text, string fileName)
    {
        char[] buffer = ArrayPool<char>.Shared.Rent(text.Length + Sentinels);
        text.CopyTo(buffer);
        return Checked(new YamlText(buffer, text.Length), fileName);
    }

    public void Dispose()
    {
        ArrayPool<char>.Shared.Return(buffer);
        buffer = [];
    }

    private static YamlText Checked(YamlText text, string fileName)
    {
        ReadOnlySpan<char> all = text.buffer.AsSpan(0, text.Length);
        bool ascii = Ascii.IsValid(all);
        int bad = all.IndexOfAny(ascii ? ForbiddenAscii : Forbidden);
        string reason = "control characters are not allowed";
        if (bad < 0 && !ascii && all.ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            bad = LoneSurrogate(all);
            reason = "invalid Unicode character";
        }

        text.HasUnicodeBreaks = !ascii && all.IndexOfAny('\u0085', '\u2028', '\u2029') >= 0;

        if (bad < 0)
        {
            return text;
        }

        ReadOnlySpan<char> before = all[..bad];
        int line = before.Count('\n') + 1;
        int column = bad - (before.LastIndexOf('\n') + 1) + 1;
        text.Dispose();
        throw new YamlException(fileName, line, column, reason);
    }

    private static int LoneSurrogate(ReadOnlySpan<char> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
            {
                continue;
            }

            if (i + 1 >= text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
            {
                return i;
            }

            i++;
        }

        return -1;
    }

    private static (int Line, int Column) PlaceOf(ReadOnlySpan<byte> before) =>
        (before.Count((byte)'\n') + 1, before.Length - (before.LastIndexOf((byte)'\n') + 1) + 1);

    private static char[] ForbiddenCharacters() =>
    [
        .. Enumerable.Range(0, 0x20).Select(code => (char)code).Where(c => c is not ('\t' or '\n' or '\r')),
        .. Enumerable.Range(0x7F, 0xA0 - 0x7F).Select(code => (char)code).Where(c => c != '\u0085'),
        '\uFFFE',
        '\uFFFF',
    ];
}
