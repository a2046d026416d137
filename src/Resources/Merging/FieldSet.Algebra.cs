using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

public sealed partial class FieldSet
{
    public FieldSet Union(FieldSet other)
    {
        if (other.IsEmpty || ReferenceEquals(this, other))
        {
            return this;
        }

        if (IsEmpty)
        {
            return other;
        }

        FieldSetEntry[] merged = new FieldSetEntry[entries.Length + other.entries.Length];
        int count = 0, i = 0, j = 0;
        bool same = true;
        while (i < entries.Length || j < other.entries.Length)
        {
            int order = i == entries.Length ? 1 : j == other.entries.Length ? -1 : PathElement.Compare(entries[i].Element, other.entries[j].Element);
            if (order < 0)
            {
                merged[count++] = entries[i++];
                continue;
            }

            if (order > 0)
            {
                merged[count++] = other.entries[j++];
                same = false;
                continue;
            }

            FieldSetEntry mine = entries[i++];
            FieldSetEntry theirs = other.entries[j++];
            FieldSet? children = mine.Children is null ? theirs.Children : theirs.Children is null ? mine.Children : mine.Children.Union(theirs.Children);
            FieldSetEntry both = new(mine.Element, mine.IsMember || theirs.IsMember, children);
            same &= both.IsMember == mine.IsMember && ReferenceEquals(children, mine.Children);
            merged[count++] = both;
        }

        return same ? this : new FieldSet(merged[..count]);
    }

    public FieldSet Intersect(FieldSet other)
    {
        if (ReferenceEquals(this, other))
        {
            return this;
        }

        FieldSetEntry[] common = new FieldSetEntry[Math.Min(entries.Length, other.entries.Length)];
        int count = 0, i = 0, j = 0;
        while (i < entries.Length && j < other.entries.Length)
        {
            int order = PathElement.Compare(entries[i].Element, other.entries[j].Element);
            if (order < 0)
            {
                i++;
            }
            else if (order > 0)
            {
                j++;
            }
            else
            {
                FieldSetEntry mine = entries[i++];
                FieldSetEntry theirs = other.entries[j++];
                FieldSet? children = mine.Children is null || theirs.Children is null ? null : OrNull(mine.Children.Intersect(theirs.Children));
                if ((mine.IsMember && theirs.IsMember) || children is not null)
                {
                    common[count++] = new FieldSetEntry(mine.Element, mine.IsMember && theirs.IsMember, children);
                }
            }
        }

        return count == 0 ? Empty : new FieldSet(common[..count]);
    }

    /// <summary>The fields of this set that are not in the other one; a field's children are looked at on their own.</summary>
    public FieldSet Except(FieldSet other) => Except(other, recursive: false);

    /// <summary>As <see cref="Except(FieldSet)"/>, but a field in the other set takes everything below it along.</summary>
    public FieldSet ExceptWithChildren(FieldSet other) => Except(other, recursive: true);

    public bool IsSubsetOf(FieldSet other)
    {
        if (ReferenceEquals(this, other))
        {
            return true;
        }

        int j = 0;
        foreach (ref readonly FieldSetEntry mine in entries.AsSpan())
        {
            while (j < other.entries.Length && PathElement.Compare(other.entries[j].Element, mine.Element) < 0)
            {
                j++;
            }

            if (j == other.entries.Length || PathElement.Compare(other.entries[j].Element, mine.Element) != 0)
            {
                return false;
            }

            ref readonly FieldSetEntry theirs = ref other.entries[j];
            bool childrenFit = mine.Children is null || (theirs.Children is not null && mine.Children.IsSubsetOf(theirs.Children));
            if ((mine.IsMember && !theirs.IsMember) || !childrenFit)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The fields without any other field of the set below them.</summary>
    public FieldSet Leaves()
    {
        FieldSetEntry[] leaves = new FieldSetEntry[entries.Length];
        for (int i = 0; i < entries.Length; i++)
        {
            leaves[i] = new FieldSetEntry(entries[i].Element, entries[i].IsMember && entries[i].Children is null, entries[i].Children?.Leaves());
        }

        return new FieldSet(leaves);
    }

    /// <summary>Adds the fields named by the schema that have members below them: taking away the last member takes such a field away too.</summary>
    internal FieldSet WithNamedParents(FieldType? type)
    {
        FieldSetEntry[] ensured = new FieldSetEntry[entries.Length];
        bool changed = false;
        for (int i = 0; i < entries.Length; i++)
        {
            FieldSetEntry entry = entries[i];
            bool named = false;
            FieldType? below = entry.Element.FieldName is { } name && type is { AllowsMap: true } ? type.Member(name, out named)
                : entry.Element.Keys is not null && type is { AllowsList: true } ? type.Element : null;
            FieldSet? children = entry.Children?.WithNamedParents(below);
            ensured[i] = new FieldSetEntry(entry.Element, entry.IsMember || (named && children is not null), children);
            changed |= ensured[i].IsMember != entry.IsMember || !ReferenceEquals(children, entry.Children);
        }

        return changed ? new FieldSet(ensured) : this;
    }

    private static FieldSet? OrNull(FieldSet? set) => set is null || set.IsEmpty ? null : set;

    private FieldSet Except(FieldSet other, bool recursive)
    {
        if (IsEmpty || other.IsEmpty)
        {
            return this;
        }

        FieldSetEntry[] kept = new FieldSetEntry[entries.Length];
        int count = 0, j = 0;
        bool changed = false;
        foreach (FieldSetEntry mine in entries)
        {
            while (j < other.entries.Length && PathElement.Compare(other.entries[j].Element, mine.Element) < 0)
            {
                j++;
            }

            if (j == other.entries.Length || PathElement.Compare(other.entries[j].Element, mine.Element) != 0)
            {
                kept[count++] = mine;
                continue;
            }

            FieldSetEntry theirs = other.entries[j];
            FieldSet? children = recursive && theirs.IsMember ? null
                : mine.Children is null || theirs.Children is null ? mine.Children : OrNull(mine.Children.Except(theirs.Children, recursive));
            bool isMember = mine.IsMember && !theirs.IsMember;
            changed |= isMember != mine.IsMember || !ReferenceEquals(children, mine.Children);
            if (isMember || children is not null)
            {
                kept[count++] = new FieldSetEntry(mine.Element, isMember, children);
            }
        }

        return !changed ? this : count == 0 ? Empty : new FieldSet(kept[..count]);
    }
}
