using System.Globalization;
using Bowline.Rendering.Requests;

namespace Bowline.Rendering.Kustomize.Objects;

/// <summary>Kubernetes' selector language: <c>a=b,c!=d,e in (f,g),h notin (i),j,!k,l&gt;1</c>.</summary>
internal sealed class LabelSelector
{
    private readonly List<Requirement> requirements = [];

    private enum Operator
    {
        In,
        NotIn,
        Exists,
        Missing,
        Greater,
        Less,
    }

    private sealed record Requirement(string Key, Operator Operator, string[] Values);

    public bool IsEmpty => requirements.Count == 0;

    /// <exception cref="RenderException">Not a selector.</exception>
    public static LabelSelector Parse(string text)
    {
        LabelSelector selector = new();
        foreach (string part in SplitOutsideParentheses(text))
        {
            selector.requirements.Add(ParseRequirement(part.Trim(), text));
        }

        return selector;
    }

    public bool Matches(IReadOnlyDictionary<string, string> labels) => requirements.TrueForAll(requirement => Matches(requirement, labels));

    private static bool Matches(Requirement requirement, IReadOnlyDictionary<string, string> labels)
    {
        bool has = labels.TryGetValue(requirement.Key, out string? value);
        return requirement.Operator switch
        {
            Operator.In => has && requirement.Values.Contains(value),
            Operator.NotIn => !has || !requirement.Values.Contains(value),
            Operator.Exists => has,
            Operator.Missing => !has,
            Operator.Greater => has && Compare(value!, requirement.Values[0]) > 0,
            _ => has && Compare(value!, requirement.Values[0]) < 0,
        };
    }

    private static int Compare(string left, string right) =>
        long.TryParse(left, CultureInfo.InvariantCulture, out long a) && long.TryParse(right, CultureInfo.InvariantCulture, out long b) ? a.CompareTo(b) : 0;

    private static Requirement ParseRequirement(string part, string whole)
    {
        if (part.StartsWith('!'))
        {
            return new Requirement(Key(part[1..], whole), Operator.Missing, []);
        }

        if (part.EndsWith(')') && part.IndexOf('(', StringComparison.Ordinal) is > 0 and int open)
        {
            string[] head = part[..open].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string[] values = [.. part[(open + 1)..^1].Split(',').Select(value => value.Trim())];
            if (head is [string key, "in" or "notin"])
            {
                return new Requirement(Key(key, whole), head[1] == "in" ? Operator.In : Operator.NotIn, values);
            }
        }

        foreach ((string sign, Operator of) in new[] { ("!=", Operator.NotIn), ("==", Operator.In), ("=", Operator.In), (">", Operator.Greater), ("<", Operator.Less) })
        {
            int at = part.IndexOf(sign, StringComparison.Ordinal);
            if (at > 0)
            {
                return new Requirement(Key(part[..at], whole), of, [Value(part[(at + sign.Length)..], whole)]);
            }
        }

        return new Requirement(Key(part, whole), Operator.Exists, []);
    }

    private static string Key(string text, string whole)
    {
        string key = text.Trim();
        bool valid = key.Length is > 0 and <= 317 && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/');
        return valid ? key : throw new RenderException($"unable to parse selector '{whole}': '{key}' is not a label key");
    }

    private static string Value(string text, string whole)
    {
        string value = text.Trim();
        bool valid = value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
        return valid ? value : throw new RenderException($"unable to parse selector '{whole}': '{value}' is not a label value");
    }

    private static List<string> SplitOutsideParentheses(string text)
    {
        List<string> parts = [];
        int depth = 0;
        int start = 0;
        for (int i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || (text[i] == ',' && depth == 0))
            {
                if (i > start || text.Length > 0)
                {
                    parts.Add(text[start..i]);
                }

                start = i + 1;
            }
            else
            {
                depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
            }
        }

        return text.Trim().Length == 0 ? [] : parts;
    }
}
