using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>Lays an applied object over the live one. The result shares no containers with either.</summary>
internal static class ObjectMerge
{
    public static Node? Merge(Node? live, Node? applied, FieldType type)
    {
        FieldShape shape = applied is null ? type.ShapeOf(live) : type.ShapeOf(applied);
        bool emptyLive = live is not (MapNode { Count: > 0 } or ListNode { Count: > 0 });
        bool emptyApplied = applied is not (MapNode { Count: > 0 } or ListNode { Count: > 0 });
        // Untyped fields may change from a list to a map; then nothing is left of the list.
        bool becomesMap = shape == FieldShape.Map && live is ListNode;
        if (type.IsAtomic(shape) || becomesMap || (emptyLive && emptyApplied))
        {
            return (applied ?? live)?.DeepClone();
        }

        return shape == FieldShape.Map
            ? MergeMaps(live as MapNode, applied as MapNode, type)
            : MergeLists(live as ListNode, applied as ListNode, type);
    }

    private static MapNode? MergeMaps(MapNode? live, MapNode? applied, FieldType type)
    {
        MapNode merged = new(Math.Max(live?.Count ?? 0, applied?.Count ?? 0));
        foreach ((string key, Node value) in live ?? [])
        {
            Node? change = applied?[key];
            Node? result = change is null ? value.DeepClone() : Merge(value, change, type.MemberOrDeduced(key, out _));
            if (result is not null)
            {
                merged.Add(key, result);
            }
        }

        foreach ((string key, Node value) in applied ?? [])
        {
            if (live is null || !live.ContainsKey(key))
            {
                merged.Add(key, value.DeepClone());
            }
        }

        return merged.Count == 0 ? null : merged;
    }

    private static ListNode? MergeLists(ListNode? live, ListNode? applied, FieldType type)
    {
        ListIndex appliedItems = Index(type, applied);
        List<(PathElement Element, Node Item)> liveItems = [];
        ListIndex liveIndex = new(live?.Count ?? 0);
        for (int i = 0; i < (live?.Count ?? 0); i++)
        {
            if (!ListKeys.TryGet(type, i, live![i], out PathElement element, out _))
            {
                continue;
            }

            liveItems.Add((element, live[i]));
            int place = liveIndex.Find(element);
            if (place < 0)
            {
                liveIndex.Add(element, live[i]);
            }
            else
            {
                // Duplicates are not merged with what is applied, but replaced by it.
                liveIndex.SetItem(place, null);
            }
        }

        ListNode merged = new Interleaving(type.Element, liveItems, liveIndex, appliedItems).Run();
        return merged.Count == 0 ? null : merged;
    }

    private static ListIndex Index(FieldType type, ListNode? list)
    {
        ListIndex items = new(list?.Count ?? 0);
        for (int i = 0; i < (list?.Count ?? 0); i++)
        {
            if (ListKeys.TryGet(type, i, list![i], out PathElement element, out _) && items.Find(element) < 0)
            {
                items.Add(element, list[i]);
            }
        }

        return items;
    }

    /// <summary>
    /// Orders the merged list: shared items stand as the applied list has them; items of the live list alone keep their
    /// place before the next shared one.
    /// </summary>
    private sealed class Interleaving(FieldType elementType, List<(PathElement Element, Node Item)> live, ListIndex liveIndex, ListIndex applied)
    {
        private readonly ListNode merged = new(Math.Max(live.Count, applied.Count));
        private readonly bool[] done = new bool[applied.Count];
        // The places (in the applied list) of the items that both lists have.
        private readonly Queue<int> shared = new(Enumerable.Range(0, applied.Count).Where(place => liveIndex.Find(applied.Element(place)) >= 0));
        private int nextShared = -1;
        private int atLive;
        private int atApplied;

        public ListNode Run()
        {
            Advance();
            while (atLive < live.Count || atApplied < applied.Count)
            {
                int place = atLive < live.Count ? applied.Find(live[atLive].Element) : -1;
                if (atLive < live.Count && atApplied < applied.Count)
                {
                    if (place == atApplied)
                    {
                        TakeApplied();
                        atLive++;
                        Advance();
                        continue;
                    }

                    if (place >= 0 && nextShared >= 0 && place != nextShared)
                    {
                        // Shared, but another one is due first.
                        atLive++;
                        continue;
                    }
                }

                if (atLive < live.Count && place < 0)
                {
                    merged.Add(live[atLive++].Item.DeepClone());
                    continue;
                }

                if (atLive < live.Count && done[place])
                {
                    atLive++;
                }

                if (atApplied < applied.Count)
                {
                    bool wasNext = nextShared == atApplied;
                    TakeApplied();
                    if (wasNext)
                    {
                        Advance();
                    }
                }
            }

            return merged;
        }

        private void Advance() => nextShared = shared.TryDequeue(out int place) ? place : -1;

        private void TakeApplied()
        {
            PathElement element = applied.Element(atApplied);
            int place = liveIndex.Find(element);
            Node? result = Merge(place < 0 ? null : liveIndex.Item(place), applied.Item(atApplied), elementType);
            if (result is not null)
            {
                merged.Add(result);
            }

            done[atApplied++] = true;
        }
    }
}
