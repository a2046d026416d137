using System.Globalization;
using System.Text;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Diffing;

public sealed partial class JqPath
{
    private sealed class Parser(string text)
    {
        private const int Deepest = 64;
        private int at;
        private int depth;

        public Step[][] Parse()
        {
            List<Step[]> alternatives = [Pipeline()];
            while (Take(','))
            {
                alternatives.Add(Pipeline());
            }

            return at == text.Length ? [.. alternatives] : throw Unexpected();
        }

        private Step[] Pipeline()
        {
            List<Step> steps = [];
            do
            {
                Skip();
                if (TakeWord("select"))
                {
                    Expect('(');
                    Func<Node, bool> condition = Or();
                    Expect(')');
                    steps.Add(new Step { Filter = condition });
                }
                else
                {
                    steps.AddRange(Path());
                }
            }
            while (Take('|'));
            return [.. steps];
        }

        private List<Step> Path()
        {
            Skip();
            if (at == text.Length || text[at] != '.')
            {
                throw Unexpected();
            }

            List<Step> steps = [];
            while (at < text.Length && (text[at] is '.' or '[' or '?'))
            {
                if (text[at] == '?')
                {
                    at++;
                    continue;
                }

                if (text[at] == '.')
                {
                    at++;
                    if (at < text.Length && text[at] == '"')
                    {
                        steps.Add(new Step { Key = Quoted() });
                        continue;
                    }

                    if (at < text.Length && text[at] == '.')
                    {
                        throw new PathException($"{text}: recursive descent (..) is not supported");
                    }

                    if (Name() is { Length: > 0 } name)
                    {
                        steps.Add(new Step { Key = name });
                        continue;
                    }

                    if (at == text.Length || text[at] != '[')
                    {
                        break;
                    }
                }

                steps.Add(Bracket());
            }

            return steps;
        }

        private Step Bracket()
        {
            Expect('[');
            Skip();
            Step step;
            if (at < text.Length && text[at] == '"')
            {
                step = new Step { Key = Quoted() };
            }
            else if (at < text.Length && text[at] == ']')
            {
                step = new Step { Every = true };
            }
            else
            {
                int start = at;
                while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '-'))
                {
                    at++;
                }

                step = int.TryParse(text.AsSpan(start, at - start), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int index) ? new Step { Index = index } : throw Unexpected();
            }

            Expect(']');
            return step;
        }

        private Func<Node, bool> Or()
        {
            if (++depth > Deepest)
            {
                throw new PathException("the condition is nested too deeply");
            }

            Func<Node, bool> left = And();
            while (TakeWord("or"))
            {
                Func<Node, bool> first = left;
                Func<Node, bool> second = And();
                left = node => first(node) || second(node);
            }

            depth--;
            return left;
        }

        private Func<Node, bool> And()
        {
            Func<Node, bool> left = Condition();
            while (TakeWord("and"))
            {
                Func<Node, bool> first = left;
                Func<Node, bool> second = Condition();
                left = node => first(node) && second(node);
            }

            return left;
        }

        private Func<Node, bool> Condition()
        {
            Func<Node, bool> condition = Take('(') ? Parenthesised() : Comparison();
            while (Take('|'))
            {
                Func<Node, bool> inner = condition;
                condition = TakeWord("not") ? node => !inner(node) : throw Unexpected();
            }

            return condition;
        }

        private Func<Node, bool> Parenthesised()
        {
            Func<Node, bool> inside = Or();
            Expect(')');
            return inside;
        }

        private Func<Node, bool> Comparison()
        {
            Step[] path = [.. Path()];
            Node? Value(Node node) => Resolve(node, path);
            if (Take('|'))
            {
                return Test(Value);
            }

            bool equal = TakeText("==");
            if (!equal && !TakeText("!="))
            {
                return node => Value(node) is not (null or NullNode or BoolNode { Value: false });
            }

            Node literal = Literal();
            return node => (Value(node) ?? Node.Null).DeepEquals(literal) == equal;
        }

        private Func<Node, bool> Test(Func<Node, Node?> value)
        {
            foreach ((string name, Func<string, string, bool> holds) in (ReadOnlySpan<(string, Func<string, string, bool>)>)[
                ("startswith", static (whole, part) => whole.StartsWith(part, StringComparison.Ordinal)),
                ("endswith", static (whole, part) => whole.EndsWith(part, StringComparison.Ordinal)),
                ("contains", static (whole, part) => whole.Contains(part, StringComparison.Ordinal))])
            {
                if (TakeWord(name))
                {
                    Expect('(');
                    Skip();
                    string part = Quoted();
                    Expect(')');
                    return node => value(node)?.AsString() is { } whole && holds(whole, part);
                }
            }

            return TakeWord("not") ? node => value(node) is null or NullNode or BoolNode { Value: false } : throw Unexpected();
        }

        private static Node? Resolve(Node node, Step[] path)
        {
            Node? found = node;
            foreach (Step step in path)
            {
                found = found is null ? null : step.Children(found).FirstOrDefault();
            }

            return found;
        }

        private Node Literal()
        {
            Skip();
            if (at < text.Length && text[at] == '"')
            {
                return Quoted();
            }

            int start = at;
            while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '.' or '-' or '+'))
            {
                at++;
            }

            return text[start..at] switch
            {
                "true" => true,
                "false" => false,
                "null" => Node.Null,
                var number when long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole) => whole,
                var number when double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) => value,
                _ => throw Unexpected(),
            };
        }

        private string Quoted()
        {
            Expect('"');
            StringBuilder value = new();
            while (at < text.Length && text[at] != '"')
            {
                if (text[at] == '\\' && ++at == text.Length)
                {
                    break;
                }

                value.Append(text[at++]);
            }

            Expect('"');
            return value.ToString();
        }

        private string Name()
        {
            int start = at;
            while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '_'))
            {
                at++;
            }

            return text[start..at];
        }

        private bool TakeWord(string word)
        {
            Skip();
            bool found = string.CompareOrdinal(text, at, word, 0, word.Length) == 0 && (at + word.Length == text.Length || !char.IsAsciiLetterOrDigit(text[at + word.Length]));
            at += found ? word.Length : 0;
            return found;
        }

        private bool TakeText(string expected)
        {
            Skip();
            bool found = string.CompareOrdinal(text, at, expected, 0, expected.Length) == 0;
            at += found ? expected.Length : 0;
            return found;
        }

        private bool Take(char expected) => TakeText(expected.ToString());

        private void Expect(char expected)
        {
            if (!Take(expected))
            {
                throw Unexpected();
            }
        }

        private void Skip()
        {
            while (at < text.Length && char.IsWhiteSpace(text[at]))
            {
                at++;
            }
        }

        private PathException Unexpected() => new(at < text.Length
            ? $"\"{text}\": what begins at \"{text[at..Math.Min(text.Length, at + 20)]}\" is not among the jq paths that are understood"
            : $"\"{text}\": it ends too soon");
    }
}
