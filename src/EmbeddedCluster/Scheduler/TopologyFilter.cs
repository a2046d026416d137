using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>Where other pods are, seen from one pod: spreading and (anti-)affinity over topology domains, counted once per pod.</summary>
internal sealed class TopologyFilter
{
    private readonly PodNeeds pod;
    private readonly List<(SpreadConstraint Constraint, Dictionary<string, int> Counts, int Least)> spread = [];
    private readonly List<(AffinityTerm Term, HashSet<string> Domains)> together = [];
    private readonly List<(AffinityTerm Term, HashSet<string> Domains)> apart = [];
    private readonly HashSet<(string Key, string Value)> repelled = [];
    private readonly List<(AffinityTerm Term, Dictionary<string, int> Counts)> preferred = [];
    private readonly bool isFirstOfItsKind;

    private TopologyFilter(PodNeeds pod, IReadOnlyCollection<NodeState> nodes, Func<string, MapNode?> namespaceLabels)
    {
        this.pod = pod;
        foreach (SpreadConstraint constraint in pod.Spread)
        {
            Dictionary<string, int> counts = CountSpread(constraint, nodes);
            int least = counts.Count < constraint.MinDomains ? 0 : counts.Values.DefaultIfEmpty(0).Min();
            spread.Add((constraint, counts, least));
        }

        together.AddRange(pod.Affinity.Select(term => (term, Domains(term, nodes, namespaceLabels))));
        apart.AddRange(pod.AntiAffinity.Select(term => (term, Domains(term, nodes, namespaceLabels))));
        preferred.AddRange(pod.PreferredAffinity.Concat(pod.PreferredAntiAffinity).Select(term => (term, Counts(term, nodes, namespaceLabels))));
        // The first of a group that wants to be together has nobody to be with yet.
        isFirstOfItsKind = together.Count > 0
            && together.TrueForAll(entry => entry.Domains.Count == 0)
            && pod.Affinity.All(term => term.Matches(pod.Pod, namespaceLabels));
        CollectRepelled(nodes, namespaceLabels);
    }

    public static TopologyFilter For(PodNeeds pod, IReadOnlyCollection<NodeState> nodes, Func<string, MapNode?> namespaceLabels) => new(pod, nodes, namespaceLabels);

    public Refusal? Refuse(NodeState node)
    {
        foreach ((SpreadConstraint constraint, Dictionary<string, int> counts, int least) in spread.Where(entry => entry.Constraint.IsHard))
        {
            if (node.Label(constraint.TopologyKey) is not { } domain)
            {
                return new Refusal("node(s) didn't match pod topology spread constraints (missing required label)", false);
            }

            int self = constraint.Selector.Matches(pod.Pod.Labels()) ? 1 : 0;
            if (counts.GetValueOrDefault(domain) + self - least > constraint.MaxSkew)
            {
                return new Refusal("node(s) didn't match pod topology spread constraints", true);
            }
        }

        if (!together.TrueForAll(entry => node.Label(entry.Term.TopologyKey) is { } domain && (isFirstOfItsKind || entry.Domains.Contains(domain))))
        {
            return new Refusal("node(s) didn't match pod affinity rules", false);
        }

        if (apart.Exists(entry => node.Label(entry.Term.TopologyKey) is { } domain && entry.Domains.Contains(domain)))
        {
            return new Refusal("node(s) didn't match pod anti-affinity rules", true);
        }

        return repelled.Any(domain => node.Label(domain.Key) == domain.Value)
            ? new Refusal("node(s) didn't satisfy existing pods anti-affinity rules", true)
            : null;
    }

    public double Score(NodeState node)
    {
        double score = 0;
        foreach ((SpreadConstraint constraint, Dictionary<string, int> counts, _) in spread)
        {
            score -= node.Label(constraint.TopologyKey) is { } domain ? 20 * counts.GetValueOrDefault(domain) : 1000;
        }

        foreach ((AffinityTerm term, Dictionary<string, int> counts) in preferred)
        {
            score += node.Label(term.TopologyKey) is { } domain ? 2.0 * term.Weight * counts.GetValueOrDefault(domain) : 0;
        }

        return score;
    }

    private Dictionary<string, int> CountSpread(SpreadConstraint constraint, IReadOnlyCollection<NodeState> nodes)
    {
        Dictionary<string, int> counts = new(StringComparer.Ordinal);
        foreach (NodeState node in nodes)
        {
            if (node.Label(constraint.TopologyKey) is not { } domain || !NodeMatching.MatchesAffinity(pod.Pod.Spec(), node.Node)
                || (constraint.HonorTaints && NodeRules.Refuse(pod, node) is not null))
            {
                continue;
            }

            int matching = node.Pods.Count(other => !other.Pod.IsDeleting() && other.Pod.Namespace() == pod.Pod.Namespace() && constraint.Selector.Matches(other.Pod.Labels()));
            counts[domain] = counts.GetValueOrDefault(domain) + matching;
        }

        return counts;
    }

    private static HashSet<string> Domains(AffinityTerm term, IReadOnlyCollection<NodeState> nodes, Func<string, MapNode?> namespaceLabels) =>
        [.. Counts(term, nodes, namespaceLabels).Keys];

    private static Dictionary<string, int> Counts(AffinityTerm term, IReadOnlyCollection<NodeState> nodes, Func<string, MapNode?> namespaceLabels)
    {
        Dictionary<string, int> counts = new(StringComparer.Ordinal);
        foreach (NodeState node in nodes)
        {
            if (node.Label(term.TopologyKey) is { } domain
                && node.Pods.Count(other => term.Matches(other.Pod, namespaceLabels)) is var matching and > 0)
            {
                counts[domain] = counts.GetValueOrDefault(domain) + matching;
            }
        }

        return counts;
    }

    private void CollectRepelled(IReadOnlyCollection<NodeState> nodes, Func<string, MapNode?> namespaceLabels)
    {
        foreach (NodeState node in nodes.Where(node => node.WithAntiAffinity > 0))
        {
            foreach (AffinityTerm term in node.Pods.SelectMany(other => other.AntiAffinity))
            {
                if (node.Label(term.TopologyKey) is { } domain && term.Matches(pod.Pod, namespaceLabels))
                {
                    repelled.Add((term.TopologyKey, domain));
                }
            }
        }
    }
}
