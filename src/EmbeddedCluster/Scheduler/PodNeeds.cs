using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>What a pod asks of a node, read once.</summary>
internal sealed class PodNeeds
{
    private PodNeeds(MapNode pod)
    {
        Pod = pod;
        MapNode spec = pod.Spec();
        Requests = ReadRequests(spec);
        Ports = [.. ReadPorts(spec)];
        Tolerations = [.. spec["tolerations"].Maps()];
        Node? affinity = spec["affinity"];
        PreferredNodes = [.. (affinity?["nodeAffinity"]?["preferredDuringSchedulingIgnoredDuringExecution"]).Maps()];
        Affinity = Terms(affinity?["podAffinity"], pod);
        AntiAffinity = Terms(affinity?["podAntiAffinity"], pod);
        PreferredAffinity = WeightedTerms(affinity?["podAffinity"], pod, 1);
        PreferredAntiAffinity = WeightedTerms(affinity?["podAntiAffinity"], pod, -1);
        Spread = [.. spec["topologySpreadConstraints"].Maps().Select(constraint => SpreadConstraint.Of(constraint, pod))];
        OwnerUid = pod.ControllerReference().Text("uid");
    }

    public MapNode Pod { get; }

    public IReadOnlyDictionary<string, Quantity> Requests { get; }

    public IReadOnlyList<HostPort> Ports { get; }

    public IReadOnlyList<MapNode> Tolerations { get; }

    public IReadOnlyList<MapNode> PreferredNodes { get; }

    public IReadOnlyList<AffinityTerm> Affinity { get; }

    public IReadOnlyList<AffinityTerm> AntiAffinity { get; }

    public IReadOnlyList<AffinityTerm> PreferredAffinity { get; }

    public IReadOnlyList<AffinityTerm> PreferredAntiAffinity { get; }

    public IReadOnlyList<SpreadConstraint> Spread { get; }

    public string OwnerUid { get; }

    public int Priority => Pod.Spec().Int("priority");

    public static PodNeeds Of(MapNode pod) => new(pod);

    public bool Tolerates(MapNode taint) => Tolerations.Any(toleration => NodeMatching.Tolerates(toleration, taint));

    private static Dictionary<string, Quantity> ReadRequests(MapNode spec)
    {
        Dictionary<string, Quantity> total = new(StringComparer.Ordinal);
        Dictionary<string, Quantity> sidecars = new(StringComparer.Ordinal);
        Dictionary<string, Quantity> starting = new(StringComparer.Ordinal);
        foreach (MapNode container in spec["containers"].Maps())
        {
            Add(total, container["resources"]?["requests"]);
        }

        foreach (MapNode container in spec["initContainers"].Maps())
        {
            if (container.Text("restartPolicy") == "Always")
            {
                Add(sidecars, container["resources"]?["requests"]);
                Add(total, container["resources"]?["requests"]);
            }
            else
            {
                RaiseTo(starting, container["resources"]?["requests"], sidecars);
            }
        }

        foreach ((string name, Quantity value) in starting)
        {
            total[name] = Larger(total.GetValueOrDefault(name), value);
        }

        foreach ((string name, Node value) in spec["resources"]?["requests"] as MapNode ?? [])
        {
            total[name] = Quantity.Of(value);
        }

        Add(total, spec["overhead"]);
        return total;
    }

    private static void Add(Dictionary<string, Quantity> total, Node? requests)
    {
        foreach ((string name, Node value) in requests as MapNode ?? [])
        {
            total[name] = total.GetValueOrDefault(name) + Quantity.Of(value);
        }
    }

    private static void RaiseTo(Dictionary<string, Quantity> most, Node? requests, Dictionary<string, Quantity> beside)
    {
        foreach ((string name, Node value) in requests as MapNode ?? [])
        {
            most[name] = Larger(most.GetValueOrDefault(name), Quantity.Of(value) + beside.GetValueOrDefault(name));
        }
    }

    private static Quantity Larger(Quantity left, Quantity right) => left > right ? left : right;

    private static IEnumerable<HostPort> ReadPorts(MapNode spec) =>
        spec["containers"].Maps().SelectMany(container => container["ports"].Maps())
            .Where(port => port.Int("hostPort") > 0)
            .Select(port => new HostPort(port.Text("hostIP"), port["protocol"]?.AsString() ?? "TCP", port.Int("hostPort")));

    private static IReadOnlyList<AffinityTerm> Terms(Node? affinity, MapNode pod) =>
        [.. (affinity?["requiredDuringSchedulingIgnoredDuringExecution"]).Maps().Select(term => AffinityTerm.Of(term, pod, 0))];

    private static IReadOnlyList<AffinityTerm> WeightedTerms(Node? affinity, MapNode pod, int sign) =>
        [.. (affinity?["preferredDuringSchedulingIgnoredDuringExecution"]).Maps()
            .Where(term => term["podAffinityTerm"] is MapNode)
            .Select(term => AffinityTerm.Of((MapNode)term["podAffinityTerm"]!, pod, sign * term.Int("weight")))];
}

internal readonly record struct HostPort(string Address, string Protocol, int Port)
{
    public bool Collides(HostPort other) =>
        Port == other.Port && Protocol == other.Protocol && (IsAny(Address) || IsAny(other.Address) || Address == other.Address);

    private static bool IsAny(string address) => address is "" or "0.0.0.0";
}

/// <summary>One term of pod (anti-)affinity, bound to the namespace of the pod that has it.</summary>
internal sealed record AffinityTerm(string TopologyKey, LabelSelector Selector, IReadOnlyList<string> Namespaces, LabelSelector NamespaceSelector, int Weight)
{
    public static AffinityTerm Of(MapNode term, MapNode pod, int weight)
    {
        List<string> namespaces = [.. term["namespaces"].Strings()];
        if (namespaces.Count == 0 && term["namespaceSelector"] is not MapNode)
        {
            namespaces.Add(pod.Namespace());
        }

        return new AffinityTerm(term.Text("topologyKey"), SelectorOf(term, pod), namespaces, LabelSelector.Of(term["namespaceSelector"]), weight);
    }

    public bool Matches(MapNode pod, Func<string, MapNode?> namespaceLabels) =>
        Selector.Matches(pod.Labels())
        && (Namespaces.Contains(pod.Namespace()) || NamespaceSelector.IsEmpty || NamespaceSelector.Matches(namespaceLabels(pod.Namespace())));

    /// <summary>The label selector with the pod's own values of <c>matchLabelKeys</c> added.</summary>
    internal static LabelSelector SelectorOf(MapNode term, MapNode pod)
    {
        if (term["matchLabelKeys"] is not ListNode { Count: > 0 } keys)
        {
            return LabelSelector.Of(term["labelSelector"]);
        }

        MapNode selector = term["labelSelector"].CopyOf();
        foreach (string key in keys.Strings())
        {
            if (pod.Labels()?[key] is { } value)
            {
                selector.EnsureMap("matchLabels")[key] = value;
            }
        }

        return LabelSelector.Of(selector);
    }
}

internal sealed record SpreadConstraint(string TopologyKey, LabelSelector Selector, int MaxSkew, int MinDomains, bool IsHard, bool HonorTaints)
{
    public static SpreadConstraint Of(MapNode constraint, MapNode pod) => new(
        constraint.Text("topologyKey"),
        AffinityTerm.SelectorOf(constraint, pod),
        constraint.Int("maxSkew", 1),
        constraint.Int("minDomains", 1),
        constraint.Text("whenUnsatisfiable") != "ScheduleAnyway",
        constraint.Text("nodeTaintsPolicy") == "Honor");
}
