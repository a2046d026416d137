using Bowline.Cluster.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Kinds;

/// <summary>A subresource as discovery describes it; <see cref="Kind"/> is what it answers with.</summary>
internal sealed record ServedSubresource(string Name, ResourceKind Kind, IReadOnlyList<string> Verbs);

/// <summary>One version of a kind that the server answers for: built in, or from a CRD.</summary>
internal sealed class ServedKind(ResourceKind kind, string plural, string singular, bool namespaced)
{
    private readonly Lazy<Schema?> builtInSchema = new(() => KubernetesKinds.Find(kind)?.Schema);

    public ResourceKind Kind { get; } = kind;

    public string Plural { get; } = plural;

    public string Singular { get; } = singular;

    public bool Namespaced { get; } = namespaced;

    public IReadOnlyList<string> Verbs { get; init; } = [];

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public IReadOnlyList<string> Categories { get; init; } = [];

    public IReadOnlyList<ServedSubresource> Subresources { get; init; } = [];

    /// <summary>The Go type; null for custom resources.</summary>
    public WireMessage? Type { get; init; }

    /// <summary>What its CRD says; null for built-in kinds.</summary>
    public CustomKind? Custom { get; init; }

    /// <summary>Where its objects are stored: shared by all versions, and by the two groups of events.</summary>
    public string Collection { get; init; } = kind.Group.Length == 0 ? plural : $"{plural}.{kind.Group}";

    /// <summary>The version in which objects are stored.</summary>
    public ResourceKind StorageKind { get; init; } = kind;

    public Schema? Schema => Custom is null ? builtInSchema.Value : Custom.Schema;

    /// <summary><c>deployments.apps</c>, or the bare plural in the core group.</summary>
    public string QualifiedPlural => Kind.Group.Length == 0 ? Plural : $"{Plural}.{Kind.Group}";

    public string QualifiedKind => Kind.Group.Length == 0 ? Kind.Kind : $"{Kind.Kind}.{Kind.Group}";

    /// <summary>The Go type that stands for the kind in messages.</summary>
    public string GoType => Custom is not null ? "unstructured.Unstructured" : $"{(Kind.Group.Length == 0 ? "core" : Kind.Group.Split('.')[0])}.{Kind.Kind}";

    public string ListKind => Custom?.ListKind ?? Kind.Kind + "List";

    public bool HasStatus => Subresources.Any(sub => sub.Name == "status");

    public bool Can(string verb) => Verbs.Contains(verb);

    public ServedSubresource? Subresource(string name) => Subresources.FirstOrDefault(sub => sub.Name == name);

    public KindInfo ToInfo() => new(Kind, Plural, Namespaced)
    {
        Verbs = Verbs,
        ShortNames = ShortNames,
        Subresources = [.. Subresources.Select(sub => sub.Name)],
    };
}

/// <summary>One version of a CRD, ready for use.</summary>
internal sealed record CustomKind(string Definition, string ListKind, Schema? Schema)
{
    /// <summary>The structural schema as the CRD has it; null when there is none.</summary>
    public MapNode? OpenApi { get; init; }

    /// <summary>The schema of the version in which objects are stored: what that does not know is not kept.</summary>
    public MapNode? StorageOpenApi { get; init; }

    public MapNode? Scale { get; init; }

    public ListNode? Columns { get; init; }

    public ListNode? SelectableFields { get; init; }

    public bool PreserveUnknown { get; init; }

    public string? Warning { get; init; }

    /// <summary>Whether the schema has objects in it that say their own kind (<c>x-kubernetes-embedded-resource</c>).</summary>
    public bool EmbedsObjects { get; init; }

    /// <summary>No new objects: the CRD is being deleted.</summary>
    public bool Terminating { get; init; }
}
