using Bowline.Languages.Cel.Evaluating;
using Bowline.Languages.Cel.Values;
using Bowline.Resources.Model;
using static Bowline.Languages.Cel.Functions.Arguments;

namespace Bowline.Languages.Cel.Functions;

/// <summary>Kubernetes' list library, and cel-go's.</summary>
internal static class ListFunctions
{
    private const long MostRange = 1_000_000;
    private static readonly string[] Comparable = ["int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"];
    private static readonly (string Type, Node Zero)[] Summable = [("int", IntegerNode.Of(0)), ("uint", new CelUint(0)), ("double", new FloatNode(0)), ("duration", new CelDuration(0))];

    public static CelLibrary Kubernetes()
    {
        CelLibrary library = new();
        CelLibrary operators = Operators.All();
        foreach (string type in Comparable)
        {
            library.Add($"list<{type}> isSorted(): bool", (_, a) => IsSorted(a.Items(0)));
            library.Add($"list<{type}> min(): {type}", (_, a) => Extreme(a.Items(0), -1, "min"));
            library.Add($"list<{type}> max(): {type}", (_, a) => Extreme(a.Items(0), 1, "max"));
        }

        foreach ((string type, Node zero) in Summable)
        {
            library.Add($"list<{type}> sum(): {type}", (run, a) => Sum(run, operators, a.Items(0), zero));
        }

        library.Add("list<A> indexOf(A): int", (_, a) => IndexOf(a.Items(0), a[1], last: false));
        library.Add("list<A> lastIndexOf(A): int", (_, a) => IndexOf(a.Items(0), a[1], last: true));
        return library;
    }

    /// <summary>cel-go's list extension in version 3, and the two functions of optionals that take lists.</summary>
    public static CelLibrary Extended()
    {
        CelLibrary library = new();
        library.Add("list<A> slice(int, int): list<A>", (run, a) => Slice(run, a.Items(0), a.Integer(1), a.Integer(2)));
        library.Add("list<A> distinct(): list<A>", (run, a) => run.ListOf([.. a.Items(0).Distinct(CelEquality.KeyComparer)]));
        library.Add("list<A> reverse(): list<A>", (run, a) => run.ListOf([.. a.Items(0).Reverse()]));
        library.Add("list<A> first(): optional<A>", (_, a) => a.Items(0) is { Count: > 0 } items ? new CelOptional(items[0]) : CelOptional.None);
        library.Add("list<A> last(): optional<A>", (_, a) => a.Items(0) is { Count: > 0 } items ? new CelOptional(items[^1]) : CelOptional.None);
        library.Add("list<list<A>> flatten(): list<A>", (run, a) => Flatten(run, a.Items(0), 1));
        library.Add("list<dyn> flatten(int): list<dyn>", (run, a) => a.Integer(1) < 0 ? Fail("level must be non-negative") : Flatten(run, a.Items(0), a.Integer(1)));
        library.Add("lists.range(int): list<int>", (run, a) => Range(run, a.Integer(0)));
        foreach (string type in Comparable)
        {
            library.Add($"list<{type}> sort(): list<{type}>", (run, a) => Sort(run, a.Items(0), a.Items(0)));
            library.Add($"list<A> @sortByAssociatedKeys(list<{type}>): list<A>", (run, a) => Sort(run, a.Items(0), a.Items(1)));
        }

        return library;
    }

    private static Node IsSorted(IReadOnlyList<Node> items)
    {
        for (int i = 1; i < items.Count; i++)
        {
            if (CelOrder.Compare(items[i - 1], items[i]) is not { } order)
            {
                return CelError.NoSuchOverload;
            }

            if (order > 0)
            {
                return BoolNode.False;
            }
        }

        return BoolNode.True;
    }

    private static Node Extreme(IReadOnlyList<Node> items, int sign, string name)
    {
        if (items.Count == 0)
        {
            return Fail($"{name} called on empty list");
        }

        Node best = items[0];
        for (int i = 1; i < items.Count; i++)
        {
            if (CelOrder.Compare(items[i], best) is not { } order)
            {
                return CelError.NoSuchOverload;
            }

            best = order != CelOrder.Unordered && order * sign > 0 ? items[i] : best;
        }

        return best;
    }

    private static Node Sum(CelRun run, CelLibrary operators, IReadOnlyList<Node> items, Node zero)
    {
        Node sum = items.Count > 0 && CelValues.KindOf(items[0]) != CelValues.KindOf(zero) ? Summable.FirstOrDefault(known => CelValues.KindOf(known.Zero) == CelValues.KindOf(items[0])).Zero ?? zero : zero;
        foreach (Node item in items)
        {
            Node[] pair = [sum, item];
            sum = operators.Find("_+_").FirstOrDefault(overload => overload.Takes(pair)) is { } add ? add.Body(run, pair) : CelError.NoSuchOverload;
            if (sum is CelError)
            {
                break;
            }
        }

        return sum;
    }

    private static IntegerNode IndexOf(IReadOnlyList<Node> items, Node sought, bool last)
    {
        for (int i = 0; i < items.Count; i++)
        {
            int at = last ? items.Count - 1 - i : i;
            if (CelEquality.Equal(items[at], sought))
            {
                return IntegerNode.Of(at);
            }
        }

        return IntegerNode.Of(-1);
    }

    private static Node Slice(CelRun run, IReadOnlyList<Node> items, long start, long end) =>
        start < 0 || end < 0 ? Fail($"cannot slice({start}, {end}), negative indexes not supported")
        : start > end ? Fail($"cannot slice({start}, {end}), start index must be less than or equal to end index")
        : end > items.Count ? Fail($"cannot slice({start}, {end}), list is length {items.Count}")
        : run.ListOf([.. items.Skip((int)start).Take((int)(end - start))]);

    private static Node Flatten(CelRun run, IReadOnlyList<Node> items, long depth)
    {
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        List<Node> flat = [];
        foreach (Node item in items)
        {
            if (depth > 0 && CelLists.Items(item) is { } inner)
            {
                flat.AddRange(CelLists.Items(Flatten(run, inner, depth - 1))!);
            }
            else
            {
                flat.Add(item);
            }
        }

        return run.ListOf(flat);
    }

    private static Node Range(CelRun run, long count)
    {
        if (count > MostRange)
        {
            return Fail($"lists.range limit exceeded: {count}");
        }

        run.Allocate(Math.Max(0, count) * 32);
        return new ListNode(Enumerable.Range(0, (int)Math.Max(0, count)).Select(number => (Node)IntegerNode.Of(number)));
    }

    private static Node Sort(CelRun run, IReadOnlyList<Node> items, IReadOnlyList<Node> keys)
    {
        if (keys.Count != items.Count)
        {
            return Fail($"@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got {items.Count} and {keys.Count} elements respectively");
        }

        if (keys.Any(key => CelOrder.Compare(keys[0], key) is null))
        {
            return Fail("list elements must have the same type");
        }

        return run.ListOf([.. Enumerable.Range(0, items.Count).OrderBy(i => keys[i], Comparer<Node>.Create((left, right) => CelOrder.Compare(left, right) ?? 0)).Select(i => items[i])]);
    }
}
