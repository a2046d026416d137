using Bowline.Cluster.Requests;

namespace Bowline.Delivery.Syncing;

/// <summary>What an API server's refusals mean for a sync; the only place that looks at their wording.</summary>
internal static class Refusals
{
    /// <summary>Whether the same request may be accepted a moment later: throttling, server errors, conflicts, a namespace or a CRD that is only just coming.</summary>
    public static bool MayPass(ClusterException refused) => refused.Status switch
    {
        404 or 409 or 429 => true,

        // A pod is forbidden for as long as its new namespace has no default ServiceAccount, which a controller makes.
        403 => refused.Message.Contains("service account", StringComparison.OrdinalIgnoreCase),

        // kube-apiserver answers 500 to an apply with an unknown field, and always will.
        >= 500 => !refused.Message.Contains("field not declared in schema", StringComparison.Ordinal),
        _ => false,
    };

    /// <summary>What a person can do about it, to be put behind the message; empty where the message says it all.</summary>
    public static string Advice(ClusterException refused) => refused.Message switch
    {
        var message when message.Contains("field is immutable", StringComparison.Ordinal) => " (the field cannot change on a living object: delete the object, and it is made anew)",
        var message when message.Contains("field not declared in schema", StringComparison.Ordinal) => " (a mistyped name, or a field of another version)",
        _ => string.Empty,
    };
}
