using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Applications.Reconciling;

/// <summary>Kinds that a delivery needs whether or not its manifests mention them.</summary>
internal static class CoreKinds
{
    private static readonly KindInfo Namespace = new(new ResourceKind(string.Empty, "v1", "Namespace"), "namespaces", Namespaced: false) { Subresources = ["status", "finalize"] };

    public static KindInfo ConfigMap { get; } = new(new ResourceKind(string.Empty, "v1", "ConfigMap"), "configmaps", Namespaced: true);

    /// <summary>Where objects live, and where the records of deliveries are.</summary>
    public static IReadOnlyList<KindInfo> OfEveryDelivery { get; } = [Namespace, ConfigMap];

    /// <summary>What controllers make of a workload on the way to its containers.</summary>
    public static IReadOnlyList<KindInfo> BelowWorkloads { get; } =
    [
        new(new ResourceKind(string.Empty, "v1", "Pod"), "pods", Namespaced: true) { Subresources = ["status"] },
        new(new ResourceKind("apps", "v1", "ReplicaSet"), "replicasets", Namespaced: true) { Subresources = ["status"] },
    ];

    public static ResourceKind Autoscaler { get; } = new("autoscaling", string.Empty, "HorizontalPodAutoscaler");

    public static KindInfo? Find(ResourceKind kind) => kind == Namespace.Kind ? Namespace : null;

    public static bool RunsPods(ResourceId id) => (id.Group, id.Kind) is ("apps", "Deployment" or "StatefulSet" or "DaemonSet" or "ReplicaSet") or ("batch", "Job" or "CronJob");
}
