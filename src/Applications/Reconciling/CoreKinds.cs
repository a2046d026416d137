using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Applications.Reconciling;

/// <summary>Kinds that a delivery needs whether or not its manifests mention them.</summary>
internal static class CoreKinds
{
    private static readonly KindInfo Namespace = new(new ResourceKind(string.Empty, "v1", "Namespace"), "namespaces", Namespaced: false) { Subresources = ["status", "finalize"] };

    public static KindInfo? Find(ResourceKind kind) => kind == Namespace.Kind ? Namespace : null;
}
