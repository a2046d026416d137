using System.Globalization;
using System.Text;

namespace Bowline.Languages.GoTemplates.Parsing;

/// <summary>
/// Go's strings are bytes, .NET's are UTF-16. Bytes that are not UTF-8 are carried through as lone surrogates U+DC80..U+DCFF,
/// so that cutting, hashing and encoding see exactly the bytes Go would see.
/// </summary>
public static class GoText
{
    private const int EscapedBase = 0xDC00;

    private static readonly UTF8Encoding Utf8 = new(false, false);

    public static int Utf8Length(ReadOnlySpan<char> text)
    {
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c < 0x80 || IsEscapedByte(text, i))
            {
                length++;
            }
            else if (c < 0x800)
            {
                length += 2;
            }
            else if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                length += 4;
                i++;
            }
            else
            {
                length += 3;
            }
        }

        return length;
    }

    public static byte[] ToBytes(string text)
    {
        if (!HasEscapedBytes(text))
        {
            return Utf8.GetBytes(text);
        }

        using MemoryStream bytes = new(text.Length + 16);
        Span<byte> buffer = stackalloc byte[4];
        for (int i = 0; i < text.Length;)
        {
            if (IsEscapedByte(text, i))
            {
                bytes.WriteByte((byte)(text[i] - EscapedBase));
                i++;
                continue;
            }

            Rune.DecodeFromUtf16(text.AsSpan(i), out Rune rune, out int used);
            bytes.Write(buffer[..rune.EncodeToUtf8(buffer)]);
            i += used;
        }

        return bytes.ToArray();
    }

    public static string FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (System.Text.Unicode.Utf8.IsValid(bytes))
        {
            return Utf8.GetString(bytes);
        }

        StringBuilder text = new(bytes.Length);
        Span<char> buffer = stackalloc char[2];
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int used) == System.Buffers.OperationStatus.Done)
            {
                text.Append(buffer[..rune.EncodeToUtf16(buffer)]);
                bytes = bytes[used..];
            }
            else
            {
                text.Append((char)(EscapedBase + bytes[0]));
                bytes = bytes[1..];
            }
        }

        return text.ToString();
    }

    /// <summary>The text with every stray byte as U+FFFD, which is what leaves a template as UTF-8.</summary>
    public static string ToValid(string text) => HasEscapedBytes(text) ? Utf8.GetString(Utf8.GetBytes(text)) : text;

    /// <summary>The rune at <paramref name="index"/>; U+FFFD with <paramref name="stray"/> set for a byte that is not UTF-8.</summary>
    public static Rune RuneAt(ReadOnlySpan<char> text, int index, out int used, out int stray)
    {
        stray = IsEscapedByte(text, index) ? text[index] - EscapedBase : -1;
        Rune.DecodeFromUtf16(text[index..], out Rune rune, out used);
        return rune;
    }

    public static int RuneCount(ReadOnlySpan<char> text)
    {
        int count = 0;
        for (int i = 0; i < text.Length; i++)
        {
            count++;
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
        }

        return count;
    }

    public static string FirstRunes(string text, int count)
    {
        int end = 0;
        while (end < text.Length && count-- > 0)
        {
            RuneAt(text, end, out int used, out _);
            end += used;
        }

        return text[..end];
    }

    /// <summary>strconv.Quote, or QuoteToASCII.</summary>
    public static string Quote(string text, bool ascii = false) => Quote(text, '"', ascii);

    public static string Quote(string text, char quote, bool ascii)
    {
        StringBuilder quoted = new(text.Length + 2);
        quoted.Append(quote);
        for (int i = 0; i < text.Length;)
        {
            Rune rune = RuneAt(text, i, out int used, out int stray);
            i += used;
            if (stray >= 0)
            {
                quoted.Append(CultureInfo.InvariantCulture, $"\\x{stray:x2}");
            }
            else
            {
                AppendEscaped(quoted, rune, quote, ascii);
            }
        }

        return quoted.Append(quote).ToString();
    }

    public static void AppendEscaped(StringBuilder quoted, Rune rune, char quote, bool ascii)
    {
        int value = rune.Value;
        if (value == quote || value == '\\')
        {
            quoted.Append('\\').Append((char)value);
        }
        else if (value < 0x80 ? value is >= 0x20 and < 0x7F : !ascii && IsPrint(rune))
        {
            quoted.Append(rune.ToString());
        }
        else
        {
            quoted.Append(value switch
            {
                '\a' => "\\a",
                '\b' => "\\b",
                '\f' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\v' => "\\v",
                < ' ' or 0x7F => string.Create(CultureInfo.InvariantCulture, $"\\x{value:x2}"),
                < 0x10000 => string.Create(CultureInfo.InvariantCulture, $"\\u{value:x4}"),
                _ => string.Create(CultureInfo.InvariantCulture, $"\\U{value:x8}"),
            });
        }
    }

    /// <summary>Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols and the plain space.</summary>
    public static bool IsPrint(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator);

    /// <summary>The form <c>%#U</c>: <c>U+0041 'A'</c>.</summary>
    public static string Unicode(Rune rune) =>
        string.Create(CultureInfo.InvariantCulture, $"U+{rune.Value:X4}") + (IsPrint(rune) ? $" '{rune}'" : string.Empty);

    private static bool IsEscapedByte(ReadOnlySpan<char> text, int index) =>
        text[index] is >= '\uDC80' and <= '\uDCFF' && (index == 0 || !char.IsHighSurrogate(text[index - 1]));

    private static bool HasEscapedBytes(string text)
    {
        int from = 0;
        int at;
        while ((at = text.AsSpan(from).IndexOfAnyInRange('\uDC80', '\uDCFF')) >= 0)
        {
            if (IsEscapedByte(text, from + at))
            {
                return true;
            }

            from += at + 1;
        }

        return false;
    }
}
