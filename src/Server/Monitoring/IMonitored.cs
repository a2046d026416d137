using Bowline.Applications.Model;

namespace Bowline.Server.Monitoring;

/// <summary>A replica as probes and metrics see it; asked from any thread.</summary>
public interface IMonitored
{
    string Identity { get; }

    /// <summary>The replicas that live, as this one sees them.</summary>
    IReadOnlyList<string> Replicas { get; }

    /// <summary>Whether it delivers, that is holds its Lease and knows what the hub holds.</summary>
    bool IsReady { get; }

    /// <summary>False when only a new start can help.</summary>
    bool IsAlive { get; }

    /// <summary>What keeps it from renewing its Lease; empty for nothing.</summary>
    string Trouble { get; }

    /// <summary>The applications of its share.</summary>
    IReadOnlyList<DeliveredStanding> Applications { get; }

    IReadOnlyList<SyncCount> Syncs { get; }
}

/// <summary>How an application stands, with what metrics name beside it.</summary>
public sealed record DeliveredStanding(ApplicationStatus Status, string Project, string Repository, string Server);

/// <summary>How many syncs of an application ended in a phase in this process.</summary>
public sealed record SyncCount(string Application, string Phase, long Count);
