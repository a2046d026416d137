using Bowline.Cluster.Requests;

namespace Bowline.Delivery.Diffing;

/// <summary>What an API server's refusals mean for a delivery; the only place that looks at their wording.</summary>
internal static class Refusals
{
    private const string UnknownField = "field not declared in schema";

    /// <summary>Whether the same request may be accepted a moment later: throttling, server errors, conflicts, a namespace or a CRD that is only just coming.</summary>
    public static bool MayPass(ClusterException refused) => refused.Status switch
    {
        404 or 409 or 429 => true,

        // A pod is forbidden for as long as its new namespace has no default ServiceAccount, which a controller makes.
        403 => refused.Message.Contains("service account", StringComparison.OrdinalIgnoreCase),

        // kube-apiserver answers 500 to an apply with an unknown field, and always will.
        >= 500 => !IsUnknownField(refused) && !IsDeniedByWebhook(refused),
        _ => false,
    };

    /// <summary>
    /// Whether a refusal on trial foretells the real one: what is wrong with the object itself, or forbidden by admission. What may
    /// only be missing still (a namespace, a quota that pruning frees) foretells nothing.
    /// </summary>
    public static bool IsFinal(ClusterException refused) => refused.Status switch
    {
        400 or 422 => !IsImmutable(refused),
        403 => IsDeniedByWebhook(refused),
        >= 500 => IsUnknownField(refused) || IsDeniedByWebhook(refused),
        _ => false,
    };

    public static bool IsImmutable(ClusterException refused) => IsImmutable(refused.Message);

    public static bool IsUnknownField(ClusterException refused) => refused.Message.Contains(UnknownField, StringComparison.Ordinal);

    /// <summary>What a person can do about it, to be put behind the message; empty where the message says it all.</summary>
    public static string Advice(string refusal) => refusal switch
    {
        _ when IsImmutable(refusal) => " (the field cannot change on a living object: delete the object, and it is made anew; the sync option Force=true does that)",
        _ when refusal.Contains("metadata.annotations: Too long", StringComparison.Ordinal) => " (with ServerSideApply=false the whole manifest is kept in an annotation; without it only the object's own annotations count)",
        _ when refusal.Contains(UnknownField, StringComparison.Ordinal) => " (a mistyped name, or a field of another version)",
        _ => string.Empty,
    };

    private static bool IsImmutable(string refusal) =>
        refusal.Contains("field is immutable", StringComparison.Ordinal)
        || (refusal.Contains("updates to", StringComparison.Ordinal) && refusal.Contains("are forbidden", StringComparison.Ordinal))
        || refusal.Contains("may not be changed", StringComparison.Ordinal) || refusal.Contains("may not change", StringComparison.Ordinal);

    private static bool IsDeniedByWebhook(ClusterException refused) =>
        refused.Message.Contains("denied the request", StringComparison.Ordinal) || refused.Message.Contains("denied request", StringComparison.Ordinal);
}
