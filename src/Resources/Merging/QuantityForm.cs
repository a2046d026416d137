using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>Rewrites quantities of an applied object in the live object's form where both mean the same, and drops nulls without effect.</summary>
internal static class QuantityForm
{
    /// <param name="applied">Changed in place.</param>
    public static MapNode AsLive(MapNode applied, MapNode live, Schema? schema)
    {
        foreach ((string key, Node value) in applied.ToArray())
        {
            Node? current = live[key];
            if (value.IsNull && current is null)
            {
                applied.Remove(key);
                continue;
            }

            Schema? field = schema?.Field(key);
            if (field is null || current is null)
            {
                continue;
            }

            if (field.Format == "quantity")
            {
                if (!value.DeepEquals(current) && Quantity.AreEqual(value, current))
                {
                    applied.Set(key, current);
                }
            }
            else if (value is MapNode map && current is MapNode currentMap)
            {
                AsLive(map, currentMap, field);
            }
            else if (value is ListNode list && current is ListNode currentList)
            {
                OfList(list, currentList, field);
            }
        }

        return applied;
    }

    private static void OfList(ListNode applied, ListNode live, Schema schema)
    {
        FieldType type = schema.Merging;
        ListIndex items = new(live.Count);
        for (int i = 0; i < live.Count; i++)
        {
            if (ListKeys.TryGet(type, i, live[i], out PathElement element, out _) && items.Find(element) < 0)
            {
                items.Add(element, live[i]);
            }
        }

        for (int i = 0; i < applied.Count; i++)
        {
            if (applied[i] is MapNode map && ListKeys.TryGet(type, i, map, out PathElement element, out _) && items.Find(element) is >= 0 and int place && items.Item(place) is MapNode current)
            {
                AsLive(map, current, schema.Items);
            }
        }
    }
}
