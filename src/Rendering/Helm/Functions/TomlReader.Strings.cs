using System.Globalization;
using System.Text;
using Bowline.Languages.GoTemplates.Parsing;

namespace Bowline.Rendering.Helm.Functions;

internal sealed partial class TomlReader
{
    /// <summary>Where the content of the string starts that is being read.</summary>
    private int contentStart;

    private string ReadLiteral()
    {
        int start = ++at;
        while (!AtEnd && Current is not ('\'' or '\n'))
        {
            at++;
        }

        return AtEnd || Current == '\n'
            ? throw Error(AtEnd ? "unexpected EOF; expected \"'\"" : "strings cannot contain newlines")
            : text[start..at++];
    }

    private string ReadBasic()
    {
        contentStart = ++at;
        StringBuilder value = new();
        while (Current != '"')
        {
            if (AtEnd || Current == '\n')
            {
                throw Error(AtEnd ? "unexpected EOF; expected '\"'" : "strings cannot contain newlines");
            }

            char c = text[at++];
            if (c == '\\')
            {
                ReadEscape(value);
            }
            else
            {
                value.Append(c);
            }
        }

        at++;
        return value.ToString();
    }

    private string ReadMultiline(string quotes, bool escapes)
    {
        at += 3;
        if (!AtEnd && text[at] == '\n')
        {
            at++;
        }

        contentStart = at;
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
            case 'x':
                ReadCodePoint("two", 2, value);
                break;
            case 'u':
                ReadCodePoint("four", 4, value);
                break;
            case 'U':
                ReadCodePoint("eight", 8, value);
                break;
            case '\n' or ' ' or '\t':
                while (!AtEnd && char.IsWhiteSpace(text[at]))
                {
                    at++;
                }

                break;
            default:
                throw Error($"invalid escape in string '\\{c}'");
        }
    }

    private void ReadCodePoint(string count, int digits, StringBuilder value)
    {
        int start = at - 1;
        for (int i = 0; i < digits; i++)
        {
            if (!char.IsAsciiHexDigit(Current))
            {
                at += AtEnd ? 0 : 1;
                throw Error($"expected {count} hexadecimal digits after '\\{text[start]}', but got {GoText.Quote(text[contentStart..at])} instead");
            }

            at++;
        }

        string hex = text[(start + 1)..at];
        uint code = uint.Parse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        value.Append(Rune.IsValid(code) ? new Rune(code).ToString() : throw Error($"Escaped character '\\u{hex}' is not valid UTF-8."));
    }
}
