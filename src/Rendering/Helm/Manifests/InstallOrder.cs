using System.Collections.Frozen;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Manifests;

/// <summary>The order in which Helm installs kinds; those it does not know come last, by name.</summary>
internal static class InstallOrder
{
    private static readonly FrozenDictionary<string, int> Ranks = Kinds().Select(KeyValuePair.Create<string, int>).ToFrozenDictionary(StringComparer.Ordinal);

    public static int Compare(string left, string right)
    {
        bool knownLeft = Ranks.TryGetValue(left, out int rankLeft);
        bool knownRight = Ranks.TryGetValue(right, out int rankRight);
        return (knownLeft, knownRight) switch
        {
            (true, true) => rankLeft - rankRight,
            (true, false) => -1,
            (false, true) => 1,
            _ => KeyOrder.Compare(left, right),
        };
    }

    private static string[] Kinds() =>
    [
        "PriorityClass", "Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange", "PodSecurityPolicy", "PodDisruptionBudget",
        "ServiceAccount", "Secret", "SecretList", "ConfigMap", "StorageClass", "PersistentVolume", "PersistentVolumeClaim",
        "CustomResourceDefinition", "ClusterRole", "ClusterRoleList", "ClusterRoleBinding", "ClusterRoleBindingList", "Role", "RoleList",
        "RoleBinding", "RoleBindingList", "Service", "DaemonSet", "Pod", "ReplicationController", "ReplicaSet", "Deployment",
        "HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob", "IngressClass", "Ingress", "APIService",
    ];
}
