using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>
/// Brings a stored set in line with the schema of today: what became atomic is owned as a whole, and a map or list that
/// is owned as a whole though it merges member by member is owned with all its live members.
/// </summary>
internal static class FieldReconciliation
{
    /// <returns>The same set when there is nothing to do.</returns>
    public static FieldSet Reconcile(FieldSet set, FieldType type, Node? live) =>
        NeedsWork(set, type) ? Below(set, type, live) : set;

    /// <summary>A first look that does not need the live object; nearly every set passes it.</summary>
    private static bool NeedsWork(FieldSet set, FieldType type)
    {
        foreach (ref readonly FieldSetEntry entry in set.Entries)
        {
            if (TypeOf(entry.Element, type) is not { } entryType)
            {
                continue;
            }

            if (entry.Children is null ? IsGranular(entryType) : IsAtomic(entryType) || NeedsWork(entry.Children, entryType))
            {
                return true;
            }
        }

        return false;
    }

    private static FieldSet Below(FieldSet set, FieldType type, Node? live)
    {
        FieldSetEntry[] entries = set.Entries.ToArray();
        LiveChildren children = new(live, type);
        bool changed = false;
        for (int i = 0; i < entries.Length; i++)
        {
            FieldSetEntry entry = entries[i];
            if (TypeOf(entry.Element, type) is not { } entryType)
            {
                continue;
            }

            if (entry.Children is not null)
            {
                entries[i] = IsAtomic(entryType)
                    ? new FieldSetEntry(entry.Element, true, null)
                    : entry with { Children = Below(entry.Children, entryType, children.Find(entry.Element)) };
            }
            else if (IsGranular(entryType) && children.Find(entry.Element) is MapNode or ListNode)
            {
                FieldSet members = FieldExtraction.Extract(children.Find(entry.Element)!, entryType);
                entries[i] = entry with { Children = members.IsEmpty ? null : members };
            }

            changed |= !ReferenceEquals(entries[i].Children, entry.Children) || entries[i].IsMember != entry.IsMember;
        }

        return changed ? FieldSet.FromEntries(entries, entries.Length)! : set;
    }

    private static FieldType? TypeOf(in PathElement element, FieldType parent) =>
        element.FieldName is { } name ? parent.AllowsMap ? parent.Member(name, out _) : null : parent.AllowsList ? parent.Element : null;

    private static bool IsAtomic(FieldType type) => type.AllowsMap ? type.MapIsAtomic : type is { AllowsScalar: false, ListType: ListType.Atomic };

    private static bool IsGranular(FieldType type) => type.AllowsMap ? !type.MapIsAtomic : type is { AllowsScalar: false, ListType: not ListType.Atomic };

    /// <summary>The members of a live map or list by path element; a list is indexed when first asked.</summary>
    private sealed class LiveChildren(Node? live, FieldType type)
    {
        private ListIndex? items;

        public Node? Find(in PathElement element)
        {
            if (element.FieldName is { } name)
            {
                return live?[name];
            }

            if (live is not ListNode list)
            {
                return null;
            }

            if (items is null)
            {
                items = new ListIndex(list.Count);
                for (int i = 0; i < list.Count; i++)
                {
                    if (ListKeys.TryGet(type, i, list[i], out PathElement key, out _) && items.Find(key) < 0)
                    {
                        items.Add(key, list[i]);
                    }
                }
            }

            int place = items.Find(element);
            return place < 0 ? null : items.Item(place);
        }
    }
}
