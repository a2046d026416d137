using Bowline.Resources.Model;

namespace Bowline.Cluster.Watching;

/// <summary>Frozen objects by identity, kind, owner and label, behind one lock that is only ever held briefly.</summary>
internal sealed class ObjectIndex
{
    private readonly Lock gate = new();
    private readonly Dictionary<(string Group, string Kind), Dictionary<string, Dictionary<string, MapNode>>> kinds = [];
    private readonly Dictionary<string, HashSet<ResourceId>> byOwner = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Key, string Value), HashSet<ResourceId>> byLabel = [];

    public MapNode? Get(ResourceId id)
    {
        lock (gate)
        {
            return Find(id);
        }
    }

    public IReadOnlyList<MapNode> List(string group, string kind, string @namespace)
    {
        lock (gate)
        {
            if (!kinds.TryGetValue((group, kind), out Dictionary<string, Dictionary<string, MapNode>>? namespaces))
            {
                return [];
            }

            return @namespace.Length == 0
                ? [.. namespaces.Values.SelectMany(objects => objects.Values)]
                : namespaces.TryGetValue(@namespace, out Dictionary<string, MapNode>? within) ? [.. within.Values] : [];
        }
    }

    public IReadOnlyList<MapNode> OwnedBy(string uid)
    {
        lock (gate)
        {
            return byOwner.TryGetValue(uid, out HashSet<ResourceId>? ids) ? [.. ids.Select(Held)] : [];
        }
    }

    public IReadOnlyList<MapNode> Labelled(string key, string value)
    {
        lock (gate)
        {
            return byLabel.TryGetValue((key, value), out HashSet<ResourceId>? ids) ? [.. ids.Select(Held)] : [];
        }
    }

    /// <summary>Puts an object in its place and returns what was there.</summary>
    public MapNode? Put(ResourceId id, MapNode node)
    {
        lock (gate)
        {
            if (!kinds.TryGetValue((id.Group, id.Kind), out Dictionary<string, Dictionary<string, MapNode>>? namespaces))
            {
                kinds[(id.Group, id.Kind)] = namespaces = new(StringComparer.Ordinal);
            }

            if (!namespaces.TryGetValue(id.Namespace, out Dictionary<string, MapNode>? objects))
            {
                namespaces[id.Namespace] = objects = new(StringComparer.Ordinal);
            }

            objects.TryGetValue(id.Name, out MapNode? before);
            if (before is not null)
            {
                Unlink(id, before);
            }

            objects[id.Name] = node;
            Link(id, node);
            return before;
        }
    }

    public MapNode? Remove(ResourceId id)
    {
        lock (gate)
        {
            if (Find(id) is not { } held)
            {
                return null;
            }

            Dictionary<string, Dictionary<string, MapNode>> namespaces = kinds[(id.Group, id.Kind)];
            namespaces[id.Namespace].Remove(id.Name);
            if (namespaces[id.Namespace].Count == 0)
            {
                namespaces.Remove(id.Namespace);
            }

            Unlink(id, held);
            return held;
        }
    }

    private static IEnumerable<string> Owners(MapNode node)
    {
        foreach (Node reference in node["metadata"]?["ownerReferences"]?.AsList() ?? [])
        {
            if (reference["uid"]?.AsString() is { Length: > 0 } uid)
            {
                yield return uid;
            }
        }
    }

    private static IEnumerable<(string Key, string Value)> Labels(MapNode node)
    {
        foreach ((string key, Node value) in node["metadata"]?["labels"]?.AsMap() ?? [])
        {
            yield return (key, value.AsString() ?? string.Empty);
        }
    }

    private static void Remove<TKey>(Dictionary<TKey, HashSet<ResourceId>> index, TKey key, ResourceId id)
        where TKey : notnull
    {
        if (index.TryGetValue(key, out HashSet<ResourceId>? ids) && ids.Remove(id) && ids.Count == 0)
        {
            index.Remove(key);
        }
    }

    private static void Add<TKey>(Dictionary<TKey, HashSet<ResourceId>> index, TKey key, ResourceId id)
        where TKey : notnull
    {
        if (!index.TryGetValue(key, out HashSet<ResourceId>? ids))
        {
            index[key] = ids = [];
        }

        ids.Add(id);
    }

    private MapNode? Find(ResourceId id) =>
        kinds.TryGetValue((id.Group, id.Kind), out Dictionary<string, Dictionary<string, MapNode>>? namespaces)
        && namespaces.TryGetValue(id.Namespace, out Dictionary<string, MapNode>? objects)
        && objects.TryGetValue(id.Name, out MapNode? node) ? node : null;

    private MapNode Held(ResourceId id) => Find(id) ?? throw new InvalidOperationException($"{id} is indexed but not held");

    private void Link(ResourceId id, MapNode node)
    {
        foreach (string uid in Owners(node))
        {
            Add(byOwner, uid, id);
        }

        foreach ((string, string) label in Labels(node))
        {
            Add(byLabel, label, id);
        }
    }

    private void Unlink(ResourceId id, MapNode node)
    {
        foreach (string uid in Owners(node))
        {
            Remove(byOwner, uid, id);
        }

        foreach ((string, string) label in Labels(node))
        {
            Remove(byLabel, label, id);
        }
    }
}
