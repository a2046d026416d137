using System.Security.Cryptography;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>/api and /apis, legacy and aggregated, made from the kinds served now and kept until these change.</summary>
internal sealed class DiscoveryDocuments(KindRegistry kinds)
{
    private const string AggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    private readonly Lock gate = new();
    private KindCatalog? builtFor;
    private Dictionary<string, (byte[] Body, string Tag)> documents = [];

    public ApiResponse? Answer(ApiRequest request)
    {
        string path = request.Path.TrimEnd('/');
        bool aggregated = path is "/api" or "/apis" && WantsAggregated(request.Accept);
        string key = aggregated ? path + "?aggregated" : path;
        (byte[] Body, string Tag)? found = Find(key);
        if (found is null)
        {
            return null;
        }

        if (!aggregated)
        {
            MediaTypes.Choose(request.Accept);
            // The one document that tells where the client found it.
            byte[] body = path == "/api" ? JsonWriter.ToBytes(Versions(request.Host)) : found.Value.Body;
            return new ApiResponse(200, "application/json", body);
        }

        KeyValuePair<string, string>[] headers = [new("Vary", "Accept"), new("ETag", found.Value.Tag)];
        return request.IfNoneMatch == found.Value.Tag
            ? new ApiResponse(304, AggregatedType, default) { Headers = headers }
            : new ApiResponse(200, AggregatedType, found.Value.Body) { Headers = headers };
    }

    private static bool WantsAggregated(string accept)
    {
        foreach (string clause in accept.Split(',', StringSplitOptions.TrimEntries))
        {
            string[] parts = clause.Split(';', StringSplitOptions.TrimEntries);
            if (parts[0] != "application/json")
            {
                continue;
            }

            if (parts.Contains("as=APIGroupDiscoveryList") && parts.Contains("g=apidiscovery.k8s.io"))
            {
                if (parts.Contains("v=v2"))
                {
                    return true;
                }

                continue;
            }

            return false;
        }

        return false;
    }

    private (byte[] Body, string Tag)? Find(string key)
    {
        lock (gate)
        {
            KindCatalog current = kinds.Current;
            if (!ReferenceEquals(current, builtFor))
            {
                documents = new Dictionary<string, (byte[] Body, string Tag)>(StringComparer.Ordinal);
                builtFor = current;
            }

            if (documents.TryGetValue(key, out (byte[] Body, string Tag) known))
            {
                return known;
            }

            if (Build(current, key) is not { } node)
            {
                return null;
            }

            byte[] body = JsonWriter.ToBytes(node);
            return documents[key] = (body, $"\"{Convert.ToHexString(SHA512.HashData(body))}\"");
        }
    }

    private static MapNode? Build(KindCatalog catalog, string key)
    {
        string[] parts = key.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return (key, parts.Length) switch
        {
            ("/api?aggregated", _) => Aggregated(catalog, core: true),
            ("/apis?aggregated", _) => Aggregated(catalog, core: false),
            ("/api", _) => Versions(string.Empty),
            ("/apis", _) => new MapNode
            {
                ["kind"] = "APIGroupList",
                ["apiVersion"] = "v1",
                ["groups"] = new ListNode(catalog.Groups.Where(group => group.Name.Length > 0).Select(group => (Node)Group(group))),
            },
            (_, 2) when parts[0] == "api" => Resources(catalog, string.Empty, parts[1]),
            (_, 2) => catalog.Groups.FirstOrDefault(group => group.Name == parts[1] && group.Name.Length > 0) is { } group ? GroupDocument(group) : null,
            (_, 3) when parts[0] == "apis" => Resources(catalog, parts[1], parts[2]),
            _ => null,
        };
    }

    private static MapNode Versions(string host) => new()
    {
        ["kind"] = "APIVersions",
        ["versions"] = new ListNode(StringNode.Of("v1")),
        ["serverAddressByClientCIDRs"] = new ListNode(new MapNode { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = host }),
    };

    private static MapNode GroupDocument(ServedGroup group)
    {
        MapNode document = new() { ["kind"] = "APIGroup", ["apiVersion"] = "v1" };
        foreach ((string key, Node value) in Group(group))
        {
            document[key] = value;
        }

        return document;
    }

    private static MapNode Group(ServedGroup group)
    {
        MapNode Version(string version) => new() { ["groupVersion"] = $"{group.Name}/{version}", ["version"] = version };
        return new MapNode
        {
            ["name"] = group.Name,
            ["versions"] = new ListNode(group.Versions.Select(version => (Node)Version(version))),
            ["preferredVersion"] = Version(group.Versions[0]),
        };
    }

    private static MapNode? Resources(KindCatalog catalog, string group, string version)
    {
        if (!catalog.Serves(group, version))
        {
            return null;
        }

        ListNode resources = [];
        foreach (ServedKind kind in catalog.Kinds.Where(kind => kind.Kind.Group == group && kind.Kind.Version == version))
        {
            resources.Add(Resource(kind));
            foreach (ServedSubresource sub in kind.Subresources)
            {
                resources.Add(Subresource(kind, sub));
            }
        }

        string groupVersion = group.Length == 0 ? version : $"{group}/{version}";
        MapNode document = new() { ["kind"] = "APIResourceList" };
        if (group.Length > 0)
        {
            document["apiVersion"] = "v1";
        }

        document["groupVersion"] = groupVersion;
        document["resources"] = resources;
        return document;
    }

    private static MapNode Resource(ServedKind kind)
    {
        MapNode node = new()
        {
            ["name"] = kind.Plural,
            ["singularName"] = kind.Singular,
            ["namespaced"] = kind.Namespaced,
            ["kind"] = kind.Kind.Kind,
            ["verbs"] = Strings(kind.Verbs),
        };
        AddNames(node, kind);
        if (kind.Can("list"))
        {
            node["storageVersionHash"] = Convert.ToBase64String(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{kind.StorageKind.Group}/{kind.StorageKind.Version}/{kind.StorageKind.Kind}"))[..8]);
        }

        return node;
    }

    private static MapNode Subresource(ServedKind kind, ServedSubresource sub)
    {
        MapNode node = new()
        {
            ["name"] = $"{kind.Plural}/{sub.Name}",
            ["singularName"] = string.Empty,
            ["namespaced"] = kind.Namespaced,
        };
        if (sub.Kind.Group != kind.Kind.Group || sub.Kind.Version != kind.Kind.Version)
        {
            node["group"] = sub.Kind.Group;
            node["version"] = sub.Kind.Version;
        }

        node["kind"] = sub.Kind.Kind;
        node["verbs"] = Strings(sub.Verbs);
        return node;
    }

    private static MapNode Aggregated(KindCatalog catalog, bool core) => new()
    {
        ["kind"] = "APIGroupDiscoveryList",
        ["apiVersion"] = "apidiscovery.k8s.io/v2",
        ["metadata"] = new MapNode(),
        ["items"] = new ListNode(catalog.Groups.Where(group => group.Name.Length == 0 == core).Select(group => (Node)AggregatedGroup(catalog, group))),
    };

    private static MapNode AggregatedGroup(KindCatalog catalog, ServedGroup group) => new()
    {
        ["metadata"] = group.Name.Length == 0 ? [] : new MapNode { ["name"] = group.Name },
        ["versions"] = new ListNode(group.Versions.Select(version => (Node)new MapNode
        {
            ["version"] = version,
            ["resources"] = new ListNode(catalog.Kinds.Where(kind => kind.Kind.Group == group.Name && kind.Kind.Version == version).Select(kind => (Node)AggregatedResource(kind))),
            ["freshness"] = "Current",
        })),
    };

    private static MapNode AggregatedResource(ServedKind kind)
    {
        MapNode node = new()
        {
            ["resource"] = kind.Plural,
            ["responseKind"] = ResponseKind(kind.Kind, kind),
            ["scope"] = kind.Namespaced ? "Namespaced" : "Cluster",
            ["singularResource"] = kind.Singular,
            ["verbs"] = Strings(kind.Verbs),
        };
        AddNames(node, kind);
        if (kind.Subresources.Count > 0)
        {
            node["subresources"] = new ListNode(kind.Subresources.Select(sub => (Node)new MapNode
            {
                ["subresource"] = sub.Name,
                ["responseKind"] = ResponseKind(sub.Kind, kind),
                ["verbs"] = Strings(sub.Verbs),
            }));
        }

        return node;
    }

    private static MapNode ResponseKind(ResourceKind shown, ServedKind kind)
    {
        // Built-in kinds leave out the group and version that they share with their resource.
        bool own = kind.Custom is null && shown.Group == kind.Kind.Group && shown.Version == kind.Kind.Version;
        return new MapNode { ["group"] = own ? string.Empty : shown.Group, ["version"] = own ? string.Empty : shown.Version, ["kind"] = shown.Kind };
    }

    private static void AddNames(MapNode node, ServedKind kind)
    {
        if (kind.ShortNames.Count > 0)
        {
            node["shortNames"] = Strings(kind.ShortNames);
        }

        if (kind.Categories.Count > 0)
        {
            node["categories"] = Strings(kind.Categories);
        }
    }

    private static ListNode Strings(IReadOnlyList<string> values) => new(values.Select(value => (Node)StringNode.Of(value)));
}
