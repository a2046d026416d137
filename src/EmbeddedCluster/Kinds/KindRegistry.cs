using System.Collections.Frozen;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kinds;

/// <summary>A group with its versions, preferred one first.</summary>
internal sealed record ServedGroup(string Name, IReadOnlyList<string> Versions);

/// <summary>A group-version that another API server serves.</summary>
/// <param name="Resources">Its APIResourceList; null while that server cannot be reached.</param>
internal sealed record RemoteVersion(string Group, string Version, MapNode? Resources)
{
    /// <summary>What it says of itself in OpenAPI v2: its paths, and the definitions that they need; null when it says nothing that can be read.</summary>
    public MapNode? Version2 { get; init; }

    /// <summary>Its document of OpenAPI v3; null when it has none that can be read.</summary>
    public byte[]? Version3 { get; init; }

    public bool SaysTheSame(RemoteVersion other) =>
        Group == other.Group && Version == other.Version && Node.DeepEquals(Resources, other.Resources) && ReferenceEquals(Version2, other.Version2) && ReferenceEquals(Version3, other.Version3);
}

/// <summary>Everything served at one moment; replaced as a whole when a CRD changes.</summary>
internal sealed class KindCatalog
{
    private readonly FrozenDictionary<(string Group, string Version, string Plural), ServedKind> byPlural;
    private readonly FrozenDictionary<ResourceKind, ServedKind> byKind;

    public KindCatalog(IReadOnlyList<ServedKind> kinds, IReadOnlyList<ServedGroup> groups, IReadOnlyList<RemoteVersion>? remotes = null)
    {
        Kinds = kinds;
        Groups = groups;
        Remotes = [.. (remotes ?? []).Where(remote => !Serves(remote.Group, remote.Version))];
        byPlural = kinds.ToFrozenDictionary(kind => (kind.Kind.Group, kind.Kind.Version, kind.Plural));
        byKind = kinds.DistinctBy(kind => kind.Kind).ToFrozenDictionary(kind => kind.Kind);
    }

    public IReadOnlyList<ServedKind> Kinds { get; }

    /// <summary>Core group first (named empty), then in discovery order.</summary>
    public IReadOnlyList<ServedGroup> Groups { get; }

    /// <summary>What others serve, in discovery order; found in discovery and OpenAPI alone.</summary>
    public IReadOnlyList<RemoteVersion> Remotes { get; }

    public ServedKind? Find(string group, string version, string plural) => byPlural.GetValueOrDefault((group, version, plural));

    public ServedKind? Find(ResourceKind kind) => byKind.GetValueOrDefault(kind);

    public bool Serves(string group, string version) => Groups.Any(found => found.Name == group && found.Versions.Contains(version));

    /// <summary>The version of a collection in which its objects are stored.</summary>
    public ServedKind? Stored(string collection) => Kinds.FirstOrDefault(kind => kind.Collection == collection && kind.Kind == kind.StorageKind)
        ?? Kinds.FirstOrDefault(kind => kind.Collection == collection);
}

/// <summary>The kinds that the server answers for.</summary>
internal sealed class KindRegistry
{
    private static readonly Lazy<KindCatalog> BuiltIns = new(BuiltInKinds.Load);
    private readonly Lock gate = new();
    private IReadOnlyList<ServedKind> custom = [];
    private IReadOnlyList<ServedGroup> customGroups = [];
    private IReadOnlyList<ServedKind> added = [];
    private IReadOnlyList<ServedGroup> addedGroups = [];
    private IReadOnlyList<RemoteVersion> remotes = [];
    private volatile KindCatalog current = BuiltIns.Value;

    public static KindCatalog BuiltIn => BuiltIns.Value;

    public KindCatalog Current => current;

    /// <summary>Serves the given custom kinds beside the built-in ones.</summary>
    public void Replace(IReadOnlyList<ServedKind> custom, IReadOnlyList<ServedGroup> customGroups)
    {
        lock (gate)
        {
            (this.custom, this.customGroups) = (custom, customGroups);
            Rebuild();
        }
    }

    /// <summary>Serves the kinds of one more group, as an aggregated API server would.</summary>
    public void Add(IReadOnlyList<ServedKind> kinds, ServedGroup group)
    {
        lock (gate)
        {
            if (addedGroups.Any(known => known.Name == group.Name))
            {
                return;
            }

            added = [.. added, .. kinds];
            addedGroups = [.. addedGroups, group];
            Rebuild();
        }
    }

    /// <summary>Tells in discovery of what other API servers serve.</summary>
    public void Discover(IReadOnlyList<RemoteVersion> remotes)
    {
        lock (gate)
        {
            if (!Same(remotes, this.remotes))
            {
                this.remotes = remotes;
                Rebuild();
            }
        }
    }

    private static bool Same(IReadOnlyList<RemoteVersion> left, IReadOnlyList<RemoteVersion> right) =>
        left.Count == right.Count && left.Zip(right).All(pair => pair.First.SaysTheSame(pair.Second));

    private void Rebuild()
    {
        KindCatalog builtIn = BuiltIn;
        current = custom.Count + added.Count + remotes.Count == 0 ? builtIn : new KindCatalog([.. builtIn.Kinds, .. custom, .. added], [.. builtIn.Groups, .. customGroups, .. addedGroups], remotes);
    }
}

/// <summary>Reads the built-in kinds from the embedded discovery document.</summary>
internal static class BuiltInKinds
{
    public static KindCatalog Load()
    {
        MapNode discovery = EmbeddedData.Json("discovery-aggregated.json");
        List<ServedKind> kinds = [];
        List<ServedGroup> groups = [];
        foreach (string root in (string[])["/api", "/apis"])
        {
            foreach (Node group in discovery[root]!.At("items")!.AsList()!)
            {
                string name = group.At("metadata", "name")?.AsString() ?? string.Empty;
                ListNode versions = group["versions"]!.AsList()!;
                groups.Add(new ServedGroup(name, [.. versions.Select(version => version["version"]!.AsString()!)]));
                foreach (Node version in versions)
                {
                    kinds.AddRange(version["resources"]!.AsList()!.Select(resource => Read(name, version["version"]!.AsString()!, resource)));
                }
            }
        }

        return new KindCatalog(kinds, groups);
    }

    private static ServedKind Read(string group, string version, Node resource)
    {
        string plural = resource["resource"]!.AsString()!;
        ResourceKind kind = ReadKind(resource["responseKind"], group, version);
        return new ServedKind(kind, plural, resource["singularResource"]?.AsString() ?? string.Empty, resource["scope"]!.AsString() == "Namespaced")
        {
            Verbs = Strings(resource["verbs"]),
            ShortNames = Strings(resource["shortNames"]),
            Categories = Strings(resource["categories"]),
            Subresources = [.. (resource["subresources"]?.AsList() ?? []).Select(sub =>
                new ServedSubresource(sub["subresource"]!.AsString()!, ReadKind(sub["responseKind"], group, version), Strings(sub["verbs"])))],
            Type = TypeTable.Instance.Find(kind),
            Collection = plural == "events" ? "events" : group.Length == 0 ? plural : $"{plural}.{group}",
            StorageKind = (group, plural) switch
            {
                ("events.k8s.io", "events") => new ResourceKind(string.Empty, "v1", "Event"),
                ("autoscaling", "horizontalpodautoscalers") => new ResourceKind("autoscaling", "v2", "HorizontalPodAutoscaler"),
                _ => kind,
            },
        };
    }

    private static ResourceKind ReadKind(Node? node, string group, string version)
    {
        string ownGroup = node?["group"]?.AsString() ?? string.Empty;
        string ownVersion = node?["version"]?.AsString() ?? string.Empty;
        string kind = node?["kind"]?.AsString() ?? string.Empty;
        return ownVersion.Length == 0 ? new ResourceKind(group, version, kind) : new ResourceKind(ownGroup, ownVersion, kind);
    }

    internal static IReadOnlyList<string> Strings(Node? list) => [.. (list?.AsList() ?? []).Select(item => item.AsString() ?? string.Empty)];
}
