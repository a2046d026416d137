using Bowline.EmbeddedCluster.Hosting;
using Bowline.EmbeddedCluster.Kubelet;
using Bowline.Server.Composition.Fetching;

namespace Bowline.Server.Composition;

/// <summary>The simulated nodes of an embedded cluster, what their pods do, and how fast.</summary>
public sealed record SimulationOptions
{
    public SimulatedNodeOptions Nodes { get; init; } = SimulatedNodeOptions.Default;

    /// <summary>0 has pods ready at once; 1 takes the time of their probes, 60 a second for each minute of it.</summary>
    public double Speed { get; init; }

    /// <summary>A file or folder of Stages and Behaviours; empty for none.</summary>
    public string Stages { get; init; } = string.Empty;

    /// <summary>The clock of a cluster that is this fast, and whose state may have been left by a faster one.</summary>
    internal TimeProvider Clock(TimeProvider time) => new FasterTime(time, Speed > 0 ? Speed : 1);

    /// <exception cref="UsageException">The Stages cannot be read.</exception>
    internal ControllerManagerOptions Manager(string authority, bool strict) => new()
    {
        CertificateAuthority = authority,
        Strict = strict,
        SimulateNodes = Nodes.Count > 0,
        Nodes = Nodes,
        Timing = Speed > 0 ? StageTiming.Probes : StageTiming.Immediate,
        Stages = StageSource.Read(Stages),
    };
}
