using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Patching;

/// <summary>Merges one list of a strategic merge patch: maps by their merge key, scalars as a set.</summary>
internal sealed class StrategicList(Schema? schema, bool deletes)
{
    private readonly string? mergeKey = schema?.PatchMergeKey;

    public ListNode Merge(ListNode live, ListNode changes)
    {
        if (live.Count == 0 && changes.Count == 0)
        {
            return live;
        }

        bool maps = HoldsMaps(live, changes);
        if (deletes && !maps)
        {
            HashSet<string> unwanted = [.. changes.Select(Identity)];
            live.RemoveAll(item => unwanted.Contains(Identity(item)));
            return live;
        }

        ListNode serverOrder = new(live);
        ListNode merged = maps ? MergeMaps(live, ref changes, ref serverOrder) : Distinct(live, changes);
        return InOrder(merged, changes, serverOrder);
    }

    /// <summary>Merges and then arranges the elements that <paramref name="order"/> names in its order, the others around them as they were.</summary>
    public ListNode MergeInOrder(ListNode? live, ListNode? changes, ListNode order)
    {
        ListNode serverOrder = new(live ?? []);
        bool merges = schema is not null && schema.PatchStrategies.Contains("merge");
        ListNode merged = (live, changes) switch
        {
            (null, not null) => changes,
            (not null, null) => live,
            _ when merges => Merge(live!, changes!),
            _ => changes!,
        };
        return InOrder(new ListNode(merged.Where(item => item["$patch"] is null).Select(item => live is null ? StrategicMergePatch.Plain(item) : item)), order, serverOrder);
    }

    /// <summary>Elements of the patch must stand in the order that the directive gives.</summary>
    public void CheckOrder(ListNode? changes, ListNode order)
    {
        if (changes is null || changes.Count == 0 || order.Count == 0)
        {
            return;
        }

        int at = 0;
        foreach (Node item in changes)
        {
            if (item["$patch"] is not null)
            {
                continue;
            }

            string identity = IdentityOf(item);
            while (at < order.Count && IdentityOf(order[at]) != identity)
            {
                at++;
            }

            if (at++ >= order.Count)
            {
                throw new PatchException($"The order in patch list:\n{GoText.Of(changes)}\n doesn't match $setElementOrder list:\n{GoText.Of(order)}\n");
            }
        }
    }

    private static string Identity(Node value) => value is MapNode or ListNode ? GoText.Of(value) : $"{(int)value.Kind}:{value}";

    private static ListNode Distinct(ListNode live, ListNode changes)
    {
        HashSet<string> seen = [];
        return new ListNode(live.Concat(changes).Where(item => seen.Add(Identity(item))));
    }

    private static bool HoldsMaps(ListNode live, ListNode changes)
    {
        bool? maps = null;
        foreach (Node item in live.Concat(changes))
        {
            if (item is ListNode)
            {
                throw new PatchException("lists of lists are not supported");
            }

            if (maps is { } before && before != item is MapNode)
            {
                throw new PatchException($"list element types are not identical: [{GoText.Of(live)} {GoText.Of(changes)}]");
            }

            maps = item is MapNode;
        }

        return maps ?? false;
    }

    private string IdentityOf(Node item) => mergeKey is null ? Identity(item) : Identity(item[mergeKey] ?? throw StrategicMergePatch.MissingMergeKey(item, mergeKey));

    private ListNode MergeMaps(ListNode live, ref ListNode changes, ref ListNode serverOrder)
    {
        if (mergeKey is null)
        {
            throw new PatchException($"cannot merge lists without merge key for type {schema?.Items?.Type}");
        }

        changes = ApplyDirectives(live, changes, out bool replaces);
        if (replaces)
        {
            serverOrder = new ListNode();
            return new ListNode(changes.Select(StrategicMergePatch.Plain));
        }

        serverOrder = new ListNode(live);
        Dictionary<string, int> places = [];
        for (int i = 0; i < live.Count; i++)
        {
            if (live[i][mergeKey] is { } value)
            {
                places.TryAdd(Identity(value), i);
            }
        }

        foreach (Node change in changes)
        {
            string identity = IdentityOf(change);
            if (places.TryGetValue(identity, out int place))
            {
                live[place] = StrategicMergePatch.MergeMap((MapNode)live[place], (MapNode)change, schema?.Items);
            }
            else
            {
                places[identity] = live.Count;
                live.Add(StrategicMergePatch.Plain(change));
            }
        }

        return live;
    }

    private ListNode ApplyDirectives(ListNode live, ListNode changes, out bool replaces)
    {
        ListNode plain = new(changes.Count);
        HashSet<string> unwanted = [];
        replaces = false;
        foreach (Node change in changes)
        {
            switch (change["$patch"])
            {
                case null:
                    plain.Add(change);
                    break;
                case StringNode { Value: "delete" }:
                    unwanted.Add(IdentityOf(change));
                    break;
                case StringNode { Value: "replace" }:
                    replaces = true;
                    break;
                case StringNode { Value: "merge" }:
                    throw new PatchException("merging lists cannot yet be specified in the patch");
                case { } unknown:
                    throw StrategicMergePatch.UnknownDirective(unknown, change);
            }
        }

        if (unwanted.Count > 0)
        {
            live.RemoveAll(item => item[mergeKey!] is { } value && unwanted.Contains(Identity(value)));
        }

        return plain;
    }

    /// <summary>The elements named by <paramref name="order"/> in that order; the others keep their place among them as the live list had it.</summary>
    private ListNode InOrder(ListNode merged, ListNode order, ListNode serverOrder)
    {
        Dictionary<string, int> wanted = Places(order);
        Dictionary<string, int> served = Places(serverOrder);
        List<(Node Item, int Place)> named = [];
        List<(Node Item, int Place)> others = [];
        foreach (Node item in merged)
        {
            string identity = IdentityOf(item);
            int place = served.GetValueOrDefault(identity, -1);
            (wanted.ContainsKey(identity) ? named : others).Add((item, place));
        }

        named = [.. named.OrderBy(entry => wanted[IdentityOf(entry.Item)])];
        ListNode result = new(merged.Count);
        int other = 0;
        foreach ((Node item, int place) in named)
        {
            // A served element goes before the first named one that stood behind it.
            while (other < others.Count && place >= 0 && others[other].Place >= 0 && others[other].Place < place)
            {
                result.Add(others[other++].Item);
            }

            result.Add(item);
        }

        for (; other < others.Count; other++)
        {
            result.Add(others[other].Item);
        }

        return result;
    }

    private Dictionary<string, int> Places(ListNode list)
    {
        Dictionary<string, int> places = [];
        for (int i = 0; i < list.Count; i++)
        {
            places.TryAdd(IdentityOf(list[i]), i);
        }

        return places;
    }
}
