using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Bowline.Resources.Model;

/// <summary>The text form of selectors (apimachinery's labels.Parse); keys and values are not held to their syntax here.</summary>
public sealed partial class LabelSelector
{
    /// <param name="problem">What is wrong, in the words of apimachinery; null when nothing is.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out LabelSelector? selector, [NotNullWhen(false)] out string? problem)
    {
        selector = null;
        problem = null;
        if (string.IsNullOrWhiteSpace(text))
        {
            selector = Everything;
            return true;
        }

        Lexer lexer = new(text);
        List<LabelRequirement> read = [];
        do
        {
            if (ReadRequirement(lexer, ref problem) is not { } requirement)
            {
                problem ??= string.Empty;
                return false;
            }

            read.Add(requirement);
        }
        while (lexer.TryTake(","));

        if (!lexer.AtEnd)
        {
            problem = $"found '{lexer.Peek()}', expected: ',' or 'end of string'";
            return false;
        }

        selector = new LabelSelector(read);
        return true;
    }

    private static LabelRequirement? ReadRequirement(Lexer lexer, ref string? problem)
    {
        bool not = lexer.TryTake("!");
        string key = lexer.Take();
        if (key is "" or "," or "=" or "==" or "!=" or "(" or ")")
        {
            problem = key == "," ? "found ',', expected: identifier after ','" : $"found '{key}', expected: !, identifier, or 'end of string'";
            return null;
        }

        if (not || lexer.AtEnd || lexer.Peek() == ",")
        {
            return new LabelRequirement(key, not ? "DoesNotExist" : "Exists", []);
        }

        string sign = lexer.Take();
        switch (sign)
        {
            case "=" or "==" or "!=":
                string value = lexer.AtEnd || lexer.Peek() == "," ? string.Empty : lexer.Take();
                problem = Lexer.IsIdentifier(value) ? null : $"unable to parse requirement: found '{value}', expected: identifier";
                return problem is null ? new LabelRequirement(key, sign == "!=" ? "NotIn" : "In", [value]) : null;
            case "in" or "notin":
                return ReadValues(lexer, ref problem) is { } values ? new LabelRequirement(key, sign == "in" ? "In" : "NotIn", values) : null;
            case ">" or "<":
                string bound = lexer.Take();
                problem = long.TryParse(bound, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) ? null
                    : $"unable to parse requirement: values[0]: Invalid value: \"{bound}\": for 'Gt', 'Lt' operators, the value must be an integer";
                return problem is null ? new LabelRequirement(key, sign == ">" ? "Gt" : "Lt", [bound]) : null;
            default:
                problem = $"unable to parse requirement: found '{sign}', expected: in, notin, =, ==, !=, gt, lt";
                return null;
        }
    }

    private static List<string>? ReadValues(Lexer lexer, ref string? problem)
    {
        if (!lexer.TryTake("("))
        {
            problem = $"unable to parse requirement: found '{lexer.Peek()}' expected: '('";
            return null;
        }

        List<string> values = [];
        while (!lexer.TryTake(")"))
        {
            if (lexer.AtEnd)
            {
                problem = "unable to parse requirement: found '', expected: ',', or ')'";
                return null;
            }

            if (!lexer.TryTake(","))
            {
                values.Add(lexer.Take());
            }
        }

        return values.Count == 0 ? [string.Empty] : values;
    }

    private sealed class Lexer(string text)
    {
        private int at;

        public bool AtEnd
        {
            get
            {
                SkipBlanks();
                return at >= text.Length;
            }
        }

        public string Peek()
        {
            int before = at;
            string token = Take();
            at = before;
            return token;
        }

        public bool TryTake(string token)
        {
            if (AtEnd || Peek() != token)
            {
                return false;
            }

            Take();
            return true;
        }

        public string Take()
        {
            SkipBlanks();
            if (at >= text.Length)
            {
                return string.Empty;
            }

            int start = at;
            if (text[at] is '(' or ')' or ',')
            {
                return text[at++].ToString();
            }

            if (IsSign(text[at]))
            {
                while (at < text.Length && IsSign(text[at]) && at - start < 2)
                {
                    at++;
                }

                return text[start..at];
            }

            while (at < text.Length && !IsSign(text[at]) && text[at] is not ('(' or ')' or ',') && !char.IsWhiteSpace(text[at]))
            {
                at++;
            }

            return text[start..at];
        }

        public static bool IsIdentifier(string token) => token.Length == 0 || !(IsSign(token[0]) || token[0] is '(' or ')' or ',');

        private static bool IsSign(char c) => c is '=' or '!' or '<' or '>';

        private void SkipBlanks()
        {
            while (at < text.Length && char.IsWhiteSpace(text[at]))
            {
                at++;
            }
        }
    }
}
