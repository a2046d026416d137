using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Printing;

/// <summary>encoding/json's Unmarshal into interface{}: every number is a float64, and errors are worded as Go words them.</summary>
public static class GoJson
{
    private const int MaxDepth = 1000;

    /// <param name="number">Told of every number how it is written.</param>
    public static bool TryRead(string text, [NotNullWhen(true)] out Node? node, [NotNullWhen(false)] out string? error, Action<FloatNode, string>? number = null)
    {
        Reader reader = new(text, number);
        node = reader.ReadAll();
        error = node is null ? reader.Error ?? "unexpected end of JSON input" : null;
        return node is not null;
    }

    private sealed class Reader(string text, Action<FloatNode, string>? number)
    {
        private int position;

        public string? Error { get; private set; }

        public Node? ReadAll()
        {
            Node? node = Value("looking for beginning of value", 0);
            if (node is null)
            {
                return null;
            }

            SkipSpace();
            return position == text.Length ? node : (Node?)Fail("after top-level value");
        }

        private Node? Value(string context, int depth)
        {
            SkipSpace();
            if (position == text.Length)
            {
                return null;
            }

            if (depth > MaxDepth)
            {
                Error = "exceeded max depth";
                return null;
            }

            switch (text[position])
            {
                case '{':
                    return Object(depth);
                case '[':
                    return Array(depth);
                case '"':
                    return String() is { } value ? StringNode.Of(value) : null;
                case 't':
                    return Literal("true", BoolNode.True);
                case 'f':
                    return Literal("false", BoolNode.False);
                case 'n':
                    return Literal("null", Node.Null);
                case '-' or (>= '0' and <= '9'):
                    return Number();
                default:
                    return Fail(context);
            }
        }

        private MapNode? Object(int depth)
        {
            MapNode map = new();
            position++;
            SkipSpace();
            if (Accept('}'))
            {
                return map;
            }

            while (true)
            {
                SkipSpace();
                if (position < text.Length && text[position] != '"')
                {
                    Fail("looking for beginning of object key string");
                    return null;
                }

                if (position == text.Length || String() is not { } key || !Expect(':', "after object key"))
                {
                    return null;
                }

                Node? value = Value("looking for beginning of value", depth + 1);
                if (value is null)
                {
                    return null;
                }

                map[key] = value;
                SkipSpace();
                if (Accept('}'))
                {
                    return map;
                }

                if (!Expect(',', "after object key:value pair"))
                {
                    return null;
                }
            }
        }

        private ListNode? Array(int depth)
        {
            ListNode list = [];
            position++;
            SkipSpace();
            if (Accept(']'))
            {
                return list;
            }

            while (true)
            {
                Node? value = Value("looking for beginning of value", depth + 1);
                if (value is null)
                {
                    return null;
                }

                list.Add(value);
                SkipSpace();
                if (Accept(']'))
                {
                    return list;
                }

                if (!Expect(',', "after array element"))
                {
                    return null;
                }
            }
        }

        private Node? Literal(string word, Node value)
        {
            for (int i = 1; i < word.Length; i++)
            {
                if (++position == text.Length)
                {
                    return null;
                }

                if (text[position] != word[i])
                {
                    return Fail($"in literal {word} (expecting '{word[i]}')");
                }
            }

            position++;
            return value;
        }

        private Node? Number()
        {
            int start = position;
            if (Accept('-') && position < text.Length && !char.IsAsciiDigit(text[position]))
            {
                return Fail("in numeric literal");
            }

            if (!Accept('0'))
            {
                SkipDigits();
            }

            if (Accept('.') && !Digits("after decimal point in numeric literal"))
            {
                return null;
            }

            if (Accept('e') || Accept('E'))
            {
                _ = Accept('+') || Accept('-');
                if (!Digits("in exponent of numeric literal"))
                {
                    return null;
                }
            }

            string digits = text[start..position];
            if (digits == "-")
            {
                // Go tells whether a number may end by giving its scanner a space.
                Error = "invalid character ' ' in numeric literal";
                return null;
            }

            double value = double.Parse(digits, CultureInfo.InvariantCulture);
            if (double.IsFinite(value))
            {
                FloatNode read = new(value);
                number?.Invoke(read, digits);
                return read;
            }

            Error = $"json: cannot unmarshal number {digits} into Go value of type float64";
            return null;
        }

        private string? String()
        {
            StringBuilder value = new();
            position++;
            while (position < text.Length)
            {
                char c = text[position];
                switch (c)
                {
                    case '"':
                        position++;
                        return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(value.ToString()));
                    case '\\':
                        position++;
                        if (!Escape(value))
                        {
                            return null;
                        }

                        break;
                    case < ' ':
                        Fail("in string literal");
                        return null;
                    default:
                        value.Append(c);
                        position++;
                        break;
                }
            }

            return null;
        }

        private bool Escape(StringBuilder value)
        {
            if (position == text.Length)
            {
                return false;
            }

            char c = text[position];
            int simple = "\"\\/bfnrt".IndexOf(c, StringComparison.Ordinal);
            if (simple >= 0)
            {
                value.Append("\"\\/\b\f\n\r\t"[simple]);
                position++;
                return true;
            }

            if (c != 'u')
            {
                Fail("in string escape code");
                return false;
            }

            for (int i = 0; i < 4; i++)
            {
                if (++position == text.Length)
                {
                    return false;
                }

                if (!char.IsAsciiHexDigit(text[position]))
                {
                    Fail("in \\u hexadecimal character escape");
                    return false;
                }
            }

            position++;
            value.Append((char)int.Parse(text.AsSpan(position - 4, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            return true;
        }

        private bool Digits(string context)
        {
            if (position < text.Length && !char.IsAsciiDigit(text[position]))
            {
                Fail(context);
                return false;
            }

            int start = position;
            SkipDigits();
            return position > start;
        }

        private void SkipDigits()
        {
            while (position < text.Length && char.IsAsciiDigit(text[position]))
            {
                position++;
            }
        }

        private bool Expect(char c, string context)
        {
            SkipSpace();
            if (Accept(c))
            {
                return true;
            }

            if (position < text.Length)
            {
                Fail(context);
            }

            return false;
        }

        private bool Accept(char c)
        {
            if (position < text.Length && text[position] == c)
            {
                position++;
                return true;
            }

            return false;
        }

        private void SkipSpace()
        {
            while (position < text.Length && text[position] is ' ' or '\t' or '\r' or '\n' && position < text.Length)
            {
                position++;
            }
        }

        /// <summary>Reports the character at the position; Go scans bytes, so one beyond ASCII shows as its first byte.</summary>
        private Node? Fail(string context)
        {
            byte first = GoText.ToBytes(GoText.FirstRunes(text[position..Math.Min(text.Length, position + 2)], 1))[0];
            string shown = (char)first switch
            {
                '\'' => "'\\''",
                '"' => "'\"'",
                var c => GoText.Quote(c.ToString(), '\'', false),
            };
            Error = $"invalid character {shown} {context}";
            return null;
        }
    }
}
