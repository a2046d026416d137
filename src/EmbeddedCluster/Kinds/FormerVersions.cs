using System.Collections.Frozen;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kinds;

/// <summary>Kinds that the reference can still decode: those it serves, and those of versions that it served once.</summary>
internal static class FormerVersions
{
    private static readonly FrozenDictionary<string, string[]> Kinds = new Dictionary<string, string[]>
    {
        ["v1"] = ["List"],
        ["apps/v1beta1"] = ["Deployment", "StatefulSet", "ControllerRevision", "Scale"],
        ["apps/v1beta2"] = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ControllerRevision", "Scale"],
        ["extensions/v1beta1"] = ["Deployment", "DaemonSet", "ReplicaSet", "Ingress", "NetworkPolicy", "Scale"],
        ["batch/v1beta1"] = ["CronJob"],
        ["autoscaling/v2beta1"] = ["HorizontalPodAutoscaler"],
        ["autoscaling/v2beta2"] = ["HorizontalPodAutoscaler"],
        ["policy/v1beta1"] = ["PodDisruptionBudget", "Eviction"],
        ["networking.k8s.io/v1beta1"] = ["Ingress", "IngressClass", "IPAddress", "ServiceCIDR"],
        ["rbac.authorization.k8s.io/v1beta1"] = ["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"],
        ["rbac.authorization.k8s.io/v1alpha1"] = ["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"],
        ["scheduling.k8s.io/v1beta1"] = ["PriorityClass"],
        ["scheduling.k8s.io/v1alpha1"] = ["PriorityClass"],
        ["storage.k8s.io/v1beta1"] = ["StorageClass", "VolumeAttachment", "CSIDriver", "CSINode", "CSIStorageCapacity", "VolumeAttributesClass"],
        ["coordination.k8s.io/v1beta1"] = ["Lease"],
        ["discovery.k8s.io/v1beta1"] = ["EndpointSlice"],
        ["events.k8s.io/v1beta1"] = ["Event"],
        ["node.k8s.io/v1beta1"] = ["RuntimeClass"],
        ["admissionregistration.k8s.io/v1beta1"] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"],
        ["certificates.k8s.io/v1beta1"] = ["CertificateSigningRequest"],
        ["flowcontrol.apiserver.k8s.io/v1beta1"] = ["FlowSchema", "PriorityLevelConfiguration"],
        ["flowcontrol.apiserver.k8s.io/v1beta2"] = ["FlowSchema", "PriorityLevelConfiguration"],
        ["flowcontrol.apiserver.k8s.io/v1beta3"] = ["FlowSchema", "PriorityLevelConfiguration"],
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static bool Knows(ResourceKind kind) => TypeTable.Instance.Find(kind) is not null || (Kinds.TryGetValue(kind.ApiVersion, out string[]? former) && former.Contains(kind.Kind));
}
