using System.Globalization;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <param name="Node">Where the pod goes; null when nowhere.</param>
/// <param name="Message">Why it goes nowhere, as kube-scheduler words it.</param>
internal sealed record PlacementDecision(string? Node, string Message);

/// <summary>Filters and scores the nodes for one pod; the first filter that refuses a node names the reason.</summary>
internal sealed class Placement(IReadOnlyCollection<NodeState> nodes, Func<string, MapNode?> namespaceLabels)
{
    private const string NotHelpful = "Preemption is not helpful for scheduling";
    private const string NoVictims = "No preemption victims found for incoming pod";

    public PlacementDecision Decide(PodNeeds pod)
    {
        if (nodes.Count == 0)
        {
            return new PlacementDecision(null, "no nodes available to schedule pods");
        }

        TopologyFilter topology = TopologyFilter.For(pod, nodes, namespaceLabels);
        List<NodeState> feasible = [];
        SortedDictionary<string, int> reasons = new(StringComparer.Ordinal);
        int hopeless = 0;
        foreach (NodeState node in nodes)
        {
            IReadOnlyList<Refusal> refusals = Refusals(pod, node, topology);
            if (refusals.Count == 0)
            {
                feasible.Add(node);
                continue;
            }

            hopeless += refusals.Any(refusal => !refusal.Resolvable) ? 1 : 0;
            foreach (Refusal refusal in refusals)
            {
                reasons[refusal.Reason] = reasons.GetValueOrDefault(refusal.Reason) + 1;
            }
        }

        return feasible.Count == 0
            ? new PlacementDecision(null, Explain(string.Join(", ", Sorted(reasons)), nodes.Count, hopeless))
            : new PlacementDecision(Best(pod, feasible, topology), string.Empty);
    }

    /// <summary>The message for a pod that no node can take whatever it has free.</summary>
    public PlacementDecision Refuse(string reason) => new(null, Explain(reason, nodes.Count, nodes.Count));

    private static string Explain(string reasons, int count, int hopeless)
    {
        List<string> preemption = [];
        if (count - hopeless > 0)
        {
            preemption.Add(string.Create(CultureInfo.InvariantCulture, $"{count - hopeless} {NoVictims}"));
        }

        if (hopeless > 0)
        {
            preemption.Add(string.Create(CultureInfo.InvariantCulture, $"{hopeless} {NotHelpful}"));
        }

        preemption.Sort(StringComparer.Ordinal);
        return string.Create(CultureInfo.InvariantCulture, $"0/{count} nodes are available: {reasons}. preemption: 0/{count} nodes are available: {string.Join(", ", preemption)}.");
    }

    private static IEnumerable<string> Sorted(SortedDictionary<string, int> reasons) =>
        reasons.Select(reason => string.Create(CultureInfo.InvariantCulture, $"{reason.Value} {reason.Key}")).Order(StringComparer.Ordinal);

    private static IReadOnlyList<Refusal> Refusals(PodNeeds pod, NodeState node, TopologyFilter topology)
    {
        if (NodeRules.Refuse(pod, node) is { } refusal)
        {
            return [refusal];
        }

        if (pod.Ports.Count > 0 && node.Pods.Any(other => other.Ports.Any(used => pod.Ports.Any(wanted => wanted.Collides(used)))))
        {
            return [new Refusal("node(s) didn't have free ports for the requested pod ports", true)];
        }

        List<Refusal> missing = [.. Missing(pod, node)];
        return missing.Count > 0 ? missing : topology.Refuse(node) is { } apart ? [apart] : [];
    }

    private static IEnumerable<Refusal> Missing(PodNeeds pod, NodeState node)
    {
        if (Quantity.Of(node.Pods.Count + 1) > node.Allocatable("pods"))
        {
            yield return new Refusal("Too many pods", true);
        }

        foreach ((string resource, Quantity wanted) in pod.Requests)
        {
            if (wanted.Sign > 0 && wanted > node.Allocatable(resource) - node.Requested(resource))
            {
                yield return new Refusal("Insufficient " + resource, wanted <= node.Allocatable(resource));
            }
        }
    }

    private string Best(PodNeeds pod, List<NodeState> feasible, TopologyFilter topology)
    {
        NodeState best = feasible[0];
        double bestScore = double.MinValue;
        foreach (NodeState node in feasible)
        {
            double score = Score(pod, node, topology);
            if (score > bestScore)
            {
                (best, bestScore) = (node, score);
            }
        }

        return best.Name;
    }

    // Upstream's plugins weigh 0..100 each; taints, node affinity, spreading and pod affinity count double or triple.
    private double Score(PodNeeds pod, NodeState node, TopologyFilter topology)
    {
        double score = 0;
        foreach (string resource in (ReadOnlySpan<string>)["cpu", "memory"])
        {
            Quantity whole = node.Allocatable(resource);
            Quantity used = node.Requested(resource) + pod.Requests.GetValueOrDefault(resource);
            score += whole.IsZero ? 0 : 50 * ((whole - used).ToDouble() / whole.ToDouble());
        }

        double slots = node.Allocatable("pods").ToDouble();
        score += slots == 0 ? 0 : 100 * (1 - (node.Pods.Count / slots));
        score -= 300 * node.Taints.Count(taint => taint.Text("effect") == "PreferNoSchedule" && !pod.Tolerates(taint));
        foreach (MapNode preferred in pod.PreferredNodes)
        {
            if (preferred["preference"] is MapNode term && NodeMatching.MatchesTerm(term, node.Node))
            {
                score += 2 * preferred.Int("weight");
            }
        }

        if (pod.OwnerUid.Length > 0)
        {
            score -= 10 * node.PodsOf(pod.OwnerUid);
        }

        return score + topology.Score(node);
    }
}

/// <param name="Resolvable">Whether removing other pods could help.</param>
internal sealed record Refusal(string Reason, bool Resolvable);

/// <summary>What concerns a node alone: cordon, name, taints, selectors.</summary>
internal static class NodeRules
{
    public static Refusal? Refuse(PodNeeds pod, NodeState node)
    {
        if (node.Node.Spec().Flag("unschedulable") && !pod.Tolerates(Unschedulable))
        {
            return new Refusal("node(s) were unschedulable", false);
        }

        foreach (MapNode taint in node.Taints)
        {
            if (taint.Text("effect") is "NoSchedule" or "NoExecute" && !pod.Tolerates(taint))
            {
                return new Refusal($"node(s) had untolerated taint {{{taint.Text("key")}: {taint.Text("value")}}}", false);
            }
        }

        return NodeMatching.MatchesAffinity(pod.Pod.Spec(), node.Node) ? null : new Refusal("node(s) didn't match Pod's node affinity/selector", false);
    }

    private static readonly MapNode Unschedulable = (MapNode)new MapNode
    {
        ["key"] = "node.kubernetes.io/unschedulable",
        ["effect"] = "NoSchedule",
    }.Freeze();
}
