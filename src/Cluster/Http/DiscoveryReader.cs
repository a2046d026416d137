using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Cluster.Http;

/// <summary>Understands the discovery documents: APIGroupDiscoveryList (v2, v2beta1) and the older APIResourceList.</summary>
internal static class DiscoveryReader
{
    public static IEnumerable<DiscoveredGroup> ReadAggregated(Node document)
    {
        foreach (Node item in Items(document, "items"))
        {
            string group = item.At("metadata", "name")?.AsString() ?? string.Empty;
            yield return new DiscoveredGroup(group, [.. Items(item, "versions").Select(version => ReadVersion(group, version))]);
        }
    }

    /// <summary>Resources named <c>pods/status</c> become subresources of <c>pods</c>.</summary>
    public static IReadOnlyList<KindInfo> ReadResourceList(string group, string version, Node document)
    {
        ILookup<string, string> subresources = Items(document, "resources")
            .Select(resource => (resource["name"]?.AsString() ?? string.Empty).Split('/', 2))
            .Where(parts => parts.Length == 2)
            .ToLookup(parts => parts[0], parts => parts[1]);
        List<KindInfo> kinds = [];
        foreach (Node resource in Items(document, "resources"))
        {
            string name = resource["name"]?.AsString() ?? string.Empty;
            string kind = resource["kind"]?.AsString() ?? string.Empty;
            if (name.Length > 0 && kind.Length > 0 && !name.Contains('/', StringComparison.Ordinal))
            {
                kinds.Add(new KindInfo(new ResourceKind(group, version, kind), name, resource["namespaced"]?.AsBool() ?? false)
                {
                    Verbs = Texts(resource["verbs"]),
                    ShortNames = Texts(resource["shortNames"]),
                    Subresources = [.. subresources[name]],
                });
            }
        }

        return kinds;
    }

    public static IEnumerable<Node> Items(Node? node, string list) => node?[list]?.AsList() ?? Enumerable.Empty<Node>();

    public static IReadOnlyList<string> Texts(Node? list) => [.. (list?.AsList() ?? Enumerable.Empty<Node>()).Select(item => item.AsString()).OfType<string>()];

    private static DiscoveredVersion ReadVersion(string group, Node version)
    {
        string name = version["version"]?.AsString() ?? string.Empty;
        // The aggregator keeps the last it heard of an API whose server is down.
        if (version["freshness"]?.AsString() == "Stale")
        {
            return new DiscoveredVersion(name, [], "its API server does not answer");
        }

        List<KindInfo> kinds = [];
        foreach (Node resource in Items(version, "resources"))
        {
            string plural = resource["resource"]?.AsString() ?? string.Empty;
            string kind = resource.At("responseKind", "kind")?.AsString() ?? string.Empty;
            if (plural.Length > 0 && kind.Length > 0)
            {
                kinds.Add(new KindInfo(new ResourceKind(group, name, kind), plural, resource["scope"]?.AsString() == "Namespaced")
                {
                    Verbs = Texts(resource["verbs"]),
                    ShortNames = Texts(resource["shortNames"]),
                    Subresources = [.. Items(resource, "subresources").Select(sub => sub["subresource"]?.AsString()).OfType<string>()],
                });
            }
        }

        return new DiscoveredVersion(name, kinds, null);
    }
}
