using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>Takes nothing but some fields of an object, with the keys that tell the list items on the way apart. The result shares what it takes.</summary>
internal static class FieldSelection
{
    /// <returns>Null when nothing of it is wanted.</returns>
    public static Node? Select(Node value, FieldSet wanted, FieldType type) => type.ShapeOf(value) switch
    {
        var shape when shape == FieldShape.Scalar || type.IsAtomic(shape) => value,
        FieldShape.Map => FromMap(value as MapNode, wanted, type),
        _ => FromList(value as ListNode, wanted, type),
    };

    private static MapNode? FromMap(MapNode? map, FieldSet wanted, FieldType type)
    {
        MapNode taken = new();
        foreach ((string key, Node value) in map ?? [])
        {
            PathElement element = PathElement.Field(key);
            if (Take(value, element, wanted, type.MemberOrDeduced(key, out _)) is { } part)
            {
                taken.Add(key, part);
            }
        }

        return taken.Count == 0 ? null : taken;
    }

    private static ListNode? FromList(ListNode? list, FieldSet wanted, FieldType type)
    {
        ListNode taken = new();
        for (int i = 0; i < (list?.Count ?? 0); i++)
        {
            Node item = list![i];
            if (!ListKeys.TryGet(type, i, item, out PathElement element, out _) || Take(item, element, wanted, type.Element) is not { } part)
            {
                continue;
            }

            if (part is MapNode map && item is MapNode whole)
            {
                foreach (string key in type.ListKeys)
                {
                    if (!map.ContainsKey(key) && whole[key] is { } value)
                    {
                        map.Add(key, value);
                    }
                }
            }

            taken.Add(part);
        }

        return taken.Count == 0 ? null : taken;
    }

    private static Node? Take(Node value, in PathElement element, FieldSet wanted, FieldType type) =>
        wanted.Below(element) is { } below ? Select(value, below, type) : wanted.IsMember(element) ? value : null;
}
