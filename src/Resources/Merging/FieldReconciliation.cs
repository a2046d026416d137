using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>
/// Brings a stored set in line with the schema of today: what became atomic is owned as a whole. What became granular
/// counts as if it had always been so.
/// </summary>
internal static class FieldReconciliation
{
    /// <returns>The same set when there is nothing to do.</returns>
    public static FieldSet Reconcile(FieldSet set, FieldType type)
    {
        FieldSetEntry[]? changed = null;
        for (int i = 0; i < set.Entries.Length; i++)
        {
            FieldSetEntry entry = set.Entries[i];
            if (entry.Children is null || TypeOf(entry.Element, type) is not { } entryType)
            {
                continue;
            }

            FieldSet? children = IsAtomic(entryType) ? null : Reconcile(entry.Children, entryType);
            if (!ReferenceEquals(children, entry.Children))
            {
                changed ??= set.Entries.ToArray();
                changed[i] = children is null ? new FieldSetEntry(entry.Element, true, null) : entry with { Children = children };
            }
        }

        return changed is null ? set : FieldSet.FromEntries(changed, changed.Length)!;
    }

    private static FieldType? TypeOf(in PathElement element, FieldType parent) =>
        element.FieldName is { } name ? parent.AllowsMap ? parent.Member(name, out _) : null : parent.AllowsList ? parent.Element : null;

    private static bool IsAtomic(FieldType type) => type.AllowsMap ? type.MapIsAtomic : type is { AllowsScalar: false, ListType: ListType.Atomic };
}
