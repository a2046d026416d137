using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Merging;

internal sealed partial class StrategicMerge
{
    private const int MaxIncomplete = 5000;

    private ListNode? WalkKeyedList(Node? dest, Node? origin, MergeField field, string[] keys)
    {
        ListNode? patch = origin as ListNode;
        if (!IsPresent(dest))
        {
            // A directive means nothing where there is no list yet; it is one more element.
            return patch is null ? null : MergeElements((ListNode)patch.DeepClone(), patch, field, keys);
        }

        Directive directive = patch is null ? Directive.Merge : ListDirective(ref patch);

        if (ScalarText.IsNull(origin) && origin is not null)
        {
            return null;
        }

        return directive switch
        {
            Directive.Delete => null,
            Directive.Replace => MergeElements((ListNode)patch!.DeepClone(), patch, field, keys),
            _ => MergeElements((ListNode)dest!, patch, field, keys),
        };
    }

    /// <summary>A list that loses its last element stays, empty.</summary>
    private ListNode MergeElements(ListNode dest, ListNode? patch, MergeField field, string[] keys) =>
        keys.Length == 0 ? Union(dest, patch) : MergeByKeys(dest, patch, field, keys);

    /// <summary>The same where every element has all keys, by index instead of by search.</summary>
    private ListNode MergeComplete(KeyedList dest, KeyedList patch, MergeField field, bool movesBehind)
    {
        List<string> order = [];
        Dictionary<string, Node> merged = new(StringComparer.Ordinal);
        HashSet<string> removed = new(StringComparer.Ordinal);
        MergeField element = new(field.Type, null);
        foreach (string id in patch.Ids.Concat(dest.Ids))
        {
            if (merged.ContainsKey(id) || removed.Contains(id))
            {
                continue;
            }

            Node? value = Walk(dest.First(id), patch.First(id), element);
            if (value is null || ScalarText.IsNull(value) || value is MapNode { Count: 0 })
            {
                removed.Add(id);
                continue;
            }

            merged.Add(id, dest.Last(id) ?? value);
            if (!movesBehind || dest.Last(id) is null)
            {
                order.Add(id);
            }
        }

        if (movesBehind)
        {
            order.AddRange(dest.IdsByLast().Where(merged.ContainsKey));
        }

        return new ListNode(order.Select(id => merged[id]));
    }

    /// <summary>A list of plain values: the patch's first, then those that only the target has.</summary>
    private static ListNode Union(ListNode dest, ListNode? patch)
    {
        ListNode union = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (Node item in (patch ?? []).Concat(dest))
        {
            if (seen.Add(ScalarText.Of(item)))
            {
                union.Add(item.DeepClone());
            }
        }

        return union;
    }

    private ListNode MergeByKeys(ListNode dest, ListNode? patch, MergeField field, string[] keys)
    {
        if (KeyedList.TryRead(dest, keys) is { } all && KeyedList.TryRead(patch ?? [], keys) is { } patches)
        {
            return MergeComplete(all, patches, field, keys.Length > 1);
        }

        if (dest.Count + patch?.Count > MaxIncomplete)
        {
            throw new RenderException($"a list of more than {MaxIncomplete} elements lacks {string.Join(" or ", keys)} in some, which tells them apart", line: dest.Line);
        }

        List<string[]> identities = Identities(patch, dest, keys);
        if (identities.Count == 0)
        {
            return dest;
        }

        ListNode merged = [];
        MergeField element = new(field.Type, null);
        foreach (string[] identity in identities)
        {
            (string[] used, string[] values) = Given(identity, keys);
            Node? value = Walk(Find(dest, used, values), patch is null ? null : Find(patch, used, values), element);
            if (value is null || ScalarText.IsNull(value) || value is MapNode { Count: 0 })
            {
                RemoveElements(dest, used, values);
                continue;
            }

            Put(merged, value, used, values);
        }

        Append(merged, dest, UsedKeys(identities, keys));
        return merged;
    }

    /// <summary>
    /// What is left of the target goes behind. Where several keys tell elements apart, those that were merged above take
    /// their place there again. An element that lacks all keys matches every other, so that the last such element is all that
    /// stays: the original does that, and nobody can depend on anything else.
    /// </summary>
    private static void Append(ListNode merged, ListNode dest, string[] used)
    {
        foreach (Node item in dest)
        {
            string[] values = [.. used.Where(key => item[key] is not null).Select(key => ScalarText.Of(item[key]))];
            for (int missing = values.Length; missing < used.Length; missing++)
            {
                merged.Add(item);
            }

            if (used.Length > 1)
            {
                RemoveElements(merged, used, values);
            }

            Put(merged, item, used, values);
        }
    }

    /// <summary>Takes the place of the first match, while further matches fall away; or the end.</summary>
    private static void Put(ListNode list, Node element, string[] keys, string[] values)
    {
        int first = -1;
        list.RemoveAll(IsNothing);
        for (int i = list.Count - 1; i >= 0; i--)
        {
            if (Matches(list[i], keys, values))
            {
                if (first >= 0)
                {
                    list.RemoveAt(first);
                }

                first = i;
            }
        }

        if (first < 0)
        {
            list.Add(element);
        }
        else
        {
            list[first] = element;
        }
    }

    private static void RemoveElements(ListNode list, string[] keys, string[] values) =>
        list.RemoveAll(item => IsNothing(item) || Matches(item, keys, values));

    /// <summary>Elements without any key fall away whenever a list is searched.</summary>
    private static bool IsNothing(Node item) => ScalarText.IsNull(item) || item is MapNode { Count: 0 };

    private static Node? Find(ListNode list, string[] keys, string[] values)
    {
        foreach (Node item in list)
        {
            if (item is MapNode map && HasExactly(map, keys, values))
            {
                return item;
            }
        }

        return null;
    }

    private static bool HasExactly(MapNode map, string[] keys, string[] values)
    {
        for (int i = 0; i < keys.Length; i++)
        {
            if (!map.TryGet(keys[i], out Node? value) || ScalarText.Of(value) != values[i])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>As <see cref="HasExactly"/>, where an empty value stands for any and keys beyond the values do not count.</summary>
    private static bool Matches(Node node, string[] keys, string[] values)
    {
        if (node is not MapNode map)
        {
            return false;
        }

        for (int i = 0; i < values.Length; i++)
        {
            if (!map.TryGet(keys[i], out Node? value) || (values[i].Length > 0 && ScalarText.Of(value) != values[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static List<string[]> Identities(ListNode? patch, ListNode dest, string[] keys)
    {
        List<string[]> identities = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (Node item in (patch ?? []).Concat(dest))
        {
            string[] values = [.. keys.Select(key => ScalarText.Of(item[key]))];
            if (seen.Add(string.Join('\0', values)))
            {
                identities.Add(values);
            }
        }

        return keys.Length > 1 ? Completed(identities) : identities;
    }

    /// <summary>Two elements that agree where both say something are the same one (a port with and without protocol).</summary>
    private static List<string[]> Completed(List<string[]> identities)
    {
        for (int i = 0; i < identities.Count; i++)
        {
            // As it was before any of these comparisons.
            string[] first = identities[i];
            for (int j = 0; j < identities.Count; j++)
            {
                if (Complete(first, identities[j]) is { } both)
                {
                    identities[i] = both;
                    identities[j] = both;
                }
            }
        }

        return identities;
    }

    private static string[]? Complete(string[] left, string[] right)
    {
        bool common = false;
        string[] both = new string[left.Length];
        for (int i = 0; i < left.Length; i++)
        {
            if (left[i] != right[i] && left[i].Length > 0 && right[i].Length > 0)
            {
                return null;
            }

            common |= left[i] == right[i];
            both[i] = left[i].Length > 0 ? left[i] : right[i];
        }

        return common ? both : null;
    }

    /// <summary>The keys that at least one element sets.</summary>
    private static string[] UsedKeys(List<string[]> identities, string[] keys)
    {
        string[] used = [.. keys.Where((_, i) => identities.Any(values => values[i].Length > 0))];
        return used.Length == 0 ? keys : used;
    }

    /// <summary>The keys that one element sets, with their values; all of them when it sets none.</summary>
    private static (string[] Keys, string[] Values) Given(string[] identity, string[] keys)
    {
        string[] given = [.. keys.Where((_, i) => identity[i].Length > 0)];
        return given.Length == 0 ? (keys, identity) : (given, [.. identity.Where(value => value.Length > 0)]);
    }

    /// <summary>A list's own directive is an element that holds nothing else; the list without it takes the patch's place.</summary>
    private static Directive ListDirective(ref ListNode? patch)
    {
        foreach (Node item in patch!)
        {
            if (item is MapNode map && map.TryGet(PatchDirective, out Node? value))
            {
                if (map.Count > 1)
                {
                    break;
                }

                patch = new ListNode(patch.Where(other => !ReferenceEquals(other, item)));
                return Parse(value);
            }
        }

        return Directive.Merge;
    }
}
