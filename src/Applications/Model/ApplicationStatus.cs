using Bowline.Delivery.Health;

namespace Bowline.Applications.Model;

public enum SyncState
{
    Synced,
    OutOfSync,
    Unknown,
}

/// <summary>What is known of an application now; the row that <c>up</c> prints.</summary>
public sealed record ApplicationStatus(string Name)
{
    /// <summary>The name as people write it: with its namespace, where that is not the controller's own.</summary>
    public string Shown => ApplicationNamespaces.Show(Name);

    /// <summary>The kubeconfig context of the cluster it lives on; empty when it could not be placed.</summary>
    public string Cluster { get; init; } = string.Empty;

    public string Namespace { get; init; } = string.Empty;

    public string Revision { get; init; } = string.Empty;

    public SyncState Sync { get; init; } = SyncState.Unknown;

    public HealthStatus Health { get; init; } = HealthStatus.Unknown;

    /// <summary>Objects that the repository wants.</summary>
    public int Resources { get; init; }

    /// <summary>From the start of the reconcile until Synced and Healthy, or until it was given up.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Why it is not Synced and Healthy; empty when it is.</summary>
    public string Message { get; init; } = string.Empty;

    /// <summary>What is going on at this moment, for progress displays: <c>rendering</c>, <c>applying 12/40</c>.</summary>
    public string Activity { get; init; } = string.Empty;

    /// <summary>Whether anybody has looked yet; until then Sync and Health mean nothing.</summary>
    public bool IsKnown => Sync != SyncState.Unknown || Health != HealthStatus.Unknown || Message.Length > 0;

    public bool IsDelivered => Sync == SyncState.Synced && Health == HealthStatus.Healthy;
}

/// <summary>Something that the report must own up to: a guess that made the delivery possible.</summary>
/// <param name="Kind">ClusterPlacement, Repository, CustomResourceDefinition, StorageClass or Secret.</param>
/// <param name="Subject">What was assumed.</param>
/// <param name="Reason">Why.</param>
public sealed record Assumption(string Kind, string Cluster, string Subject, string Reason)
{
    /// <summary>Of a Secret: the keys that are read; empty when it is used whole.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>Who cannot do without: <c>Deployment/echo-api</c>.</summary>
    public IReadOnlyList<string> NeededBy { get; init; } = [];
}
