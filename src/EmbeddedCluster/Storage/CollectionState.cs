using System.Collections.Immutable;

namespace Bowline.EmbeddedCluster.Storage;

/// <summary>All objects of one kind at one moment: namespaces, and names in them, in etcd's key order.</summary>
internal sealed class CollectionSnapshot
{
    private static readonly IComparer<string> NamespaceOrder = Comparer<string>.Create(CompareNamespaces);

    private CollectionSnapshot(long revision, int count, ImmutableSortedDictionary<string, ImmutableSortedDictionary<string, StoredObject>> namespaces)
    {
        Revision = revision;
        Count = count;
        Namespaces = namespaces;
    }

    public static CollectionSnapshot Empty { get; } = new(0, 0, ImmutableSortedDictionary.Create<string, ImmutableSortedDictionary<string, StoredObject>>(NamespaceOrder));

    /// <summary>The revision of the last change in it.</summary>
    public long Revision { get; }

    public int Count { get; }

    public ImmutableSortedDictionary<string, ImmutableSortedDictionary<string, StoredObject>> Namespaces { get; }

    public StoredObject? Get(string @namespace, string name) =>
        Namespaces.TryGetValue(@namespace, out ImmutableSortedDictionary<string, StoredObject>? names) && names.TryGetValue(name, out StoredObject? found) ? found : null;

    /// <summary>Every object, or those of one namespace, in key order.</summary>
    public IEnumerable<StoredObject> In(string? @namespace) =>
        @namespace is null
            ? Namespaces.Values.SelectMany(names => names.Values)
            : Namespaces.TryGetValue(@namespace, out ImmutableSortedDictionary<string, StoredObject>? only) ? only.Values : [];

    public CollectionSnapshot With(StoredObject item)
    {
        ImmutableSortedDictionary<string, StoredObject> names = Namespaces.GetValueOrDefault(item.Namespace) ?? ImmutableSortedDictionary.Create<string, StoredObject>(StringComparer.Ordinal);
        int added = names.ContainsKey(item.Name) ? 0 : 1;
        return new CollectionSnapshot(item.Revision, Count + added, Namespaces.SetItem(item.Namespace, names.SetItem(item.Name, item)));
    }

    public CollectionSnapshot Without(string @namespace, string name, long revision)
    {
        if (!Namespaces.TryGetValue(@namespace, out ImmutableSortedDictionary<string, StoredObject>? names) || !names.ContainsKey(name))
        {
            return this;
        }

        ImmutableSortedDictionary<string, StoredObject> rest = names.Remove(name);
        return new CollectionSnapshot(revision, Count - 1, rest.IsEmpty ? Namespaces.Remove(@namespace) : Namespaces.SetItem(@namespace, rest));
    }

    private static int CompareNamespaces(string? left, string? right)
    {
        // Keys are namespace/name, so "a-b/x" comes before "a/x".
        int shared = Math.Min(left!.Length, right!.Length);
        int order = string.CompareOrdinal(left, 0, right, 0, shared);
        if (order != 0 || left.Length == right.Length)
        {
            return order;
        }

        return left.Length < right.Length ? '/'.CompareTo(right[shared]) : left[shared].CompareTo('/');
    }
}

/// <summary>The live state of one collection; written under the store's lock, read without.</summary>
internal sealed class CollectionState(long floor, int history)
{
    private volatile CollectionSnapshot snapshot = CollectionSnapshot.Empty;

    public CollectionSnapshot Snapshot
    {
        get => snapshot;
        set => snapshot = value;
    }

    public EventLog Log { get; } = new(floor, history);
}
