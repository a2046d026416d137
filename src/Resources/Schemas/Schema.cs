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
    /// <summary>OpenAPI type: object, array, string, integer, number, boolean; empty for any.</summary>
    public abstract string Type { get; }

    public abstract string Format { get; }

    /// <summary>x-kubernetes-int-or-string.</summary>
    public abstract bool IntOrString { get; }

    /// <summary>x-kubernetes-preserve-unknown-fields, and schemas without any properties.</summary>
    public abstract bool PreservesUnknown { get; }

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

    /// <summary>The schema of a named property, or of any additional one; null for an unknown field.</summary>
    public Schema? Field(string name) => Properties.TryGetValue(name, out Schema? schema) ? schema : AdditionalProperties;
}

/// <summary>What the API server says of a kind in discovery, with the schema of its objects.</summary>
public sealed record KindDefinition(ResourceKind Kind, string Plural, string Singular, bool Namespaced)
{
    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public IReadOnlyList<string> Categories { get; init; } = [];

    public IReadOnlyList<string> Verbs { get; init; } = [];

    /// <summary>Names such as <c>status</c>, <c>scale</c>, <c>eviction</c>.</summary>
    public IReadOnlyList<string> Subresources { get; init; } = [];

    public Schema? Schema { get; init; }
}
