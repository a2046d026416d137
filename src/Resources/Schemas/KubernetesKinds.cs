using Bowline.Resources.Model;

namespace Bowline.Resources.Schemas;

/// <summary>The compact table of every built-in kind of Kubernetes 1.36, made by <c>tools/</c> from the API's own discovery and OpenAPI documents.</summary>
public static class KubernetesKinds
{
    public static IReadOnlyCollection<KindDefinition> All => throw new NotImplementedException();

    public static KindDefinition? Find(ResourceKind kind) => throw new NotImplementedException();

    /// <summary>The preferred version's definition of a group and kind.</summary>
    public static KindDefinition? Find(string group, string kind) => throw new NotImplementedException();
}
