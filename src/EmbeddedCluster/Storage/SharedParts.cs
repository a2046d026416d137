using System.Runtime.CompilerServices;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Storage;

/// <summary>
/// Lets objects share the parts in which they are alike: ten thousand pods of a few templates have the same tolerations, the same
/// conditions and the same managedFields over and over. What lands on another's place replaces it, so the table stays small.
/// Not for several threads at once.
/// </summary>
internal sealed class SharedParts
{
    private const int Places = 1 << 15;
    private readonly Node?[] table = new Node?[Places];

    /// <summary>Shares what is inside a tree, which is changed; frozen parts have been through here before.</summary>
    public void Share(MapNode root)
    {
        if (!root.IsFrozen)
        {
            root.ReplaceValues(Shared);
        }
    }

    private Node Shared(Node node)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (node)
        {
            case StringNode text:
                return text.Value.Length > 128 ? node : Known(node, text.Value.GetHashCode(StringComparison.Ordinal));
            case MapNode map:
                if (map.IsFrozen)
                {
                    return node;
                }

                map.ReplaceValues(Shared);
                return Known(node, HashOf(map));
            case ListNode list:
                if (list.IsFrozen)
                {
                    return node;
                }

                for (int i = 0; i < list.Count; i++)
                {
                    list[i] = Shared(list[i]);
                }

                return Known(node, HashOf(list));
            default:
                return node;
        }
    }

    private Node Known(Node node, int hash)
    {
        ref Node? place = ref table[hash & (Places - 1)];
        if (place is { } known && AreSame(known, node))
        {
            return known;
        }

        place = node.Freeze();
        return node;
    }

    // The parts are shared already, so they are the same when they are the very same.
    private static bool AreSame(Node left, Node right) => (left, right) switch
    {
        (StringNode a, StringNode b) => a.Value == b.Value,
        (MapNode a, MapNode b) => SameMembers(a, b),
        (ListNode a, ListNode b) => SameItems(a, b),
        _ => false,
    };

    private static bool SameMembers(MapNode left, MapNode right)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        List<KeyValuePair<string, Node>>.Enumerator at = right.GetEnumerator();
        foreach ((string key, Node value) in left)
        {
            at.MoveNext();
            if (at.Current.Key != key || !IsSamePart(at.Current.Value, value))
            {
                return false;
            }
        }

        return true;
    }

    private static bool SameItems(ListNode left, ListNode right)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        for (int i = 0; i < left.Count; i++)
        {
            if (!IsSamePart(left[i], right[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsSamePart(Node left, Node right) =>
        ReferenceEquals(left, right) || (left is IntegerNode a && right is IntegerNode b && a.Value == b.Value);

    private static int HashOf(MapNode map)
    {
        HashCode hash = default;
        foreach ((string key, Node value) in map)
        {
            hash.Add(key.Length == 0 ? 0 : key.Length + key[^1]);
            hash.Add(PartHash(value));
        }

        return hash.ToHashCode();
    }

    private static int HashOf(ListNode list)
    {
        HashCode hash = default;
        foreach (Node item in list)
        {
            hash.Add(PartHash(item));
        }

        return hash.ToHashCode();
    }

    private static int PartHash(Node node) => node is IntegerNode number ? number.Value.GetHashCode() : RuntimeHelpers.GetHashCode(node);
}
