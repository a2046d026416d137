using Bowline.Languages.Expressions.Evaluating;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Expressions.Functions;

/// <summary>Lists and maps. Where Go walks a map in any order, keys are sorted.</summary>
internal static class Lists
{
    public static IReadOnlyDictionary<string, Builtin> All { get; } = new Dictionary<string, Builtin>
    {
        ["len"] = new(1, 1, static call => GoInteger.Int(Values.Length(call[0]))),
        ["get"] = new(2, 2, Get),
        ["first"] = new(1, 1, static call => Values.Items(call[0]) is { Count: > 0 } items ? items[0] : Node.Null),
        ["last"] = new(1, 1, static call => Values.Items(call[0]) is { Count: > 0 } items ? items[^1] : Node.Null),
        ["take"] = new(2, 2, static call => call.Integer(1) is >= 0 and var count
            ? call.Built(Values.Items(call[0]).Take((int)Math.Min(count, int.MaxValue)))
            : throw new Failure("cannot take a negative number of items")),
        ["reverse"] = new(1, 1, static call => call.Built(Values.Items(call[0]).Reverse())),
        ["concat"] = new(1, int.MaxValue, static call => call.Built(call.Arguments.SelectMany(Values.Items))),
        ["flatten"] = new(1, 1, static call => call.Built(Flatten(call[0], call.Run))),
        ["uniq"] = new(1, 1, Unique),
        ["sort"] = new(1, 2, static call => Sort(Values.Items(call[0]), index => Values.Items(call[0])[index], call.Count > 1 ? call[1] : null, call.Run)),
        ["keys"] = new(1, 1, static call => call.Built(Members(call[0]).Select(member => (Node)StringNode.Of(member.Key)))),
        ["values"] = new(1, 1, static call => call.Built(Members(call[0]).Select(member => member.Value))),
        ["toPairs"] = new(1, 1, static call => call.Built(Members(call[0]).Select(member => (Node)new ListNode([StringNode.Of(member.Key), member.Value])))),
        ["fromPairs"] = new(1, 1, FromPairs),
    };

    /// <param name="by">The value that decides about the item at an index.</param>
    /// <param name="order"><c>asc</c> (when null) or <c>desc</c>.</param>
    public static ListNode Sort(IReadOnlyList<Node> items, Func<int, Node> by, Node? order, ExpressionRun run)
    {
        bool descending = order is not null && Values.Text(order) switch
        {
            "asc" => false,
            "desc" => true,
            var other => throw new Failure($"invalid order {other}, expected asc or desc"),
        };
        run.Build(items.Count);
        (Node Key, int Index)[] keyed = [.. Enumerable.Range(0, items.Count).Select(index => (by(index), index))];
        IComparer<Node> comparer = Comparer<Node>.Create((left, right) => Arithmetic.Compare("<", left, right));
        try
        {
            IEnumerable<(Node Key, int Index)> sorted = descending ? keyed.OrderByDescending(pair => pair.Key, comparer) : keyed.OrderBy(pair => pair.Key, comparer);
            return new ListNode([.. sorted.Select(pair => items[pair.Index])]);
        }
        catch (InvalidOperationException e) when (e.InnerException is Failure failure)
        {
            throw failure;
        }
    }

    private static Node Get(BuiltinCall call)
    {
        if (GoTree.Map(call[0]) is { } map)
        {
            return call[1] is StringNode name ? map[name.Value] ?? Node.Null : Node.Null;
        }

        if (GoTree.Items(call[0]) is not { } items || Values.Number(call[1]) is null)
        {
            return Node.Null;
        }

        long index = call.Integer(1);
        index = index < 0 ? items.Count + index : index;
        return index >= 0 && index < items.Count ? items[(int)index] : Node.Null;
    }

    private static IEnumerable<KeyValuePair<string, Node>> Members(Node value) =>
        GoTree.Map(value)?.Sorted() ?? throw new Failure($"cannot get keys from {Values.TypeOf(value)}");

    private static IEnumerable<Node> Flatten(Node value, ExpressionRun run)
    {
        foreach (Node item in Values.Items(value))
        {
            run.Step();
            if (GoTree.Items(item) is null)
            {
                yield return item;
                continue;
            }

            System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
            foreach (Node inner in Flatten(item, run))
            {
                yield return inner;
            }
        }
    }

    private static ListNode Unique(BuiltinCall call)
    {
        ListNode unique = new();
        foreach (Node item in Values.Items(call[0]))
        {
            bool seen = false;
            foreach (Node other in unique)
            {
                call.Run.Step();
                seen = seen || Values.Equal(other, item);
            }

            if (!seen)
            {
                unique.Add(item);
            }
        }

        call.Run.Build(unique.Count);
        return unique;
    }

    private static MapNode FromPairs(BuiltinCall call)
    {
        MapNode map = new();
        foreach (Node pair in Values.Items(call[0]))
        {
            map[GoTree.Items(pair) is { Count: 2 } both ? Conversions.ToText(both[0]) : throw new Failure($"invalid pair {Conversions.ToText(pair)}")] = GoTree.Items(pair)![1];
        }

        call.Run.Build(map.Count);
        return map;
    }
}
