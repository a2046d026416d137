using Bowline.Resources.Model;

namespace Bowline.Resources.Patching;

/// <summary>RFC 7386. Like the API server's, it also drops null members inside whatever the patch adds anew.</summary>
public static class MergePatch
{
    public static Node Apply(Node target, Node patch)
    {
        if (patch is not MapNode changes)
        {
            return patch.DeepClone();
        }

        if (target is not MapNode original)
        {
            return WithoutNulls(patch);
        }

        MapNode merged = new(original.Count + changes.Count);
        foreach ((string key, Node value) in original)
        {
            Node? change = changes[key];
            if (change is null)
            {
                merged.Add(key, value.DeepClone());
            }
            else if (!change.IsNull)
            {
                merged.Add(key, value is MapNode ? Apply(value, change) : WithoutNulls(change));
            }
        }

        foreach ((string key, Node change) in changes)
        {
            if (!change.IsNull && !original.ContainsKey(key))
            {
                merged.Add(key, WithoutNulls(change));
            }
        }

        return merged;
    }

    /// <summary>The patch that makes the one into the other; empty for equal ones.</summary>
    public static MapNode Between(MapNode before, MapNode after)
    {
        MapNode patch = [];
        foreach ((string key, Node value) in after)
        {
            if (before[key] is not { } old)
            {
                patch[key] = value.DeepClone();
            }
            else if (old is MapNode was && value is MapNode now)
            {
                if (Between(was, now) is { Count: > 0 } inner)
                {
                    patch[key] = inner;
                }
            }
            else if (!old.DeepEquals(value))
            {
                patch[key] = value.DeepClone();
            }
        }

        foreach (string gone in before.Keys.Where(key => !after.ContainsKey(key)))
        {
            patch[gone] = Node.Null;
        }

        return patch;
    }

    /// <summary>A copy without the null members of its maps; null elements of lists stay.</summary>
    private static Node WithoutNulls(Node node)
    {
        switch (node)
        {
            case MapNode map:
                MapNode kept = new(map.Count);
                foreach ((string key, Node value) in map)
                {
                    if (!value.IsNull)
                    {
                        kept.Add(key, WithoutNulls(value));
                    }
                }

                return kept;
            case ListNode list:
                ListNode copy = new(list.Count);
                foreach (Node item in list)
                {
                    copy.Add(WithoutNulls(item));
                }

                return copy;
            default:
                return node;
        }
    }
}
