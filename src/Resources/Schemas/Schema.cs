using Bowline.Resources.Model;

namespace Bowline.Resources.Schemas;

/// <summary>How the members of a list belong together when two writers meet.</summary>
public enum ListType
{
    Atomic,
    Set,
    Map,
}

/// <summary>
/// What the API says of one field: its type, how it merges and what it defaults to. Built from the compact table of
/// built-in kinds or from a CRD's structural schema; shared and immutable.
/// </summary>
public abstract class Schema
{
    private FieldType? merging;

    private protected Schema()
    {
    }

    /// <summary>OpenAPI type: object, array, string, integer, number, boolean; empty for any.</summary>
    public abstract string Type { get; }

    /// <summary>OpenAPI format. Built-in kinds also say <c>quantity</c> (a string or a number, compared as written) and <c>int-or-string</c>.</summary>
    public abstract string Format { get; }

    /// <summary>x-kubernetes-int-or-string.</summary>
    public abstract bool IntOrString { get; }

    /// <summary>x-kubernetes-preserve-unknown-fields, and schemas without any properties.</summary>
    public abstract bool PreservesUnknown { get; }

    /// <summary>x-kubernetes-embedded-resource: the object has apiVersion, kind and metadata of its own.</summary>
    public virtual bool EmbeddedResource => false;

    public abstract IReadOnlyDictionary<string, Schema> Properties { get; }

    /// <summary>The schema of every value of a string-keyed map; null when the object has named properties only.</summary>
    public abstract Schema? AdditionalProperties { get; }

    public abstract Schema? Items { get; }

    public abstract ListType ListType { get; }

    /// <summary>x-kubernetes-list-map-keys, in the schema's order.</summary>
    public abstract IReadOnlyList<string> ListMapKeys { get; }

    /// <summary>x-kubernetes-map-type: atomic.</summary>
    public abstract bool AtomicMap { get; }

    /// <summary>x-kubernetes-patch-merge-key of strategic merge patch; null for lists that are replaced or hold scalars.</summary>
    public abstract string? PatchMergeKey { get; }

    /// <summary>x-kubernetes-patch-strategy: any of merge, retainKeys, replace.</summary>
    public abstract IReadOnlyList<string> PatchStrategies { get; }

    public abstract IReadOnlyList<string> Required { get; }

    public abstract Node? Default { get; }

    public abstract IReadOnlyList<string> Enum { get; }

    /// <summary>Whether fields that the schema does not name are merged by their shape instead of being refused.</summary>
    internal abstract bool MergesUnknown { get; }

    /// <summary>Properties that the reference keeps as structs by value, so that even its empty object has them.</summary>
    internal virtual IReadOnlyList<string> StructFields => [];

    /// <summary>How values of this schema merge; made once.</summary>
    internal FieldType Merging => merging ??= new FieldType(this);

    /// <summary>The schema of a named property, or of any additional one; null for an unknown field.</summary>
    public Schema? Field(string name) => Properties.TryGetValue(name, out Schema? schema) ? schema : AdditionalProperties;
}

/// <summary>A subresource as discovery lists it; its kind may belong to another group (<c>pods/eviction</c> takes a policy/v1 Eviction).</summary>
public sealed record SubresourceDefinition(string Name, ResourceKind Kind, IReadOnlyList<string> Verbs);

/// <summary>An API group with its versions in discovery order; the first is preferred. The core group's name is empty.</summary>
public sealed record ApiGroup(string Name, IReadOnlyList<string> Versions)
{
    public string PreferredVersion => Versions[0];
}

/// <summary>What the API server says of a kind in discovery, with the schema of its objects.</summary>
public sealed record KindDefinition(ResourceKind Kind, string Plural, string Singular, bool Namespaced)
{
    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public IReadOnlyList<string> Categories { get; init; } = [];

    public IReadOnlyList<string> Verbs { get; init; } = [];

    /// <summary>Names such as <c>status</c>, <c>scale</c>, <c>eviction</c>.</summary>
    public IReadOnlyList<string> Subresources { get; init; } = [];

    /// <summary>The same subresources with their kinds and verbs; empty where only names are known.</summary>
    public IReadOnlyList<SubresourceDefinition> SubresourceDefinitions { get; init; } = [];

    /// <summary>What the reference API server's discovery prints as storageVersionHash; empty for kinds that are not stored.</summary>
    public string StorageVersionHash { get; init; } = string.Empty;

    public Schema? Schema { get; init; }
}
