using System.Globalization;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>Whom a pod displaces.</summary>
/// <param name="Node">Where; null when nowhere.</param>
/// <param name="Message">Why nowhere, as kube-scheduler appends it to its reasons.</param>
/// <param name="KeepsNomination">The pod waits for its earlier victims to go.</param>
internal sealed record PreemptionDecision(NodeState? Node, IReadOnlyList<PlacedPod> Victims, string Message, bool KeepsNomination = false);

/// <summary>Finds the node where making room for a pod costs least: upstream's DefaultPreemption.</summary>
internal sealed class Preemption(ClusterState cluster, Placement placement, Func<string, IReadOnlyList<MapNode>> budgets)
{
    private const int LeastCandidates = 100;
    private const string NotHelpful = "Preemption is not helpful for scheduling";
    private static readonly Refusal NoVictims = new("No preemption victims found for incoming pod", false, Wakeups.None);
    private int start;

    /// <param name="resolvable">Nodes on which removing pods may help.</param>
    public PreemptionDecision Decide(PodNeeds pod, VolumeDecision volumes, IReadOnlyList<NodeState> resolvable)
    {
        if (!pod.MayPreempt)
        {
            return new PreemptionDecision(null, [], "preemption: not eligible due to preemptionPolicy=Never.");
        }

        if (pod.NominatedNode.Length > 0 && cluster.Find(pod.NominatedNode) is { } nominated && resolvable.Contains(nominated)
            && nominated.Pods.Any(other => other.IsDeleting && other.Priority < pod.Priority))
        {
            return new PreemptionDecision(null, [], "preemption: not eligible due to a terminating pod on the nominated node.", KeepsNomination: true);
        }

        Dictionary<string, int> reasons = new(StringComparer.Ordinal);
        List<Candidate> candidates = [];
        int enough = Math.Max(LeastCandidates, resolvable.Count / 10);
        for (int i = 0; i < resolvable.Count && candidates.Count < enough; i++)
        {
            NodeState node = resolvable[(start + i) % resolvable.Count];
            if (Try(pod, volumes, node, out IReadOnlyList<Refusal> refusals) is { } candidate)
            {
                candidates.Add(candidate);
                continue;
            }

            foreach (Refusal refusal in refusals)
            {
                reasons[refusal.Reason] = reasons.GetValueOrDefault(refusal.Reason) + 1;
            }
        }

        start++;
        if (candidates.Count > 0)
        {
            Candidate best = candidates.Min()!;
            return new PreemptionDecision(best.Node, best.Victims, string.Empty);
        }

        int hopeless = cluster.Nodes.Count - resolvable.Count;
        if (hopeless > 0)
        {
            reasons[NotHelpful] = hopeless;
        }

        string message = string.Create(CultureInfo.InvariantCulture, $"preemption: 0/{cluster.Nodes.Count} nodes are available: {Reasons.Join(reasons)}.");
        return new PreemptionDecision(null, [], message);
    }

    // Takes every less important pod away; when the pod fits then, puts back as many as it can, the dearest first.
    private Candidate? Try(PodNeeds pod, VolumeDecision volumes, NodeState node, out IReadOnlyList<Refusal> refusals)
    {
        List<PlacedPod> lower = [.. node.Pods.Where(other => other.Priority < pod.Priority)];
        if (lower.Count == 0)
        {
            refusals = [NoVictims];
            return null;
        }

        lower.Sort(PlacedPod.ByImportance);
        lower.ForEach(other => node.Remove(other.Name));
        List<PlacedPod> victims = [];
        try
        {
            refusals = placement.Refuse(pod, volumes, node);
            if (refusals.Count > 0)
            {
                return null;
            }

            (List<PlacedPod> protectedPods, List<PlacedPod> free) = SplitByBudgets(lower);
            int violations = Reprieve(pod, volumes, node, protectedPods, victims);
            Reprieve(pod, volumes, node, free, victims);
            victims.Sort(PlacedPod.ByImportance);
            return new Candidate(node, victims, violations);
        }
        finally
        {
            lower.Where(other => node.Find(other.Name) is null).ToList().ForEach(node.Add);
        }
    }

    private int Reprieve(PodNeeds pod, VolumeDecision volumes, NodeState node, List<PlacedPod> pods, List<PlacedPod> victims)
    {
        int before = victims.Count;
        foreach (PlacedPod other in pods)
        {
            node.Add(other);
            if (placement.Refuse(pod, volumes, node).Count > 0)
            {
                node.Remove(other.Name);
                victims.Add(other);
            }
        }

        return victims.Count - before;
    }

    private (List<PlacedPod> Protected, List<PlacedPod> Free) SplitByBudgets(List<PlacedPod> pods)
    {
        Dictionary<MapNode, long> allowed = new(ReferenceEqualityComparer.Instance);
        List<PlacedPod> protectedPods = [];
        List<PlacedPod> free = [];
        foreach (PlacedPod pod in pods)
        {
            bool violates = false;
            foreach (MapNode budget in budgets(pod.Name.Namespace).Where(budget => Covers(budget, pod)))
            {
                long left = allowed.GetValueOrDefault(budget, budget.Status()["disruptionsAllowed"]?.AsInteger() ?? 0) - 1;
                allowed[budget] = left;
                violates |= left < 0;
            }

            (violates ? protectedPods : free).Add(pod);
        }

        return (protectedPods, free);
    }

    private static bool Covers(MapNode budget, PlacedPod pod) =>
        pod.Group.Labels is { Count: > 0 } labels
        && budget.Spec()["selector"] is MapNode { Count: > 0 } selector
        && LabelSelector.Of(selector).Matches(labels)
        && budget.Status()["disruptedPods"]?[pod.Name.Name] is null;

    /// <summary>A node and its victims; smaller is better.</summary>
    private sealed record Candidate(NodeState Node, IReadOnlyList<PlacedPod> Victims, int Violations) : IComparable<Candidate>
    {
        public int CompareTo(Candidate? other)
        {
            int order = Violations.CompareTo(other!.Violations);
            order = order != 0 ? order : HighestPriority.CompareTo(other.HighestPriority);
            order = order != 0 ? order : PrioritySum.CompareTo(other.PrioritySum);
            order = order != 0 ? order : Victims.Count.CompareTo(other.Victims.Count);
            return order != 0 ? order : other.EarliestStart.CompareTo(EarliestStart);
        }

        private int HighestPriority => Victims.Count == 0 ? int.MinValue : Victims[0].Priority;

        // Shifted so that more victims of negative priority are not a better choice than fewer.
        private long PrioritySum => Victims.Sum(victim => victim.Priority + (long)int.MaxValue + 1);

        private DateTimeOffset EarliestStart => Victims.Where(victim => victim.Priority == HighestPriority).Select(victim => victim.Started).DefaultIfEmpty(DateTimeOffset.MinValue).Min();
    }
}
