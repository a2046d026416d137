using System.Globalization;
using System.Text;

namespace Bowline.Languages.Cel.Parsing;

/// <summary>Escapes of string and bytes literals. A bytes literal comes out as one character (0 to 255) per byte.</summary>
internal static class CelEscapes
{
    public static string BytesAsText(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    public static string? Decode(string text, bool bytes, out string error)
    {
        error = string.Empty;
        StringBuilder result = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                int end = text.IndexOf('\\', i);
                string plain = end < 0 ? text[i..] : text[i..end];
                // \r\n in a multi-line string reads as \n.
                plain = plain.Replace("\r\n", "\n", StringComparison.Ordinal);
                result.Append(bytes ? BytesAsText(plain) : plain);
                i = (end < 0 ? text.Length : end) - 1;
            }
            else if (!TryEscape(text, ref i, bytes, result))
            {
                error = "Syntax error: token recognition error at: '\\'";
                return null;
            }
        }

        return result.ToString();
    }

    private static bool TryEscape(string text, ref int i, bool bytes, StringBuilder result)
    {
        if (++i >= text.Length)
        {
            return false;
        }

        char c = text[i];
        if ("abfnrtv\\'\"`?".IndexOf(c, StringComparison.Ordinal) is var simple and >= 0)
        {
            result.Append("\a\b\f\n\r\t\v\\'\"`?"[simple]);
            return true;
        }

        (int digits, int numberBase, bool isByte) = c switch
        {
            'x' or 'X' => (2, 16, true),
            'u' => (4, 16, false),
            'U' => (8, 16, false),
            >= '0' and <= '3' => (3, 8, true),
            _ => (0, 0, false),
        };
        int from = numberBase == 8 ? i : i + 1;
        if (digits == 0 || from + digits > text.Length || (bytes && !isByte) || !TryNumber(text.AsSpan(from, digits), numberBase, out uint value))
        {
            return false;
        }

        i = from + digits - 1;
        if (!Rune.IsValid(value))
        {
            return false;
        }

        result.Append(new Rune(value).ToString());
        return true;
    }

    private static bool TryNumber(ReadOnlySpan<char> digits, int numberBase, out uint value)
    {
        if (numberBase == 16)
        {
            return uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
        }

        value = 0;
        foreach (char digit in digits)
        {
            if (digit is < '0' or > '7')
            {
                return false;
            }

            value = (value * 8) + (uint)(digit - '0');
        }

        return true;
    }
}
