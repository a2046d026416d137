using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>Takes fields out of an object; what loses its last member but not itself stays as an empty map or list. The result shares what it keeps.</summary>
internal static class FieldRemoval
{
    /// <returns>Null when nothing is left.</returns>
    public static Node? Remove(Node value, FieldSet unwanted, FieldType type)
    {
        FieldShape shape = type.ShapeOf(value);
        return shape switch
        {
            FieldShape.Scalar => value,
            // Something below an atomic value is unwanted, and it goes as a whole.
            _ when type.IsAtomic(shape) => null,
            FieldShape.Map => FromMap(value as MapNode, unwanted, type),
            _ => FromList(value as ListNode, unwanted, type),
        };
    }

    private static MapNode? FromMap(MapNode? map, FieldSet unwanted, FieldType type)
    {
        MapNode kept = new(map?.Count ?? 0);
        foreach ((string key, Node value) in map ?? [])
        {
            PathElement element = PathElement.Field(key);
            if (unwanted.IsMember(element))
            {
                continue;
            }

            FieldSet? below = unwanted.Below(element);
            kept.Add(key, below is null ? value : Remove(value, below, type.MemberOrDeduced(key, out _)) ?? Empty(value));
        }

        return kept.Count == 0 ? null : kept;
    }

    private static ListNode? FromList(ListNode? list, FieldSet unwanted, FieldType type)
    {
        ListNode kept = new(list?.Count ?? 0);
        for (int i = 0; i < (list?.Count ?? 0); i++)
        {
            Node item = list![i];
            if (!ListKeys.TryGet(type, i, item, out PathElement element, out _))
            {
                kept.Add(item);
                continue;
            }

            if (unwanted.IsMember(element))
            {
                continue;
            }

            FieldSet? below = unwanted.Below(element);
            kept.Add(below is null ? item : Remove(item, below, type.Element) ?? Empty(item));
        }

        return kept.Count == 0 ? null : kept;
    }

    private static Node Empty(Node value) => value switch
    {
        MapNode => new MapNode(),
        ListNode => new ListNode(),
        _ => Node.Null,
    };
}
