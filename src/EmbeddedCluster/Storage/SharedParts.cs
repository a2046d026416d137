using System.Runtime.CompilerServices;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Storage;

/// <summary>
/// Lets objects share the parts in which they are alike: ten thousand pods of a few templates have the same tolerations, the same
/// conditions and the same managedFields over and over. What lands on another's place replaces it, so the table stays small.
/// For any number of threads: what is in the table is frozen, and two who put the same part there at once have two copies of it.
/// </summary>
internal sealed class SharedParts
{
    private const int Places = 1 << 14;
    private const int CharactersPerUnit = 16;

    // With all places taken by parts of this size the table holds some fifty megabytes.
    private const int Largest = 160;
    private readonly Node?[] table = new Node?[Places];

    /// <summary>
    /// Shares what is inside an object and inside its metadata, which are changed; these two themselves are like no other's and
    /// are not frozen. Frozen parts have been through here before.
    /// </summary>
    public void Share(MapNode root)
    {
        if (root.IsFrozen)
        {
            return;
        }

        MapNode? metadata = root["metadata"] as MapNode;
        root.ReplaceValues(part => ReferenceEquals(part, metadata) ? part : Shared(part));
        if (metadata is { IsFrozen: false })
        {
            metadata.ReplaceValues(Shared);
        }
    }

    private Node Shared(Node node) => Shared(node, out _);

    /// <param name="size">How much the part holds; what holds much is left alone, or the table would keep it from the collector.</param>
    private Node Shared(Node node, out int size)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        size = 1;
        switch (node)
        {
            case StringNode text:
                size += text.Value.Length / CharactersPerUnit;
                return size > Largest ? node : Known(node, text.Value.GetHashCode(StringComparison.Ordinal));
            case MapNode { IsFrozen: false } map:
                size = ShareMembers(map);
                return size > Largest ? node : Known(node, HashOf(map));
            case ListNode { IsFrozen: false } list:
                for (int i = 0; i < list.Count; i++)
                {
                    list[i] = Shared(list[i], out int part);
                    size += part;
                }

                return size > Largest ? node : Known(node, HashOf(list));
            case MapNode or ListNode:
                // It has been through here, and is in the table itself if it is small.
                size = SizeOf(node, Largest);
                return node;
            default:
                return node;
        }
    }

    /// <returns>The map's size.</returns>
    private int ShareMembers(MapNode map)
    {
        int size = 1;
        map.ReplaceValues(value =>
        {
            Node shared = Shared(value, out int part);
            size += part + 1;
            return shared;
        });
        map.TrimExcess();
        return size;
    }

    /// <summary>The size of a part that is not walked otherwise; counts no further than <paramref name="most"/>.</summary>
    private static int SizeOf(Node node, int most)
    {
        int size = node is StringNode text ? 1 + (text.Value.Length / CharactersPerUnit) : 1;
        if (node is MapNode map)
        {
            foreach ((_, Node value) in map)
            {
                if (size >= most)
                {
                    break;
                }

                size += 1 + SizeOf(value, most - size);
            }
        }
        else if (node is ListNode list)
        {
            for (int i = 0; i < list.Count && size < most; i++)
            {
                size += SizeOf(list[i], most - size);
            }
        }

        return size;
    }

    private Node Known(Node node, int hash)
    {
        ref Node? place = ref table[hash & (Places - 1)];
        if (Volatile.Read(ref place) is { } known && AreSame(known, node))
        {
            return known;
        }

        Volatile.Write(ref place, node.Freeze());
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

        MapNode.Enumerator at = right.GetEnumerator();
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
