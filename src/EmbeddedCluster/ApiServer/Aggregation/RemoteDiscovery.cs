using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Aggregation;

/// <summary>What other API servers serve, as this server's discovery tells of it.</summary>
internal static class RemoteDiscovery
{
    /// <summary>All groups; a version that is served here comes before those that are served elsewhere.</summary>
    public static IEnumerable<ServedGroup> Groups(KindCatalog catalog)
    {
        foreach (ServedGroup group in catalog.Groups)
        {
            string[] elsewhere = [.. catalog.Remotes.Where(remote => remote.Group == group.Name).Select(remote => remote.Version)];
            yield return elsewhere.Length == 0 ? group : new ServedGroup(group.Name, [.. group.Versions, .. elsewhere]);
        }

        foreach (IGrouping<string, RemoteVersion> group in catalog.Remotes.GroupBy(remote => remote.Group).Where(group => catalog.Groups.All(own => own.Name != group.Key)))
        {
            yield return new ServedGroup(group.Key, [.. group.Select(remote => remote.Version)]);
        }
    }

    /// <summary>A version for aggregated discovery, made from its list of resources; stale while that cannot be had. Null when it is served here.</summary>
    public static MapNode? Version(KindCatalog catalog, string group, string version)
    {
        if (catalog.Remotes.FirstOrDefault(remote => remote.Group == group && remote.Version == version) is not { } found)
        {
            return null;
        }

        ListNode all = found.Resources?["resources"]?.AsList() ?? [];
        ILookup<string, Node> subresources = all.Where(item => Name(item).Contains('/', StringComparison.Ordinal)).ToLookup(item => Name(item).Split('/')[0]);
        ListNode resources = new(all.Where(item => !Name(item).Contains('/', StringComparison.Ordinal)).Select(item => (Node)Resource(found, item, subresources[Name(item)])));
        MapNode node = new() { ["version"] = version };
        if (resources.Count > 0)
        {
            node["resources"] = resources;
        }

        node["freshness"] = found.Resources is null ? "Stale" : "Current";
        return node;
    }

    private static MapNode Resource(RemoteVersion remote, Node item, IEnumerable<Node> subresources)
    {
        MapNode node = new()
        {
            ["resource"] = Name(item),
            ["responseKind"] = Kind(remote, item),
            ["scope"] = item["namespaced"]?.AsBool() == true ? "Namespaced" : "Cluster",
            ["singularResource"] = item["singularName"]?.AsString() ?? string.Empty,
            ["verbs"] = item["verbs"] ?? new ListNode(),
        };
        foreach (string member in (ReadOnlySpan<string>)["shortNames", "categories"])
        {
            if (item[member] is ListNode { Count: > 0 } names)
            {
                node[member] = names;
            }
        }

        ListNode subs = new(subresources.Select(sub => (Node)new MapNode
        {
            ["subresource"] = Name(sub)[(Name(sub).IndexOf('/', StringComparison.Ordinal) + 1)..],
            ["responseKind"] = Kind(remote, sub),
            ["verbs"] = sub["verbs"] ?? new ListNode(),
        }));
        if (subs.Count > 0)
        {
            node["subresources"] = subs;
        }

        return node;
    }

    private static MapNode Kind(RemoteVersion remote, Node item) => new()
    {
        ["group"] = item["group"]?.AsString() is { Length: > 0 } group ? group : remote.Group,
        ["version"] = item["version"]?.AsString() is { Length: > 0 } version ? version : remote.Version,
        ["kind"] = item["kind"]?.AsString() ?? string.Empty,
    };

    private static string Name(Node item) => item["name"]?.AsString() ?? string.Empty;
}
