using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>One term of pod (anti-)affinity, bound to the namespace and labels of the pod that has it.</summary>
/// <param name="Weight">Of a preferred term; negative for anti-affinity.</param>
internal sealed record AffinityTerm(string TopologyKey, LabelSelector Selector, IReadOnlyList<string> Namespaces, LabelSelector NamespaceSelector, int Weight)
{
    public static IReadOnlyList<AffinityTerm> Required(Node? affinity, MapNode pod) =>
        [.. (affinity?["requiredDuringSchedulingIgnoredDuringExecution"]).Maps().Select(term => Of(term, pod, 0))];

    public static IEnumerable<AffinityTerm> Preferred(Node? affinity, MapNode pod, int sign) =>
        (affinity?["preferredDuringSchedulingIgnoredDuringExecution"]).Maps()
            .Where(term => term["podAffinityTerm"] is MapNode)
            .Select(term => Of((MapNode)term["podAffinityTerm"]!, pod, sign * term.Int("weight")));

    public bool Matches(PodGroup group, Func<string, MapNode?> namespaceLabels) =>
        Selector.Matches(group.Labels) && CoversNamespace(group.Namespace, namespaceLabels);

    private bool CoversNamespace(string @namespace, Func<string, MapNode?> namespaceLabels) =>
        Namespaces.Contains(@namespace) || NamespaceSelector.IsEmpty || NamespaceSelector.Matches(namespaceLabels(@namespace));

    private static AffinityTerm Of(MapNode term, MapNode pod, int weight)
    {
        List<string> namespaces = [.. term["namespaces"].Strings()];
        if (namespaces.Count == 0 && term["namespaceSelector"] is not MapNode)
        {
            namespaces.Add(pod.Namespace());
        }

        LabelSelector selector = KeyedSelector.Of(term, pod);
        return new AffinityTerm(term.Text("topologyKey"), selector, namespaces, LabelSelector.Of(term["namespaceSelector"]), weight);
    }
}

/// <summary>Label selectors that take values from the pod itself: <c>matchLabelKeys</c> and <c>mismatchLabelKeys</c>.</summary>
internal static class KeyedSelector
{
    public static LabelSelector Of(MapNode holder, MapNode pod)
    {
        List<MapNode> more = [.. Expressions(holder["matchLabelKeys"], "In", pod), .. Expressions(holder["mismatchLabelKeys"], "NotIn", pod)];
        if (more.Count == 0 || holder["labelSelector"] is not MapNode)
        {
            return LabelSelector.Of(holder["labelSelector"]);
        }

        MapNode selector = holder["labelSelector"].CopyOf();
        ListNode expressions = new((selector["matchExpressions"] as ListNode ?? []).Concat(more));
        selector["matchExpressions"] = expressions;
        return LabelSelector.Of(selector);
    }

    private static IEnumerable<MapNode> Expressions(Node? keys, string @operator, MapNode pod) => keys.Strings()
        .Where(key => pod.Labels()?[key] is not null)
        .Select(key => new MapNode { ["key"] = key, ["operator"] = @operator, ["values"] = new ListNode(pod.Labels()![key]!) });
}
