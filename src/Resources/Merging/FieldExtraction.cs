using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>Finds the set of fields that an object speaks of.</summary>
internal static class FieldExtraction
{
    public static FieldSet Extract(Node value, FieldType type) => Below(value, type, out _) ?? FieldSet.Empty;

    /// <param name="isLeaf">Whether the value is owned as a whole.</param>
    private static FieldSet? Below(Node value, FieldType type, out bool isLeaf)
    {
        FieldShape shape = type.ShapeOf(value);
        isLeaf = type.IsAtomic(shape);
        return isLeaf ? null : shape == FieldShape.Map ? OfMap(value as MapNode, type) : OfList(value as ListNode, type);
    }

    private static FieldSet? OfMap(MapNode? map, FieldType type)
    {
        if (map is null)
        {
            return null;
        }

        FieldSetEntry[] entries = new FieldSetEntry[map.Count];
        int count = 0;
        foreach ((string key, Node value) in map)
        {
            FieldSet? children = Below(value, type.MemberOrDeduced(key, out bool named), out bool isLeaf);
            bool isMember = isLeaf || !named || value is NullNode or MapNode { Count: 0 };
            if (isMember || children is not null)
            {
                entries[count++] = new FieldSetEntry(PathElement.Field(key), isMember, children);
            }
        }

        return FieldSet.FromEntries(entries, count);
    }

    private static FieldSet? OfList(ListNode? list, FieldType type)
    {
        if (list is null || list.Count == 0)
        {
            return null;
        }

        FieldType elementType = type.Element;
        ListIndex seen = new(list.Count);
        for (int i = 0; i < list.Count; i++)
        {
            if (!ListKeys.TryGet(type, i, list[i], out PathElement element, out _))
            {
                continue;
            }

            int place = seen.Find(element);
            if (place < 0)
            {
                seen.Add(element, list[i]);
            }
            else
            {
                // What belongs to which duplicate is unknown, so only the element itself is owned.
                seen.SetItem(place, null);
            }
        }

        FieldSetEntry[] entries = new FieldSetEntry[seen.Count];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = new FieldSetEntry(seen.Element(i), true, seen.Item(i) is { } item ? Below(item, elementType, out _) : null);
        }

        return FieldSet.FromEntries(entries, entries.Length);
    }
}
