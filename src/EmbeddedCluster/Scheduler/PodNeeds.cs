using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>What a waiting pod asks of a node, read once per attempt.</summary>
internal sealed class PodNeeds
{
    private PodNeeds(MapNode pod, PlacedPod self)
    {
        Pod = pod;
        Self = self;
        MapNode spec = pod.Spec();
        Tolerations = [.. spec["tolerations"].Maps()];
        Node? affinity = spec["affinity"];
        HasNodeSelection = spec["nodeSelector"] is MapNode { Count: > 0 } || affinity?["nodeAffinity"]?["requiredDuringSchedulingIgnoredDuringExecution"] is MapNode;
        PreferredNodes = [.. (affinity?["nodeAffinity"]?["preferredDuringSchedulingIgnoredDuringExecution"]).Maps()];
        Affinity = AffinityTerm.Required(affinity?["podAffinity"], pod);
        Spread = [.. spec["topologySpreadConstraints"].Maps().Select(constraint => SpreadConstraint.Of(constraint, pod))];
        NodeNames = PinnedNodes.Of(spec);
        List<MapNode> containers = [.. spec["initContainers"].Maps(), .. spec["containers"].Maps()];
        Containers = containers.Count;
        Images =
        [
            .. containers.Select(container => WithTag(container.Text("image"))),
            .. spec["volumes"].Maps().Select(volume => volume["image"]).OfType<MapNode>().Select(image => WithTag(image.Text("reference"))),
        ];
    }

    public MapNode Pod { get; }

    /// <summary>The pod as it counts once it is on a node.</summary>
    public PlacedPod Self { get; }

    public ObjectName Name => Self.Name;

    public IReadOnlyList<MapNode> Tolerations { get; }

    public bool HasNodeSelection { get; }

    public IReadOnlyList<MapNode> PreferredNodes { get; }

    public IReadOnlyList<AffinityTerm> Affinity { get; }

    public IReadOnlyList<SpreadConstraint> Spread { get; }

    /// <summary>The only nodes it can go to by <c>matchFields</c> (pods of DaemonSets); null for all.</summary>
    public IReadOnlySet<string>? NodeNames { get; }

    /// <summary>Images of its containers and of its volumes, as ImageLocality looks for them: a name without a registry is not spelt out, and so not found where a node does.</summary>
    public IReadOnlyList<string> Images { get; }

    /// <summary>How many containers it has, init containers counted.</summary>
    public int Containers { get; }

    public int Priority => Self.Priority;

    public bool MayPreempt => Pod.Spec().Text("preemptionPolicy") != "Never";

    public string NominatedNode => Pod.Status().Text("nominatedNodeName");

    public static PodNeeds Of(MapNode pod, PodGroups groups) => new(pod, PlacedPod.Of(pod, groups));

    // image_locality.go normalizedImageName.
    private static string WithTag(string image) => image.LastIndexOf(':') > image.LastIndexOf('/') ? image : image + ":latest";

    public bool Tolerates(MapNode taint) => Tolerations.Any(toleration => NodeMatching.Tolerates(toleration, taint));
}

/// <summary>A pod as it counts on a node: what it takes away from others. Small, for there are many.</summary>
internal sealed class PlacedPod
{
    private PlacedPod(MapNode pod, PodGroup group)
    {
        MapNode spec = pod.Spec();
        Name = new ObjectName(pod.Namespace(), pod.Name());
        Uid = pod.Uid();
        Group = group;
        Priority = spec.Int("priority");
        Started = pod.Status()["startTime"].Time() ?? pod.CreatedAt() ?? DateTimeOffset.MaxValue;
        IsDeleting = pod.IsDeleting();
        Requests = PodRequests.Of(spec);
        Scored = PodRequests.ForScoring(spec);
        Ports = HostPort.Of(spec);
        Claims = ClaimNames.Of(pod);
    }

    public ObjectName Name { get; }

    public string Uid { get; }

    public PodGroup Group { get; }

    public int Priority { get; }

    public DateTimeOffset Started { get; }

    public bool IsDeleting { get; }

    public Amounts Requests { get; }

    /// <summary>Requests with upstream's assumption for containers that request nothing.</summary>
    public Amounts Scored { get; }

    public IReadOnlyList<HostPort> Ports { get; }

    public IReadOnlyList<string> Claims { get; }

    public static PlacedPod Of(MapNode pod, PodGroups groups) => new(pod, groups.Of(pod));

    /// <summary>Which of two pods is worth more: by priority, then by how long it runs (upstream's MoreImportantPod).</summary>
    public static int ByImportance(PlacedPod left, PlacedPod right)
    {
        int order = right.Priority.CompareTo(left.Priority);
        return order != 0 ? order : left.Started.CompareTo(right.Started);
    }
}

internal readonly record struct HostPort(string Address, string Protocol, int Port)
{
    public static IReadOnlyList<HostPort> Of(MapNode spec)
    {
        List<HostPort>? ports = null;
        foreach (MapNode container in spec["containers"].Maps().Concat(spec["initContainers"].Maps().Where(init => init.Text("restartPolicy") == "Always")))
        {
            foreach (MapNode port in container["ports"].Maps().Where(port => port.Int("hostPort") > 0))
            {
                (ports ??= []).Add(new HostPort(port.Text("hostIP"), port["protocol"]?.AsString() ?? "TCP", port.Int("hostPort")));
            }
        }

        return ports ?? [];
    }

    public bool Collides(HostPort other) =>
        Port == other.Port && Protocol == other.Protocol && (IsAny(Address) || IsAny(other.Address) || Address == other.Address);

    private static bool IsAny(string address) => address is "" or "0.0.0.0";
}

/// <summary>The nodes that every term of a pod's required node affinity names by <c>metadata.name</c>.</summary>
internal static class PinnedNodes
{
    public static IReadOnlySet<string>? Of(MapNode spec)
    {
        if (spec["affinity"]?["nodeAffinity"]?["requiredDuringSchedulingIgnoredDuringExecution"] is not MapNode required)
        {
            return null;
        }

        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (MapNode term in required["nodeSelectorTerms"].Maps())
        {
            MapNode? field = term["matchFields"].Maps().FirstOrDefault(field => field.Text("key") == "metadata.name" && field.Text("operator") == "In");
            if (field is null)
            {
                return null;
            }

            names.UnionWith(field["values"].Strings());
        }

        return names.Count == 0 ? null : names;
    }
}
