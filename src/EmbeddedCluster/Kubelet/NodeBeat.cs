using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>
/// When simulated nodes renew their leases: every ten seconds for forty, as a kubelet does, as long as they are few. Of many, or when time is
/// fast, each has its turn less often, and its lease promises more accordingly.
/// </summary>
/// <param name="interval">How often a node renews its lease when nothing forbids it.</param>
/// <param name="speed">How many seconds pass in a true one.</param>
internal sealed class NodeBeat(TimeSpan interval, double speed)
{
    // What an idle cluster can afford, in a true second.
    private const double MostTicks = 10;
    private const double MostRenewals = 5;

    // leaseDurationSeconds and nodeStatusReportFrequency of a kubelet, in its renewals.
    private const int RenewalsInLease = 4;
    private const int RenewalsInReport = 30;

    /// <summary>From one turn to the next.</summary>
    public TimeSpan Tick { get; } = TimeSpan.FromSeconds(Math.Max(interval.TotalSeconds, speed / MostTicks));

    /// <summary>How long a lease promises to hold.</summary>
    public TimeSpan DurationFor(int nodes) => TimeSpan.FromSeconds(Math.Ceiling((Tick * TurnsFor(nodes) * RenewalsInLease).TotalSeconds));

    /// <summary>How often a node says in its status that all is well.</summary>
    public TimeSpan ReportingFor(int nodes) => Tick * TurnsFor(nodes) * RenewalsInReport;

    /// <summary>The nodes whose turn it is.</summary>
    public IEnumerable<MapNode> Turn(IReadOnlyList<MapNode> nodes, long tick)
    {
        int turns = TurnsFor(nodes.Count);
        for (int i = (int)(tick % turns); i < nodes.Count; i += turns)
        {
            yield return nodes[i];
        }
    }

    private int TurnsFor(int nodes) => Math.Max(1, (int)Math.Ceiling(nodes * speed / MostRenewals / Tick.TotalSeconds));
}
