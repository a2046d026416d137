using System.Diagnostics.CodeAnalysis;
using Bowline.Resources.Model;

namespace Bowline.Resources.Merging;

/// <summary>
/// An immutable set of field paths, such as the fields that one manager owns. Owning a field says nothing of its parents
/// or children; each is in the set or not.
/// </summary>
public sealed partial class FieldSet : IEquatable<FieldSet>
{
    public static readonly FieldSet Empty = new([]);

    private readonly FieldSetEntry[] entries;

    /// <param name="entries">Sorted, without empty ones; taken over.</param>
    private FieldSet(FieldSetEntry[] entries) => this.entries = entries;

    public bool IsEmpty => entries.Length == 0;

    /// <summary>How many fields are in the set.</summary>
    public int Count
    {
        get
        {
            int count = 0;
            foreach (ref readonly FieldSetEntry entry in entries.AsSpan())
            {
                count += (entry.IsMember ? 1 : 0) + (entry.Children?.Count ?? 0);
            }

            return count;
        }
    }

    internal ReadOnlySpan<FieldSetEntry> Entries => entries;

    /// <summary>A set of fields by name, such as <c>Of(["metadata", "name"], ["status"])</c>.</summary>
    public static FieldSet Of(params string[][] paths)
    {
        FieldSet set = Empty;
        foreach (string[] path in paths)
        {
            FieldSet? below = null;
            for (int i = path.Length - 1; i >= 0; i--)
            {
                below = new FieldSet([new FieldSetEntry(PathElement.Field(path[i]), i == path.Length - 1, below)]);
            }

            set = set.Union(below ?? Empty);
        }

        return set;
    }

    /// <summary>Whether the field at the end of these names is in the set.</summary>
    public bool Contains(params ReadOnlySpan<string> path)
    {
        FieldSet? set = this;
        for (int i = 0; i < path.Length; i++)
        {
            int at = set.Find(PathElement.Field(path[i]));
            if (at < 0)
            {
                return false;
            }

            if (i == path.Length - 1)
            {
                return set.entries[at].IsMember;
            }

            set = set.entries[at].Children;
            if (set is null)
            {
                return false;
            }
        }

        return false;
    }

    /// <summary>Every field as Kubernetes prints it (<c>.spec.containers[name="a"].image</c>): a level's own fields before those below.</summary>
    public IReadOnlyList<string> Paths()
    {
        List<string> paths = [];
        AddPaths(string.Empty, paths);
        return paths;
    }

    public bool Equals([NotNullWhen(true)] FieldSet? other)
    {
        if (ReferenceEquals(this, other))
        {
            return true;
        }

        if (other is null || other.entries.Length != entries.Length)
        {
            return false;
        }

        for (int i = 0; i < entries.Length; i++)
        {
            ref readonly FieldSetEntry a = ref entries[i];
            ref readonly FieldSetEntry b = ref other.entries[i];
            bool same = a.IsMember == b.IsMember && PathElement.Compare(a.Element, b.Element) == 0
                && (a.Children is null ? b.Children is null : a.Children.Equals(b.Children));
            if (!same)
            {
                return false;
            }
        }

        return true;
    }

    public override bool Equals(object? obj) => Equals(obj as FieldSet);

    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (FieldSetEntry entry in entries)
        {
            hash.Add(entry.Element.GetHashCode());
        }

        return hash.ToHashCode();
    }

    /// <summary>One path a line.</summary>
    public override string ToString() => string.Join('\n', Paths());

    internal static FieldSet? FromEntries(FieldSetEntry[] buffer, int count)
    {
        if (count == 0)
        {
            return null;
        }

        Span<FieldSetEntry> used = buffer.AsSpan(0, count);
        Sort(used);
        return new FieldSet(count == buffer.Length ? buffer : used.ToArray());
    }

    internal bool IsMember(in PathElement element)
    {
        int at = Find(element);
        return at >= 0 && entries[at].IsMember;
    }

    internal FieldSet? Below(in PathElement element)
    {
        int at = Find(element);
        return at < 0 ? null : entries[at].Children;
    }

    private static void Sort(Span<FieldSetEntry> entries)
    {
        for (int i = 1; i < entries.Length; i++)
        {
            if (PathElement.Compare(entries[i - 1].Element, entries[i].Element) > 0)
            {
                entries.Sort(static (left, right) => PathElement.Compare(left.Element, right.Element));
                return;
            }
        }
    }

    private int Find(in PathElement element)
    {
        int low = 0;
        int high = entries.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            int order = PathElement.Compare(entries[middle].Element, element);
            if (order == 0)
            {
                return middle;
            }

            if (order < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return ~low;
    }

    private void AddPaths(string prefix, List<string> paths)
    {
        foreach (FieldSetEntry entry in entries)
        {
            if (entry.IsMember)
            {
                paths.Add(prefix + entry.Element);
            }
        }

        foreach (FieldSetEntry entry in entries)
        {
            entry.Children?.AddPaths(prefix + entry.Element, paths);
        }
    }
}

/// <summary>One step of a set: whether it is itself a member, and the members below it (never an empty set).</summary>
internal readonly record struct FieldSetEntry(PathElement Element, bool IsMember, FieldSet? Children);
