using System.Collections.Frozen;
using Bowline.Languages.Expressions.Evaluating;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Expressions.Functions;

/// <param name="Of">What the predicate says of the item at an index, given what is accumulated so far (null outside of reduce).</param>
/// <param name="Further">The argument behind the predicate.</param>
internal readonly record struct LoopCall(IReadOnlyList<Node> Items, Func<int, Node?, Node> Of, Node? Further, ExpressionRun Run)
{
    public bool Holds(int index) => Of(index, null) is BoolNode flag
        ? flag.Value
        : throw new Failure("interface conversion: interface {} is not bool (a predicate must return a boolean)");
}

internal sealed record Loop(Func<LoopCall, Node> Body)
{
    public bool IsPredicateOptional { get; init; }

    /// <summary>Whether an argument may follow the predicate.</summary>
    public bool HasFurther { get; init; }
}

/// <summary>The functions that take a predicate: a closure over <c>#</c>.</summary>
internal static class Loops
{
    private static readonly FrozenDictionary<string, Loop> All = new Dictionary<string, Loop>
    {
        ["all"] = new(static call => Enumerable.Range(0, call.Items.Count).All(call.Holds)),
        ["none"] = new(static call => !Enumerable.Range(0, call.Items.Count).Any(call.Holds)),
        ["any"] = new(static call => Enumerable.Range(0, call.Items.Count).Any(call.Holds)),
        ["one"] = new(static call => Enumerable.Range(0, call.Items.Count).Count(call.Holds) == 1),
        ["count"] = new(static call => GoInteger.Int(Enumerable.Range(0, call.Items.Count).Count(call.Holds))) { IsPredicateOptional = true },
        ["filter"] = new(static call => Built(call, Enumerable.Range(0, call.Items.Count).Where(call.Holds).Select(index => call.Items[index]))),
        ["map"] = new(static call => Built(call, Enumerable.Range(0, call.Items.Count).Select(index => call.Of(index, null)))),
        ["find"] = new(static call => Find(call, Enumerable.Range(0, call.Items.Count), index => call.Items[index], Node.Null)),
        ["findLast"] = new(static call => Find(call, Enumerable.Range(0, call.Items.Count).Reverse(), index => call.Items[index], Node.Null)),
        ["findIndex"] = new(static call => Find(call, Enumerable.Range(0, call.Items.Count), index => GoInteger.Int(index), GoInteger.Int(-1))),
        ["findLastIndex"] = new(static call => Find(call, Enumerable.Range(0, call.Items.Count).Reverse(), index => GoInteger.Int(index), GoInteger.Int(-1))),
        ["sum"] = new(Sum) { IsPredicateOptional = true },
        ["groupBy"] = new(Group),
        ["sortBy"] = new(static call => Lists.Sort(call.Items, index => call.Of(index, null), call.Further, call.Run)) { HasFurther = true },
        ["reduce"] = new(Reduce) { HasFurther = true },
    }.ToFrozenDictionary();

    public static Loop? Find(string name) => All.GetValueOrDefault(name);

    private static ListNode Built(LoopCall call, IEnumerable<Node> items)
    {
        ListNode list = new(items);
        call.Run.Build(list.Count);
        return list;
    }

    private static Node Find(LoopCall call, IEnumerable<int> indexes, Func<int, Node> found, Node otherwise)
    {
        foreach (int index in indexes)
        {
            if (call.Holds(index))
            {
                return found(index);
            }
        }

        return otherwise;
    }

    private static Node Sum(LoopCall call)
    {
        Node sum = GoInteger.Int(0);
        for (int i = 0; i < call.Items.Count; i++)
        {
            sum = Arithmetic.Add(sum, call.Of(i, null), call.Run);
        }

        return sum;
    }

    private static MapNode Group(LoopCall call)
    {
        MapNode groups = new();
        for (int i = 0; i < call.Items.Count; i++)
        {
            string key = Conversions.ToText(call.Of(i, null));
            if (groups[key] is not ListNode group)
            {
                groups[key] = group = new ListNode();
            }

            group.Add(call.Items[i]);
            call.Run.Build(1);
        }

        return groups;
    }

    private static Node Reduce(LoopCall call)
    {
        if (call.Further is null && call.Items.Count == 0)
        {
            throw new Failure("reduce of empty array with no initial value");
        }

        Node accumulated = call.Further ?? call.Items[0];
        for (int i = call.Further is null ? 1 : 0; i < call.Items.Count; i++)
        {
            accumulated = call.Of(i, accumulated);
        }

        return accumulated;
    }
}
