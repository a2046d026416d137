using Bowline.Resources.Model;

namespace Bowline.Resources.Schemas;

/// <summary>The compact table of every built-in kind of Kubernetes 1.36, made by <c>tools/SchemaTable</c> from the API's own discovery and OpenAPI documents.</summary>
/// <remarks>Read on first use; a kind's schema is decoded field by field as it is walked.</remarks>
public static class KubernetesKinds
{
    /// <summary>Every kind that discovery serves, in discovery's order: the core group, then groups by priority, kinds by plural.</summary>
    public static IReadOnlyCollection<KindDefinition> All => KindTable.Instance.Kinds;

    /// <summary>The groups in discovery's order, the core group first.</summary>
    public static IReadOnlyList<ApiGroup> Groups => KindTable.Instance.Groups;

    public static KindDefinition? Find(ResourceKind kind) => KindTable.Instance.ByKind.GetValueOrDefault(kind);

    /// <summary>The preferred version's definition of a group and kind.</summary>
    public static KindDefinition? Find(string group, string kind) => KindTable.Instance.ByGroupAndKind.GetValueOrDefault((group, kind));

    /// <summary>The kind behind a request path's group, version and plural resource name.</summary>
    public static KindDefinition? FindResource(string group, string version, string plural) =>
        KindTable.Instance.ByResource.GetValueOrDefault((group, version, plural));

    /// <summary>The schema of a kind, also of those without a resource of their own: lists, Scale, Eviction, Status, DeleteOptions.</summary>
    public static Schema? SchemaOf(ResourceKind kind) => KindTable.Instance.SchemaOf(kind);

    /// <summary>The schema behind an OpenAPI definition name such as <c>io.k8s.api.core.v1.PodSpec</c>.</summary>
    public static Schema? SchemaOf(string definition) => KindTable.Instance.SchemaOf(definition);

    /// <summary>Every OpenAPI definition name, unsorted.</summary>
    public static IReadOnlyCollection<string> Definitions => KindTable.Instance.DefinitionNames;
}
