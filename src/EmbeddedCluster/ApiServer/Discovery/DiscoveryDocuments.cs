using System.Collections.Concurrent;
using System.Security.Cryptography;
using Bowline.EmbeddedCluster.ApiServer.Aggregation;
using Bowline.EmbeddedCluster.ApiServer.Bodies;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Discovery;

/// <summary>/api and /apis, legacy and aggregated, made from the kinds served now and kept until these change.</summary>
internal sealed class DiscoveryDocuments(KindRegistry kinds)
{
    private readonly Lock gate = new();
    private KindCatalog? builtFor;
    private Dictionary<string, Document> documents = [];

    /// <returns>Null where nothing is discovered.</returns>
    public ApiResponse? Answer(ApiRequest request)
    {
        string path = request.Path.TrimEnd('/');
        Accepted accepted = MediaTypes.ChooseDiscovery(request.Accept, path is "/api" or "/apis");
        if (Find(accepted.Presentation == Presentation.GroupDiscovery ? path + "?aggregated" : path) is not { } found)
        {
            return null;
        }

        if (accepted.Presentation != Presentation.GroupDiscovery)
        {
            // The one document that tells where the client found it.
            return new ApiResponse(200, accepted.ContentType, path == "/api" ? ListEncoder.Bytes(Versions(request.Host), accepted) : found.In(accepted));
        }

        KeyValuePair<string, string>[] headers = [new("Vary", "Accept"), new("ETag", found.Tag), new("Cache-Control", "public")];
        return request.IfNoneMatch == found.Tag
            ? new ApiResponse(304, accepted.ContentType, default) { Headers = headers }
            : new ApiResponse(200, accepted.ContentType, found.In(accepted)) { Headers = headers };
    }

    private Document? Find(string key)
    {
        lock (gate)
        {
            KindCatalog current = kinds.Current;
            if (!ReferenceEquals(current, builtFor))
            {
                documents = new Dictionary<string, Document>(StringComparer.Ordinal);
                builtFor = current;
            }

            if (documents.TryGetValue(key, out Document? known))
            {
                return known;
            }

            return Build(current, key) is { } node ? documents[key] = new Document(node) : null;
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
                ["groups"] = new ListNode(RemoteDiscovery.Groups(catalog).Where(group => group.Name.Length > 0).Select(group => (Node)Group(group))),
            },
            (_, 2) when parts[0] == "api" => Resources(catalog, string.Empty, parts[1]),
            (_, 2) => RemoteDiscovery.Groups(catalog).FirstOrDefault(group => group.Name == parts[1] && group.Name.Length > 0) is { } group ? GroupDocument(group) : null,
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
        ["items"] = new ListNode(RemoteDiscovery.Groups(catalog).Where(group => group.Name.Length == 0 == core).Select(group => (Node)AggregatedGroup(catalog, group))),
    };

    private static MapNode AggregatedGroup(KindCatalog catalog, ServedGroup group) => new()
    {
        ["metadata"] = group.Name.Length == 0 ? [] : new MapNode { ["name"] = group.Name },
        ["versions"] = new ListNode(group.Versions.Select(version => (Node?)RemoteDiscovery.Version(catalog, group.Name, version) ?? new MapNode
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

    /// <summary>A document in the forms that were asked for; its tag is that of the JSON in every form, which Vary allows.</summary>
    private sealed class Document(MapNode node)
    {
        private readonly ConcurrentDictionary<BodyEncoding, byte[]> written = new();

        public string Tag => field ??= $"\"{Convert.ToHexString(SHA512.HashData(Write(BodyEncoding.Json)))}\"";

        public byte[] In(Accepted accepted) => Write(accepted.Encoding);

        private byte[] Write(BodyEncoding encoding) => written.GetOrAdd(encoding, (wanted, document) => ListEncoder.Bytes(document, new Accepted(wanted, Presentation.Object, false)), node);
    }
}
