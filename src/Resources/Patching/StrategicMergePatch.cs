using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Patching;

/// <summary>Kubernetes' strategic merge patch with $patch, $setElementOrder, $deleteFromPrimitiveList and $retainKeys.</summary>
/// <remarks>Error texts are those of the API server, which sends them to the client.</remarks>
public static class StrategicMergePatch
{
    private const string Directive = "$patch";
    private const string RetainKeys = "$retainKeys";
    private const string ElementOrderPrefix = "$setElementOrder/";
    private const string DeleteFromListPrefix = "$deleteFromPrimitiveList/";

    /// <param name="schema">The kind's schema; null merges maps and replaces lists.</param>
    public static MapNode Apply(MapNode target, MapNode patch, Schema? schema) =>
        MergeMap((MapNode)target.DeepClone(), (MapNode)patch.DeepClone(), schema);

    /// <summary>Both trees are this call's own: the original is changed in place and takes over parts of the patch.</summary>
    internal static MapNode MergeMap(MapNode original, MapNode patch, Schema? schema)
    {
        switch (patch[Directive])
        {
            case null:
                break;
            case StringNode { Value: "replace" }:
                patch.Remove(Directive);
                return patch;
            case StringNode { Value: "delete" }:
                return new MapNode();
            case { } unknown:
                throw UnknownDirective(unknown, patch);
        }

        KeepRetainedKeys(original, patch);
        HashSet<string> merged = MergeOrderedLists(original, patch, schema);
        foreach ((string key, Node value) in patch)
        {
            if (key.StartsWith(ElementOrderPrefix, StringComparison.Ordinal) || key == RetainKeys || merged.Contains(key))
            {
                continue;
            }

            bool deletes = key.StartsWith(DeleteFromListPrefix, StringComparison.Ordinal);
            MergeMember(original, deletes ? key[DeleteFromListPrefix.Length..] : key, value, deletes, schema);
        }

        return original;
    }

    /// <summary>What the patch adds anew: without directives, deleted elements and nulls.</summary>
    internal static Node Plain(Node node)
    {
        switch (node)
        {
            case MapNode map when map[Directive] is StringNode { Value: "delete" }:
                return new MapNode();
            case MapNode map:
                MapNode plain = new(map.Count);
                foreach ((string key, Node value) in map)
                {
                    if (!value.IsNull && !IsDirective(key))
                    {
                        plain.Add(key, Plain(value));
                    }
                }

                return plain;
            case ListNode list:
                return new ListNode(list.Where(item => item[Directive] is null).Select(Plain));
            default:
                return node;
        }
    }

    internal static PatchException UnknownDirective(Node directive, Node map) =>
        new($"unknown patch type: {GoText.Of(directive)} in map: {GoText.Of(map)}");

    internal static PatchException MissingMergeKey(Node map, string mergeKey) =>
        new($"map: {GoText.Of(map)} does not contain declared merge key: {mergeKey}");

    private static bool IsDirective(string key) => key.StartsWith('$') &&
        (key is Directive or RetainKeys || key.StartsWith(ElementOrderPrefix, StringComparison.Ordinal) || key.StartsWith(DeleteFromListPrefix, StringComparison.Ordinal));

    private static void MergeMember(MapNode original, string key, Node change, bool deletes, Schema? schema)
    {
        if (change.IsNull)
        {
            original.Remove(key);
            return;
        }

        Node? current = original[key];
        if (current is null || !SameShape(current, change))
        {
            if (!deletes)
            {
                original.Set(key, Plain(change));
            }

            return;
        }

        Schema? field = schema?.Field(key);
        switch (current)
        {
            case MapNode map:
                original.Set(key, field is not null && field.PatchStrategies.Contains("replace") ? change : MergeMap(map, (MapNode)change, field));
                break;
            case ListNode list when deletes || (field is not null && field.PatchStrategies.Contains("merge")):
                original.Set(key, new StrategicList(field, deletes).Merge(list, (ListNode)change));
                break;
            default:
                original.Set(key, change);
                break;
        }
    }

    private static bool SameShape(Node left, Node right) => left switch
    {
        MapNode => right is MapNode,
        ListNode => right is ListNode,
        _ => right is not (MapNode or ListNode),
    };

    private static void KeepRetainedKeys(MapNode original, MapNode patch)
    {
        if (patch[RetainKeys] is not { } directive)
        {
            return;
        }

        if (directive is not ListNode list)
        {
            throw new PatchException("invalid patch format of retainKeys");
        }

        HashSet<string> retained = [.. list.Select(item => item.AsString() ?? string.Empty)];
        foreach ((string key, Node value) in patch)
        {
            bool exempt = value.IsNull || key == RetainKeys || key.StartsWith(ElementOrderPrefix, StringComparison.Ordinal) || key.StartsWith(DeleteFromListPrefix, StringComparison.Ordinal);
            if (!exempt && !retained.Contains(key))
            {
                throw new PatchException("invalid patch format of retainKeys");
            }
        }

        foreach (string key in original.Keys.Where(key => !retained.Contains(key)).ToArray())
        {
            original.Remove(key);
        }
    }

    /// <summary>Merges the lists whose order the patch sets; returns their names, so that they are not merged twice.</summary>
    private static HashSet<string> MergeOrderedLists(MapNode original, MapNode patch, Schema? schema)
    {
        HashSet<string> done = [];
        foreach ((string key, Node value) in patch)
        {
            if (!key.StartsWith(ElementOrderPrefix, StringComparison.Ordinal))
            {
                continue;
            }

            string name = key[ElementOrderPrefix.Length..];
            ListNode order = value as ListNode ?? throw BadType(value);
            ListNode? live = AsList(original[name]);
            ListNode? changes = AsList(patch[name]);
            StrategicList merging = new(schema?.Field(name), deletes: false);
            merging.CheckOrder(changes, order);
            if (live is not null || changes is not null)
            {
                original.Set(name, merging.MergeInOrder(live, changes, order));
                done.Add(name);
            }
        }

        return done;
    }

    private static ListNode? AsList(Node? node) => node is null or NullNode ? null : node as ListNode ?? throw BadType(node);

    private static PatchException BadType(Node node) => new($"expected a list, but got {GoText.Of(node)}");
}
