using System.Globalization;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Controllers.Workloads;
using Bowline.EmbeddedCluster.Scheduler;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>Why a kubelet does not take a pod.</summary>
internal sealed record PodRejection(string Reason, string Message);

/// <summary>What a kubelet checks of a pod that names its node itself, which the scheduler has not looked at.</summary>
/// <remarks>pkg/kubelet/lifecycle/predicate.go; the first reason counts.</remarks>
internal static class PodAdmission
{
    /// <summary>Whether nobody has placed the pod, nor its kubelet taken it.</summary>
    public static bool IsDue(MapNode pod) =>
        pod.Status()["startTime"] is null && pod.Status().Condition("PodScheduled") is null && !pod.IsDeleting() && !pod.IsFinished();

    /// <param name="there">The pods of the node; those that have ended or wait for their own admission take nothing.</param>
    public static PodRejection? Refuse(MapNode pod, MapNode node, IEnumerable<MapNode> there)
    {
        List<MapNode> admitted = [.. there.Where(other => other.Uid() != pod.Uid() && !other.IsFinished() && !IsDue(other))];
        return Insufficient(pod, node, admitted) ?? Unfit(pod, node, admitted);
    }

    private static PodRejection? Insufficient(MapNode pod, MapNode node, List<MapNode> admitted)
    {
        Node? offered = node.Status()["allocatable"] ?? node.Status()["capacity"];
        long room = Amounts.UnitsOf("pods", offered?["pods"]);
        if (admitted.Count + 1 > room)
        {
            return OutOf("pods", 1, admitted.Count, room);
        }

        Amounts wanted = PodRequests.Of(pod.Spec());
        Amounts capacity = Amounts.Of(offered);
        Amounts used = new();
        admitted.ForEach(other => used.Add(PodRequests.Of(other.Spec())));
        foreach (string name in (IEnumerable<string>)[Amounts.CpuName, Amounts.MemoryName, Amounts.StorageName, .. wanted.Others.Keys.Order(StringComparer.Ordinal)])
        {
            // Extended resources that the node does not know are the business of others.
            bool isForeign = name.Contains('/', StringComparison.Ordinal) && offered?[name] is null;
            if (wanted[name] > 0 && !isForeign && wanted[name] > capacity[name] - used[name])
            {
                return OutOf(name, wanted[name], used[name], capacity[name]);
            }
        }

        return null;
    }

    private static PodRejection? Unfit(MapNode pod, MapNode node, List<MapNode> admitted)
    {
        if (!NodeMatching.MatchesAffinity(pod.Spec(), node))
        {
            return Failed("NodeAffinity", "node(s) didn't match Pod's node affinity/selector");
        }

        IReadOnlyList<HostPort> ports = HostPort.Of(pod.Spec());
        if (ports.Count > 0 && admitted.Exists(other => HostPort.Of(other.Spec()).Any(used => ports.Any(wanted => wanted.Collides(used)))))
        {
            return Failed("NodePorts", "node(s) didn't have free ports for the requested pod ports");
        }

        return NodeMatching.UntoleratedTaint([.. pod.Spec()["tolerations"].Maps()], node, static effect => effect == "NoExecute") is null ? null
            : Failed("TaintToleration", "node(s) had taints that the pod didn't tolerate");
    }

    private static PodRejection OutOf(string resource, long wanted, long used, long capacity) => new(
        "OutOf" + resource,
        string.Create(CultureInfo.InvariantCulture, $"Node didn't have enough resource: {resource}, requested: {wanted}, used: {used}, capacity: {capacity}"));

    private static PodRejection Failed(string predicate, string why) => new(predicate, $"Predicate {predicate} failed: {why}");
}
