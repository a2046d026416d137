using System.Globalization;
using System.Text;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Functions;

internal sealed partial class TomlReader
{
    private Node ReadValue(int depth)
    {
        if (depth > MaxDepth)
        {
            throw Error("values are nested too deep");
        }

        if (AtEnd)
        {
            throw Error("unexpected EOF; expected value");
        }

        switch (text[at])
        {
            case '"':
                return StringNode.Of(text.AsSpan(at).StartsWith("\"\"\"", StringComparison.Ordinal) ? ReadMultiline("\"\"\"", escapes: true) : ReadBasic());
            case '\'':
                return StringNode.Of(text.AsSpan(at).StartsWith("'''", StringComparison.Ordinal) ? ReadMultiline("'''", escapes: false) : ReadLiteral());
            case '[':
                return ReadList(depth);
            case '{':
                return ReadInline(depth);
            default:
                return ReadScalar();
        }
    }

    private ListNode ReadList(int depth)
    {
        at++;
        ListNode list = [];
        while (true)
        {
            SkipBlankLines();
            if (AtEnd)
            {
                throw Error("unexpected EOF; expected ']'");
            }

            if (text[at] == ']')
            {
                at++;
                return list;
            }

            list.Add(ReadValue(depth + 1));
            SkipBlankLines();
            if (!AtEnd && text[at] == ',')
            {
                at++;
            }
            else if (AtEnd || text[at] != ']')
            {
                throw Error("expected a comma (',') or array terminator (']')");
            }
        }
    }

    private MapNode ReadInline(int depth)
    {
        at++;
        MapNode map = new();
        while (true)
        {
            SkipBlankLines();
            if (!AtEnd && text[at] == '}')
            {
                // Also behind a comma, since TOML 1.1.
                at++;
                return map;
            }

            ReadPair(map, depth);
            SkipBlankLines();
            if (AtEnd || text[at] is not (',' or '}'))
            {
                throw Error("expected a comma or an inline table terminator '}'");
            }

            if (text[at++] == '}')
            {
                return map;
            }
        }
    }

    private Node ReadScalar()
    {
        int start = at;
        while (!AtEnd && text[at] is not (',' or ']' or '}' or '#' or '\n'))
        {
            at++;
        }

        string word = text[start..at].Trim();
        return word switch
        {
            "true" => BoolNode.True,
            "false" => BoolNode.False,
            "inf" or "+inf" => new FloatNode(double.PositiveInfinity),
            "-inf" => new FloatNode(double.NegativeInfinity),
            "nan" or "+nan" or "-nan" => new FloatNode(double.NaN),
            _ => Number(word.Replace("_", string.Empty, StringComparison.Ordinal)) ?? Date(word) ?? throw Error($"expected value but found \"{word}\" instead"),
        };
    }

    private static Node? Number(string word)
    {
        if (word.Length > 2 && word[0] == '0' && word[1] is 'x' or 'o' or 'b')
        {
            try
            {
                return IntegerNode.Of(Convert.ToInt64(word[2..], word[1] switch { 'x' => 16, 'o' => 8, _ => 2 }));
            }
            catch (Exception error) when (error is FormatException or OverflowException or ArgumentException)
            {
                return null;
            }
        }

        if (long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer))
        {
            return IntegerNode.Of(integer);
        }

        return double.TryParse(word, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out double number)
            ? new FloatNode(number)
            : null;
    }

    private static StringNode? Date(string word) =>
        word.Length >= 8 && char.IsAsciiDigit(word[0]) && (word[2] == ':' || word[4] == '-') && word.All(c => char.IsAsciiDigit(c) || c is '-' or ':' or '.' or 'T' or 't' or 'Z' or 'z' or '+' or ' ')
            ? StringNode.Of(word)
            : null;

    private string ReadLiteral()
    {
        int end = text.IndexOf('\'', at + 1);
        if (end < 0 || text.IndexOf('\n', at, end - at) >= 0)
        {
            throw Error("unexpected end of a literal string");
        }

        string value = text[(at + 1)..end];
        at = end + 1;
        return value;
    }

    private string ReadBasic()
    {
        at++;
        StringBuilder value = new();
        while (true)
        {
            if (AtEnd || text[at] == '\n')
            {
                throw Error("strings cannot contain newlines");
            }

            char c = text[at++];
            if (c == '"')
            {
                return value.ToString();
            }

            if (c == '\\')
            {
                ReadEscape(value);
            }
            else
            {
                value.Append(c);
            }
        }
    }

    private string ReadMultiline(string quotes, bool escapes)
    {
        at += 3;
        if (!AtEnd && text[at] == '\n')
        {
            at++;
        }

        StringBuilder value = new();
        while (!AtEnd)
        {
            if (text.AsSpan(at).StartsWith(quotes, StringComparison.Ordinal))
            {
                at += 3;
                while (!AtEnd && text[at] == quotes[0])
                {
                    value.Append(text[at++]);
                }

                return value.ToString();
            }

            char c = text[at++];
            if (c == '\\' && escapes)
            {
                ReadEscape(value);
            }
            else
            {
                value.Append(c);
            }
        }

        throw Error("unexpected EOF; expected '" + quotes + "'");
    }

    private void ReadEscape(StringBuilder value)
    {
        char c = AtEnd ? '\0' : text[at++];
        switch (c)
        {
            case 'b':
                value.Append('\b');
                break;
            case 't':
                value.Append('\t');
                break;
            case 'n':
                value.Append('\n');
                break;
            case 'f':
                value.Append('\f');
                break;
            case 'r':
                value.Append('\r');
                break;
            case 'e':
                value.Append('\x1b');
                break;
            case '"' or '\\':
                value.Append(c);
                break;
            case 'u' or 'U':
                ReadCodePoint(c == 'u' ? 4 : 8, value);
                break;
            case '\n' or ' ' or '\t':
                while (!AtEnd && char.IsWhiteSpace(text[at]))
                {
                    at++;
                }

                break;
            default:
                throw Error($"invalid escape character '{c}'");
        }
    }

    private void ReadCodePoint(int digits, StringBuilder value)
    {
        if (at + digits > text.Length
            || !uint.TryParse(text.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code)
            || !Rune.IsValid(code))
        {
            throw Error("expected hexadecimal digits of a code point");
        }

        at += digits;
        value.Append(new Rune(code).ToString());
    }
}
