using System.Collections.Frozen;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Planning;

/// <summary>Which kinds must exist before which others when they arrive in the same wave.</summary>
public static class KindOrder
{
    // Each line waits for the lines above it. Unknown kinds come last but for what intercepts requests.
    private static readonly string[][] Tiers =
    [
        ["Namespace"],
        ["CustomResourceDefinition"],
        ["PriorityClass", "StorageClass", "ResourceQuota", "LimitRange", "NetworkPolicy", "ServiceAccount", "Secret", "ConfigMap"],
        ["ClusterRole", "Role", "PersistentVolume", "PersistentVolumeClaim", "Service"],
        ["ClusterRoleBinding", "RoleBinding", "PodDisruptionBudget"],
    ];

    private static readonly FrozenDictionary<string, int> Known = Tiers
        .SelectMany((kinds, tier) => kinds.Select(kind => KeyValuePair.Create(kind, tier)))
        .ToFrozenDictionary();

    private static readonly FrozenSet<string> Last =
        new[] { "APIService", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "ValidatingAdmissionPolicy", "MutatingAdmissionPolicy" }.ToFrozenSet();

    /// <summary>Objects of a lower tier are applied before those of a higher one.</summary>
    public static int TierOf(ResourceId id) => Known.TryGetValue(id.Kind, out int tier) ? tier : Last.Contains(id.Kind) ? Tiers.Length + 1 : Tiers.Length;
}
