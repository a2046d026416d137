using Bowline.Resources.Model;

namespace Bowline.Delivery.Diffing;

/// <summary>An expression of <c>ignoreDifferences</c> that cannot be read, or says more than paths.</summary>
public sealed class PathException(string message) : Exception(message);

/// <summary>
/// The part of jq that names places in an object: fields (<c>.a."b c"</c>, <c>.["a"]</c>), elements (<c>[]</c>, <c>[0]</c>, <c>[-1]</c>), the
/// question mark, pipes, commas, and <c>select</c> with comparisons of a path and a literal joined by <c>and</c>, <c>or</c> and <c>not</c>,
/// and the tests <c>startswith</c>, <c>endswith</c> and <c>contains</c>. Whatever else jq can do is refused by name.
/// </summary>
public sealed partial class JqPath
{
    private readonly Step[][] alternatives;

    private JqPath(Step[][] alternatives) => this.alternatives = alternatives;

    /// <exception cref="PathException">Not a path.</exception>
    public static JqPath Parse(string text) => new(new Parser(text).Parse());

    /// <summary>Takes every place that the path names out of the object.</summary>
    public void Delete(Node root)
    {
        foreach (Step[] steps in alternatives)
        {
            Delete(root, steps);
        }
    }

    private static void Delete(Node node, ReadOnlySpan<Step> steps)
    {
        if (steps.IsEmpty)
        {
            return;
        }

        Step step = steps[0];
        // A selection narrows what the step before it named: it is looked at together with that step.
        int filters = 0;
        while (1 + filters < steps.Length && steps[1 + filters].Filter is not null)
        {
            filters++;
        }

        ReadOnlySpan<Step> tests = steps.Slice(1, filters);
        ReadOnlySpan<Step> rest = steps[(1 + filters)..];
        if (step.Filter is not null)
        {
            if (step.Filter(node))
            {
                Delete(node, steps[1..]);
            }

            return;
        }

        if (rest.IsEmpty)
        {
            Remove(node, step, tests);
            return;
        }

        foreach (Node child in step.Children(node))
        {
            if (Passes(child, tests))
            {
                Delete(child, rest);
            }
        }
    }

    private static void Remove(Node node, Step step, ReadOnlySpan<Step> tests)
    {
        if (node is MapNode map)
        {
            foreach (string key in map.Keys.Where(key => step.Every || key == step.Key).ToArray())
            {
                if (Passes(map[key]!, tests))
                {
                    map.Remove(key);
                }
            }
        }
        else if (node is ListNode list)
        {
            int wanted = step.IndexIn(list);
            for (int at = list.Count - 1; at >= 0; at--)
            {
                if ((step.Every || wanted == at) && Passes(list[at], tests))
                {
                    list.RemoveAt(at);
                }
            }
        }
    }

    private static bool Passes(Node node, ReadOnlySpan<Step> tests)
    {
        foreach (Step test in tests)
        {
            if (!test.Filter!(node))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A field, an index, every element, or a condition.</summary>
    private sealed record Step
    {
        public string? Key { get; init; }

        public int? Index { get; init; }

        public bool Every { get; init; }

        public Func<Node, bool>? Filter { get; init; }

        public int IndexIn(ListNode list) => Index is { } index ? index < 0 ? list.Count + index : index : -1;

        public IEnumerable<Node> Children(Node node) => node switch
        {
            MapNode map when Every => map.Values,
            ListNode list when Every => list,
            MapNode map when Key is not null && map[Key] is { } child => [child],
            ListNode list when IndexIn(list) is var at && at >= 0 && at < list.Count => [list[at]],
            _ => [],
        };
    }
}
