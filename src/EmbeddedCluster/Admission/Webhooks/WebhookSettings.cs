using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Webhooks;

/// <summary>What the evaluation of match conditions came to: no match passes the webhook over, an error refuses the request.</summary>
internal readonly record struct MatchOutcome(bool Matches, string? Error);

/// <summary>Evaluates the CEL conditions of one webhook. An expression that fails counts by the failure policy: Ignore passes over, Fail is an error.</summary>
/// <param name="conditions">The webhook's <c>matchConditions</c>.</param>
/// <param name="failsOpen">The webhook's failurePolicy is Ignore.</param>
internal delegate MatchOutcome MatchConditionEvaluator(ListNode conditions, AdmissionRequest request, bool failsOpen);

/// <summary>What webhooks need from other rooms.</summary>
internal sealed record WebhookSettings
{
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Turns an object of the first kind into one of the second, which is another version of the same.</summary>
    public Func<ServedKind, ServedKind, MapNode, MapNode> Convert { get; init; } = static (_, _, node) => node;

    /// <summary>Decodes and defaults an object that a patch made.</summary>
    public Func<ServedKind, MapNode, MapNode> Decode { get; init; } = static (_, node) => node;

    /// <summary>Without one, a webhook with match conditions refuses what it would be asked about.</summary>
    public MatchConditionEvaluator MatchConditions { get; init; } = static (_, _, _) => new MatchOutcome(false, "match conditions are not supported by this server");

    /// <summary>
    /// A webhook whose Service does not exist or has no endpoints is passed over with a warning instead of failing: its server
    /// may never run on a laptop.
    /// </summary>
    public bool AssumeServices { get; init; }

    /// <summary>Whether a pod of this node is simulated, so that nothing can listen on its address.</summary>
    public Func<MapNode, bool> IsSimulatedNode { get; init; } = static _ => false;
}
