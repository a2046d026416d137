using System.Globalization;
using System.Text;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>
/// A place in an object, in the part of jq that KWOK's stages use: <c>.a.b</c>, <c>.a["b/c"]</c>, <c>.list.[]</c>, <c>.list[0]</c> and
/// <c>| select( .type == "Ready" )</c>. Gives every value that is there.
/// </summary>
internal sealed class StageExpression
{
    private const int LongestText = 512;
    private readonly List<Func<Node, IEnumerable<Node>>> steps = [];

    private StageExpression()
    {
    }

    /// <exception cref="StageException">Not such an expression.</exception>
    public static StageExpression Parse(string text)
    {
        if (text.Length is 0 or > LongestText)
        {
            throw new StageException($"\"{text[..Math.Min(text.Length, 40)]}\": expected an expression of 1 to {LongestText} characters");
        }

        StageExpression expression = new();
        foreach (string part in SplitPipes(text))
        {
            expression.AddPart(part.Trim(), text);
        }

        return expression;
    }

    public IEnumerable<Node> Evaluate(MapNode root)
    {
        IEnumerable<Node> values = [root];
        foreach (Func<Node, IEnumerable<Node>> step in steps)
        {
            values = values.SelectMany(step);
        }

        return values;
    }

    /// <summary>A scalar as text; empty for null.</summary>
    public static string TextOf(Node node) => node switch
    {
        StringNode text => text.Value,
        NullNode => string.Empty,
        BoolNode flag => flag.Value ? "true" : "false",
        IntegerNode number => number.Value.ToString(CultureInfo.InvariantCulture),
        _ => node.ToString() ?? string.Empty,
    };

    private void AddPart(string part, string whole)
    {
        if (part.StartsWith("select", StringComparison.Ordinal))
        {
            steps.Add(ParseSelect(part, whole));
            return;
        }

        int at = 0;
        if (part.Length == 0 || part[0] != '.')
        {
            throw Wrong(whole);
        }

        while (at < part.Length)
        {
            at = AddStep(part, at, whole);
        }
    }

    private int AddStep(string part, int at, string whole)
    {
        if (part[at] == '.' && at + 1 < part.Length && part[at + 1] != '[')
        {
            return AddName(part, at + 1, whole);
        }

        int open = part[at] == '.' ? at + 1 : at;
        if (open >= part.Length)
        {
            return part.Length;
        }

        int close = part[open] == '[' ? part.IndexOf(']', open) : -1;
        if (close < 0)
        {
            throw Wrong(whole);
        }

        string inside = part[(open + 1)..close].Trim();
        if (inside.Length == 0)
        {
            steps.Add(Items);
        }
        else if (inside.Length >= 2 && inside[0] == '"' && inside[^1] == '"')
        {
            string key = inside[1..^1];
            steps.Add(node => Member(node, key));
        }
        else if (int.TryParse(inside, NumberStyles.None, CultureInfo.InvariantCulture, out int index))
        {
            steps.Add(node => node is ListNode list && index < list.Count ? [list[index]] : []);
        }
        else
        {
            throw Wrong(whole);
        }

        return close + 1;
    }

    private int AddName(string part, int at, string whole)
    {
        StringBuilder name = new();
        if (part[at] == '"')
        {
            int end = part.IndexOf('"', at + 1);
            if (end < 0)
            {
                throw Wrong(whole);
            }

            name.Append(part, at + 1, end - at - 1);
            at = end + 1;
        }
        else
        {
            while (at < part.Length && (char.IsAsciiLetterOrDigit(part[at]) || part[at] is '_' or '-'))
            {
                name.Append(part[at++]);
            }
        }

        if (name.Length == 0)
        {
            throw Wrong(whole);
        }

        string key = name.ToString();
        steps.Add(node => Member(node, key));
        return at;
    }

    private static Func<Node, IEnumerable<Node>> ParseSelect(string part, string whole)
    {
        int open = part.IndexOf('(', StringComparison.Ordinal);
        int close = part.LastIndexOf(')');
        string[] sides = open < 0 || close < open ? [] : part[(open + 1)..close].Split("==", 2, StringSplitOptions.TrimEntries);
        if (sides.Length != 2 || sides[1].Length < 2 || sides[1][0] != '"' || sides[1][^1] != '"')
        {
            throw Wrong(whole);
        }

        StageExpression inner = new();
        inner.AddPart(sides[0], whole);
        string wanted = sides[1][1..^1];
        return node => node is MapNode map && inner.Evaluate(map).Any(value => TextOf(value) == wanted) ? [node] : [];
    }

    private static IEnumerable<Node> Items(Node node) => node switch
    {
        ListNode list => list,
        MapNode map => map.Values,
        _ => [],
    };

    private static IEnumerable<Node> Member(Node node, string key) => node[key] is { } value and not NullNode ? [value] : [];

    private static IEnumerable<string> SplitPipes(string text)
    {
        int from = 0;
        bool quoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            quoted ^= text[i] == '"';
            if (text[i] == '|' && !quoted)
            {
                yield return text[from..i];
                from = i + 1;
            }
        }

        yield return text[from..];
    }

    private static StageException Wrong(string text) =>
        new($"\"{text}\": expected an expression such as .status.phase, .metadata.annotations[\"a/b\"] or .status.conditions.[] | select( .type == \"Ready\" ) | .status");
}

/// <summary>Which objects a Stage or Behaviour is for: labels, annotations and expressions, all of which have to match.</summary>
internal sealed class StageSelector
{
    private readonly IReadOnlyList<KeyValuePair<string, string>> labels;
    private readonly IReadOnlyList<KeyValuePair<string, string>> annotations;
    private readonly IReadOnlyList<(StageExpression Key, string Operator, IReadOnlyList<string> Values)> expressions;

    private StageSelector(MapNode selector)
    {
        labels = [.. Pairs(selector["matchLabels"])];
        annotations = [.. Pairs(selector["matchAnnotations"])];
        expressions = [.. selector["matchExpressions"].Maps().Select(Expression)];
    }

    /// <exception cref="StageException">An expression that is none.</exception>
    public static StageSelector Of(MapNode selector) => new(selector);

    public bool Matches(MapNode node) =>
        labels.All(label => node.Labels()?[label.Key]?.AsString() == label.Value)
        && annotations.All(annotation => node.Annotation(annotation.Key) == annotation.Value)
        && expressions.All(expression => Holds(expression, node));

    private static bool Holds((StageExpression Key, string Operator, IReadOnlyList<string> Values) expression, MapNode node)
    {
        List<Node> found = [.. expression.Key.Evaluate(node)];
        return expression.Operator switch
        {
            "Exists" => found.Count > 0,
            "DoesNotExist" => found.Count == 0,
            "In" => found.Exists(value => expression.Values.Contains(StageExpression.TextOf(value))),
            _ => found.Count == 0 || !found.Exists(value => expression.Values.Contains(StageExpression.TextOf(value))),
        };
    }

    private static (StageExpression, string, IReadOnlyList<string>) Expression(MapNode expression)
    {
        string @operator = expression.Text("operator");
        return @operator is "In" or "NotIn" or "Exists" or "DoesNotExist"
            ? (StageExpression.Parse(expression.Text("key")), @operator, [.. (expression["values"] as ListNode ?? []).Select(StageExpression.TextOf)])
            : throw new StageException($"operator \"{@operator}\": expected In, NotIn, Exists or DoesNotExist");
    }

    private static IEnumerable<KeyValuePair<string, string>> Pairs(Node? map) =>
        (map as MapNode)?.Select(pair => new KeyValuePair<string, string>(pair.Key, StageExpression.TextOf(pair.Value))) ?? [];
}
