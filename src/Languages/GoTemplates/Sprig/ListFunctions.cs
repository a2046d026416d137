using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;
using static Bowline.Languages.GoTemplates.Sprig.FunctionList;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>Lists; every function makes a new list.</summary>
internal static class ListFunctions
{
    private const string NilDereference = "runtime error: invalid memory address or nil pointer dereference";

    public static FunctionList All()
    {
        FunctionList list = new();
        list.Variadic("list", call => new ListNode(call.Arguments.ToArray()), Any);
        list.Alias("tuple", "list");
        list.AddBoth("append", "mustAppend", call => Charged(call, [.. Items(call[0], "push", " on"), call[1]]), Any, Any);
        list.AddBoth("push", "mustPush", call => Charged(call, [.. Items(call[0], "push", " on"), call[1]]), Any, Any);
        list.AddBoth("prepend", "mustPrepend", call => Charged(call, [call[1], .. Items(call[0], "prepend", " on")]), Any, Any);
        list.AddBoth("first", "mustFirst", call => Items(call[0], "find first", " on") is { Count: > 0 } items ? items[0] : Node.Null, Any);
        list.AddBoth("last", "mustLast", call => Items(call[0], "find last", " on") is { Count: > 0 } items ? items[^1] : Node.Null, Any);
        list.AddBoth("rest", "mustRest", call => Items(call[0], "find rest", " on") is { Count: > 0 } items ? Charged(call, [.. items.Skip(1)]) : GoSlice.NilList, Any);
        list.AddBoth("initial", "mustInitial", call => Items(call[0], "find initial", " on") is { Count: > 0 } items ? Charged(call, [.. items.SkipLast(1)]) : GoSlice.NilList, Any);
        list.AddBoth("reverse", "mustReverse", call => Charged(call, [.. Items(call[0], "find reverse", " on").Reverse()]), Any);
        list.AddBoth("compact", "mustCompact", call => Charged(call, [.. Items(call[0], "compact", " on").Where(item => !ValueFunctions.IsEmpty(item))]), Any);
        list.AddBoth("uniq", "mustUniq", Unique, Any);
        list.AddBoth("has", "mustHas", Has, Any, Any);
        list.AddBoth("chunk", "mustChunk", Chunk, Int, Any);
        list.Variadic("without", Without, Any, Any);
        list.Alias("mustWithout", "without");
        list.Variadic("slice", Slice, Any, Any);
        list.Alias("mustSlice", "slice");
        list.Variadic("concat", Concat, Any);
        return list;
    }

    private static IReadOnlyList<Node> Items(Node list, string verb, string preposition)
    {
        if (list is NullNode)
        {
            throw new GoError(NilDereference);
        }

        return GoTree.Items(list) ?? throw new GoError($"Cannot {verb}{preposition} type {KindName(list)}");
    }

    private static string KindName(Node node) => ValueFunctions.KindOf(node);

    private static ListNode Charged(FunctionCall call, Node[] items)
    {
        call.Run.Charge(items.Length * 8L);
        return new ListNode(items);
    }

    private static ListNode Unique(FunctionCall call)
    {
        List<Node> unique = [];
        foreach (Node item in Items(call[0], "find uniq", " on"))
        {
            if (!Contains(call.Run, unique, item))
            {
                unique.Add(item);
            }
        }

        return new ListNode(unique);
    }

    private static bool Contains(TemplateRun run, IReadOnlyList<Node> items, Node item)
    {
        foreach (Node other in items)
        {
            run.Step();
            if (GoEquality.DeepEqual(item, other))
            {
                return true;
            }
        }

        return false;
    }

    private static Node Has(FunctionCall call) =>
        call[1] is NullNode ? BoolNode.False : Contains(call.Run, Items(call[1], "find has", " on"), call[0]);

    private static ListNode Without(FunctionCall call)
    {
        Node[] omitted = call.Arguments[1..].ToArray();
        TemplateRun run = call.Run;
        return new ListNode([.. Items(call[0], "find without", " on").Where(item => !Contains(run, omitted, item))]);
    }

    private static Node Slice(FunctionCall call)
    {
        Node list = call[0];
        if (list is NullNode)
        {
            throw new GoError(NilDereference);
        }

        IReadOnlyList<Node> items = GoTree.Items(list) ?? throw new GoError($"list should be type of slice or array but {KindName(list)}");
        if (items.Count == 0)
        {
            return Node.Null;
        }

        long start = call.Count > 1 ? Cast.ToInt64(call[1]) : 0;
        long end = call.Count > 2 ? Cast.ToInt64(call[2]) : items.Count;
        if (start < 0 || end > items.Count || start > end)
        {
            throw new GoError("reflect.Value.Slice: slice index out of bounds");
        }

        IEnumerable<Node> cut = items.Skip((int)start).Take((int)(end - start));
        return list is ListNode ? new ListNode([.. cut]) : new GoSlice(GoType.Of(list), [.. cut]);
    }

    private static GoSlice Chunk(FunctionCall call)
    {
        IReadOnlyList<Node> items = Items(call[1], "chunk", string.Empty);
        double size = call.Integer(0);
        double chunks = Math.Floor((items.Count - 1) / size) + 1;
        if (double.IsNaN(chunks) || chunks < 0 || chunks > int.MaxValue || (size < 0 && chunks >= 1))
        {
            throw new GoError("runtime error: makeslice: len out of range");
        }

        List<Node> result = [];
        for (int from = 0; from < items.Count && chunks > 0; from += (int)size)
        {
            result.Add(new ListNode([.. items.Skip(from).Take((int)size)]));
        }

        return new GoSlice(GoType.SliceOf(GoType.List), result);
    }

    private static Node Concat(FunctionCall call)
    {
        List<Node> all = [];
        foreach (Node list in call.Arguments)
        {
            if (list is NullNode)
            {
                throw new GoError(NilDereference);
            }

            all.AddRange(GoTree.Items(list) ?? throw new GoError($"Cannot concat type {KindName(list)} as list"));
        }

        return all.Count == 0 ? GoSlice.NilList : Charged(call, [.. all]);
    }
}
