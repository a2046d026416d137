using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>The fields by which one object differs from another.</summary>
internal sealed record Comparison(FieldSet Added, FieldSet Modified, FieldSet Removed)
{
    public bool IsSame => Added.IsEmpty && Modified.IsEmpty && Removed.IsEmpty;

    public static Comparison Of(Node? before, Node? after, FieldType type)
    {
        Marks marks = Compare(before, after, type);
        return new Comparison(marks.AddedBelow ?? FieldSet.Empty, marks.ModifiedBelow ?? FieldSet.Empty, marks.RemovedBelow ?? FieldSet.Empty);
    }

    private static Marks Compare(Node? before, Node? after, FieldType type)
    {
        Marks marks = default;
        if (before is null && after is null || ReferenceEquals(before, after))
        {
            return marks;
        }

        FieldShape was = type.ShapeOf(before);
        FieldShape now = type.ShapeOf(after);
        if (after is null)
        {
            CompareAs(was, before, null, type, ref marks);
        }
        else if (before is null || was == now)
        {
            CompareAs(now, before, after, type, ref marks);
        }
        else
        {
            // The two sides do not have the same shape: each has its say.
            Marks first = default;
            CompareAs(was, before, after, type, ref first);
            CompareAs(now, before, after, type, ref marks);
            marks = marks.Union(first);
        }

        if (!marks.IsLeaf)
        {
            marks.Added |= before is null;
            marks.Removed |= after is null;
        }

        return marks;
    }

    private static void CompareAs(FieldShape shape, Node? before, Node? after, FieldType type, ref Marks marks)
    {
        if (shape == FieldShape.Scalar)
        {
            CompareLeaf(before, after, ref marks);
            return;
        }

        bool emptyBefore = before is not (MapNode { Count: > 0 } or ListNode { Count: > 0 });
        bool emptyAfter = after is not (MapNode { Count: > 0 } or ListNode { Count: > 0 });
        // Two empty sides are a leaf, so that null, empty and absent stay apart.
        if (type.IsAtomic(shape) || (emptyBefore && emptyAfter))
        {
            CompareLeaf(before, after, ref marks);
        }
        else if (shape == FieldShape.Map)
        {
            CompareMaps(before as MapNode, after as MapNode, type, ref marks);
        }
        else
        {
            CompareLists(before as ListNode, after as ListNode, type, ref marks);
        }
    }

    private static void CompareLeaf(Node? before, Node? after, ref Marks marks)
    {
        marks.IsLeaf = true;
        if (before is null)
        {
            marks.Added = true;
        }
        else if (after is null)
        {
            marks.Removed = true;
        }
        else if (!before.DeepEquals(after))
        {
            marks.Modified = true;
        }
    }

    private static void CompareMaps(MapNode? before, MapNode? after, FieldType type, ref Marks marks)
    {
        MarkCollector collector = default;
        foreach ((string key, Node value) in before ?? [])
        {
            collector.Add(PathElement.Field(key), Compare(value, after?[key], type.MemberOrDeduced(key, out _)));
        }

        foreach ((string key, Node value) in after ?? [])
        {
            if (before is null || !before.ContainsKey(key))
            {
                collector.Add(PathElement.Field(key), Compare(null, value, type.MemberOrDeduced(key, out _)));
            }
        }

        collector.Finish(ref marks);
    }

    private static void CompareLists(ListNode? before, ListNode? after, FieldType type, ref Marks marks)
    {
        ItemGroups groups = new(type, before, after);
        FieldType elementType = type.Element;
        MarkCollector collector = default;
        for (int i = 0; i < groups.Count; i++)
        {
            PathElement element = groups.Element(i);
            List<Node> was = groups.Before(i);
            List<Node> now = groups.After(i);
            if (was.Count <= 1 && now.Count <= 1)
            {
                collector.Add(element, Compare(was.FirstOrDefault(), now.FirstOrDefault(), elementType));
                continue;
            }

            // Duplicates have no fields of their own: the element is compared as one value.
            Marks duplicates = default;
            if (was.Count > 1 && now.Count > 1)
            {
                duplicates.Modified = !new ListNode(was).DeepEquals(new ListNode(now));
            }
            else if (was.Count > 1)
            {
                duplicates = now.Count == 0 ? default : Compare(null, now[0], elementType);
                duplicates.Removed = true;
            }
            else
            {
                duplicates = was.Count == 0 ? default : Compare(was[0], null, elementType);
                duplicates.Added = true;
            }

            collector.Add(element, duplicates);
        }

        collector.Finish(ref marks);
    }

    /// <summary>What became of one field and of those below it.</summary>
    private struct Marks
    {
        public bool IsLeaf;
        public bool Added;
        public bool Modified;
        public bool Removed;
        public FieldSet? AddedBelow;
        public FieldSet? ModifiedBelow;
        public FieldSet? RemovedBelow;

        public readonly Marks Union(in Marks other) => new()
        {
            IsLeaf = IsLeaf,
            Added = Added || other.Added,
            Modified = Modified || other.Modified,
            Removed = Removed || other.Removed,
            AddedBelow = Union(AddedBelow, other.AddedBelow),
            ModifiedBelow = Union(ModifiedBelow, other.ModifiedBelow),
            RemovedBelow = Union(RemovedBelow, other.RemovedBelow),
        };

        private static FieldSet? Union(FieldSet? left, FieldSet? right) => left is null ? right : right is null ? left : left.Union(right);
    }

    /// <summary>Gathers the marks of a map's or list's members; allocates only where something differs.</summary>
    private struct MarkCollector
    {
        private List<FieldSetEntry>? added;
        private List<FieldSetEntry>? modified;
        private List<FieldSetEntry>? removed;

        public void Add(in PathElement element, in Marks marks)
        {
            Add(ref added, element, marks.Added, marks.AddedBelow);
            Add(ref modified, element, marks.Modified, marks.ModifiedBelow);
            Add(ref removed, element, marks.Removed, marks.RemovedBelow);
        }

        public readonly void Finish(ref Marks marks)
        {
            marks.AddedBelow = Set(added);
            marks.ModifiedBelow = Set(modified);
            marks.RemovedBelow = Set(removed);
        }

        private static void Add(ref List<FieldSetEntry>? list, in PathElement element, bool isMember, FieldSet? children)
        {
            if (isMember || children is not null)
            {
                (list ??= []).Add(new FieldSetEntry(element, isMember, children));
            }
        }

        private static FieldSet? Set(List<FieldSetEntry>? list) => list is null ? null : FieldSet.FromEntries([.. list], list.Count);
    }
}

/// <summary>The items of two lists by path element, in the order in which they appear; duplicates stay together.</summary>
internal sealed class ItemGroups
{
    private readonly ListIndex index;
    private readonly List<(List<Node> Before, List<Node> After)> groups = [];

    public ItemGroups(FieldType type, ListNode? before, ListNode? after)
    {
        index = new ListIndex(Math.Max(before?.Count ?? 0, after?.Count ?? 0));
        Gather(type, before, isAfter: false);
        Gather(type, after, isAfter: true);
    }

    public int Count => groups.Count;

    public PathElement Element(int place) => index.Element(place);

    public List<Node> Before(int place) => groups[place].Before;

    public List<Node> After(int place) => groups[place].After;

    private void Gather(FieldType type, ListNode? list, bool isAfter)
    {
        for (int i = 0; i < (list?.Count ?? 0); i++)
        {
            if (!ListKeys.TryGet(type, i, list![i], out PathElement element, out _))
            {
                continue;
            }

            int place = index.Find(element);
            if (place < 0)
            {
                place = groups.Count;
                index.Add(element, null);
                groups.Add(([], []));
            }

            (isAfter ? groups[place].After : groups[place].Before).Add(list[i]);
        }
    }
}
