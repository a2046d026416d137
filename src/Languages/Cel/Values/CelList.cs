using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Values;

/// <summary>
/// A list whose order does not count because its schema says set or map (x-kubernetes-list-type): equality ignores order, and
/// <c>+</c> keeps the place of what is there already.
/// </summary>
internal sealed class CelList(IReadOnlyList<Node> items, IReadOnlyList<string> keys) : CelValue
{
    public IReadOnlyList<Node> Items => items;

    /// <summary>The members by which items are told apart; none for a set.</summary>
    public IReadOnlyList<string> Keys => keys;

    public override CelType Type => CelType.List(CelType.Dyn);

    public bool EqualsUnordered(IReadOnlyList<Node> others)
    {
        if (others.Count != items.Count)
        {
            return false;
        }

        Dictionary<Node, Node> mine = ByIdentity(items);
        return others.All(other => mine.TryGetValue(Identity(other), out Node? known) && CelEquality.Equal(known, other));
    }

    public CelList Union(IReadOnlyList<Node> others)
    {
        List<Node> merged = [.. items];
        Dictionary<Node, int> places = new(CelEquality.KeyComparer);
        for (int i = 0; i < merged.Count; i++)
        {
            places[Identity(merged[i])] = i;
        }

        foreach (Node other in others)
        {
            if (places.TryGetValue(Identity(other), out int place))
            {
                merged[place] = other;
            }
            else
            {
                places[Identity(other)] = merged.Count;
                merged.Add(other);
            }
        }

        return new CelList(merged, keys);
    }

    public override Node ToPlain() => new ListNode(items.Select(CelValues.ToPlain));

    private Dictionary<Node, Node> ByIdentity(IReadOnlyList<Node> nodes)
    {
        Dictionary<Node, Node> found = new(CelEquality.KeyComparer);
        foreach (Node node in nodes)
        {
            found[Identity(node)] = node;
        }

        return found;
    }

    private Node Identity(Node item) => keys.Count == 0 ? item : new ListNode(keys.Select(key => item[key] ?? Node.Null));
}

/// <summary>Reads lists of every representation.</summary>
internal static class CelLists
{
    public static IReadOnlyList<Node>? Items(Node value) => value switch
    {
        ListNode list => list,
        CelList list => list.Items,
        _ => null,
    };

    public static Node Concat(Node left, Node right)
    {
        IReadOnlyList<Node> others = Items(right)!;
        if (left is CelList unordered)
        {
            return unordered.Union(others);
        }

        IReadOnlyList<Node> first = Items(left)!;
        ListNode joined = new(first.Count + others.Count);
        foreach (Node item in first)
        {
            joined.Add(item);
        }

        foreach (Node item in others)
        {
            joined.Add(item);
        }

        return joined;
    }
}
