using System.Collections.Frozen;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Defaulting;

/// <summary>Kubernetes' versioned defaults, by kind; they change an object that was just decoded.</summary>
internal static class Defaults
{
    private static readonly FrozenDictionary<string, Action<MapNode>> ByKind = new Dictionary<string, Action<MapNode>>
    {
        ["v1 Pod"] = PodDefaults.Pod,
        ["v1 PodTemplate"] = node => PodDefaults.Template(node["template"]),
        ["v1 ReplicationController"] = WorkloadDefaults.ReplicationController,
        ["v1 Service"] = NetworkDefaults.Service,
        ["v1 Endpoints"] = NetworkDefaults.Endpoints,
        ["v1 Secret"] = PolicyDefaults.Secret,
        ["v1 Namespace"] = PolicyDefaults.Namespace,
        ["v1 Node"] = NetworkDefaults.Node,
        ["v1 PersistentVolume"] = StorageKindDefaults.Volume,
        ["v1 PersistentVolumeClaim"] = StorageKindDefaults.Claim,
        ["v1 LimitRange"] = PolicyDefaults.LimitRange,
        ["apps/v1 Deployment"] = WorkloadDefaults.Deployment,
        ["apps/v1 ReplicaSet"] = WorkloadDefaults.ReplicaSet,
        ["apps/v1 StatefulSet"] = WorkloadDefaults.StatefulSet,
        ["apps/v1 DaemonSet"] = WorkloadDefaults.DaemonSet,
        ["batch/v1 Job"] = WorkloadDefaults.Job,
        ["batch/v1 CronJob"] = WorkloadDefaults.CronJob,
        ["autoscaling/v1 HorizontalPodAutoscaler"] = WorkloadDefaults.OldAutoscaler,
        ["autoscaling/v2 HorizontalPodAutoscaler"] = WorkloadDefaults.Autoscaler,
        ["networking.k8s.io/v1 NetworkPolicy"] = NetworkDefaults.Policy,
        ["networking.k8s.io/v1 IngressClass"] = node => node.Part("spec")?.Part("parameters")?.Default("scope", "Cluster"),
        ["discovery.k8s.io/v1 EndpointSlice"] = NetworkDefaults.EndpointSlice,
        ["storage.k8s.io/v1 StorageClass"] = StorageKindDefaults.StorageClass,
        ["storage.k8s.io/v1 CSIDriver"] = StorageKindDefaults.Driver,
        ["rbac.authorization.k8s.io/v1 RoleBinding"] = PolicyDefaults.Binding,
        ["rbac.authorization.k8s.io/v1 ClusterRoleBinding"] = PolicyDefaults.Binding,
        ["scheduling.k8s.io/v1 PriorityClass"] = node => node.Default("preemptionPolicy", "PreemptLowerPriority"),
        ["admissionregistration.k8s.io/v1 MutatingWebhookConfiguration"] = node => PolicyDefaults.Webhooks(node, mutating: true),
        ["admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration"] = node => PolicyDefaults.Webhooks(node, mutating: false),
        ["admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy"] = PolicyDefaults.AdmissionPolicy,
        ["admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding"] = PolicyDefaults.AdmissionPolicyBinding,
        ["admissionregistration.k8s.io/v1 MutatingAdmissionPolicy"] = PolicyDefaults.AdmissionPolicy,
        ["admissionregistration.k8s.io/v1 MutatingAdmissionPolicyBinding"] = PolicyDefaults.AdmissionPolicyBinding,
        ["apiregistration.k8s.io/v1 APIService"] = node => node.Part("spec")?.Part("service")?.Default("port", 443),
        ["apiextensions.k8s.io/v1 CustomResourceDefinition"] = PolicyDefaults.Definition,
        ["flowcontrol.apiserver.k8s.io/v1 FlowSchema"] = node => node.Part("spec")?.DefaultNumber("matchingPrecedence", 1000),
        ["flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration"] = PolicyDefaults.PriorityLevel,
        ["resource.k8s.io/v1 ResourceClaim"] = node => PolicyDefaults.DeviceRequests(node["spec"]),
        ["resource.k8s.io/v1 ResourceClaimTemplate"] = node => PolicyDefaults.DeviceRequests(node.At("spec", "spec")),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static void Apply(ServedKind kind, MapNode node)
    {
        if (kind.Custom is null && ByKind.TryGetValue($"{kind.Kind.ApiVersion} {kind.Kind.Kind}", out Action<MapNode>? apply))
        {
            apply(node);
        }
    }
}

/// <summary>Small words that the defaults are written in.</summary>
internal static class DefaultExtensions
{
    public static MapNode Default(this MapNode map, string key, Node value)
    {
        if (map[key] is null or NullNode)
        {
            map[key] = value;
        }

        return map;
    }

    /// <summary>A number that is no pointer in Go: zero is as good as unset.</summary>
    public static MapNode DefaultNumber(this MapNode map, string key, int value)
    {
        if (map[key]?.AsInteger() is null or 0)
        {
            map[key] = value;
        }

        return map;
    }

    public static MapNode? Part(this Node? node, string key) => node?[key] as MapNode;

    public static IEnumerable<MapNode> Each(this Node? node, string key) => (node?[key] as ListNode ?? []).OfType<MapNode>();
}
