using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>One topology spread constraint of a pod.</summary>
/// <param name="IsHard">DoNotSchedule; otherwise it only scores.</param>
/// <param name="HonorAffinity">Only nodes that the pod selects count.</param>
/// <param name="HonorTaints">Only nodes whose taints the pod tolerates count.</param>
internal sealed record SpreadConstraint(string TopologyKey, LabelSelector Selector, int MaxSkew, int MinDomains, bool IsHard, bool HonorAffinity, bool HonorTaints)
{
    public const string Hostname = "kubernetes.io/hostname";
    private const string Zone = "topology.kubernetes.io/zone";

    public static SpreadConstraint Of(MapNode constraint, MapNode pod) => new(
        constraint.Text("topologyKey"),
        KeyedSelector.Of(constraint, pod),
        constraint.Int("maxSkew", 1),
        constraint.Int("minDomains", 1),
        constraint.Text("whenUnsatisfiable") != "ScheduleAnyway",
        constraint.Text("nodeAffinityPolicy") != "Ignore",
        constraint.Text("nodeTaintsPolicy") == "Honor");

    /// <summary>What kube-scheduler spreads by when a pod says nothing (its system defaults).</summary>
    public static IReadOnlyList<SpreadConstraint> Defaults(LabelSelector selector) =>
    [
        new(Hostname, selector, 3, 1, IsHard: false, HonorAffinity: true, HonorTaints: false),
        new(Zone, selector, 5, 1, IsHard: false, HonorAffinity: true, HonorTaints: false),
    ];
}
