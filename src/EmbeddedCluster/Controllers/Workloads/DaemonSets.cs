using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <param name="Create">Nodes that lack a pod.</param>
/// <param name="Events">Type, reason and message.</param>
internal sealed record DaemonPlan(IReadOnlyList<string> Create, IReadOnlyList<MapNode> Delete, MapNode Status, IReadOnlyList<(string Type, string Reason, string Message)> Events);

/// <summary>The decisions of the DaemonSet controller.</summary>
internal static class DaemonSets
{
    public const string HashLabel = "controller-revision-hash";
    public const string GenerationLabel = "pod-template-generation";
    private const string GenerationAnnotation = "deprecated.daemonset.template.generation";

    private static readonly (string Key, string Effect)[] OwnTolerations =
    [
        ("node.kubernetes.io/not-ready", "NoExecute"),
        ("node.kubernetes.io/unreachable", "NoExecute"),
        ("node.kubernetes.io/disk-pressure", "NoSchedule"),
        ("node.kubernetes.io/memory-pressure", "NoSchedule"),
        ("node.kubernetes.io/pid-pressure", "NoSchedule"),
        ("node.kubernetes.io/unschedulable", "NoSchedule"),
    ];

    /// <param name="mayReplace">Whether the failed pod of a node may be replaced already.</param>
    public static DaemonPlan Decide(MapNode set, string hash, IReadOnlyList<MapNode> nodes, IReadOnlyList<MapNode> pods, DateTimeOffset now, Func<MapNode, bool>? mayReplace = null)
    {
        ILookup<string, MapNode> byNode = pods.ToLookup(NodeOf, StringComparer.Ordinal);
        List<string> create = [];
        List<MapNode> delete = [];
        List<string> wanted = [];
        List<(string, string, string)> events = [];
        foreach (MapNode node in nodes)
        {
            (bool run, bool stay) = ShouldRun(set, node);
            List<MapNode> here = [.. byNode[node.Name()]];
            if (run)
            {
                wanted.Add(node.Name());
            }

            if (!run && !stay)
            {
                delete.AddRange(here.Where(pod => !pod.IsDeleting()));
                continue;
            }

            List<MapNode> over = [.. here.Where(pod => !pod.IsDeleting() && pod.IsFinished() && (pod.Phase() == "Succeeded" || mayReplace?.Invoke(pod) != false))];
            delete.AddRange(over);
            events.AddRange(over.Select(pod => Describe(pod, node.Name())));
            delete.AddRange(Surplus(set, hash, here));
            if (run && here.Count == 0)
            {
                create.Add(node.Name());
            }
        }

        HashSet<string> known = [.. nodes.Select(node => node.Name())];
        delete.AddRange(pods.Where(pod => pod.Spec().Text("nodeName").Length == 0 && !pod.IsDeleting() && NodeOf(pod) is { Length: > 0 } node && !known.Contains(node)));
        if (!set.IsDeleting() && set.Spec()["updateStrategy"]?["type"]?.AsString() != "OnDelete")
        {
            RollOver(set, hash, wanted.Count, byNode, create, delete, now);
        }

        MapNode status = Status(set, hash, nodes, wanted, byNode, now);
        return set.IsDeleting() ? new DaemonPlan([], [], status, []) : new DaemonPlan([.. create.Distinct()], [.. delete.Distinct()], status, events);
    }

    private static (string, string, string) Describe(MapNode pod, string node) => pod.Phase() == "Failed"
        ? ("Warning", "FailedDaemonPod", $"Found failed daemon pod {pod.Namespace()}/{pod.Name()} on node {node}, will try to kill it")
        : ("Normal", "SucceededDaemonPod", $"Found succeeded daemon pod {pod.Namespace()}/{pod.Name()} on node {node}, will try to delete it");

    // One pod a node; while a surge goes on one old and one new.
    private static IEnumerable<MapNode> Surplus(MapNode set, string hash, List<MapNode> here)
    {
        List<MapNode> running = [.. Oldest(here.Where(pod => pod.IsActive()))];
        bool surges = IntOrPercent.Resolve(set.Spec()["updateStrategy"]?["rollingUpdate"]?["maxSurge"], 100, roundUp: true) > 0;
        return surges
            ? running.Where(pod => HashOf(pod) == hash).Skip(1).Concat(running.Where(pod => HashOf(pod) != hash).Skip(1))
            : running.Skip(1);
    }

    private static IEnumerable<MapNode> Oldest(IEnumerable<MapNode> pods) => pods
        .OrderBy(pod => pod.Spec().Text("nodeName").Length == 0)
        .ThenBy(pod => pod.CreatedAt())
        .ThenBy(pod => pod.Name(), StringComparer.Ordinal);

    public static MapNode MakePod(MapNode set, string hash, string node)
    {
        MapNode pod = Pods.FromTemplate((MapNode)set.Spec()["template"]!, set);
        MapNode labels = pod.EnsureMap("metadata").EnsureMap("labels");
        labels[HashLabel] = hash;
        labels[GenerationLabel] = set.Annotation(GenerationAnnotation) ?? "1";
        MapNode spec = pod.EnsureMap("spec");
        Pin(spec, node);
        ListNode tolerations = spec["tolerations"] as ListNode ?? new ListNode();
        foreach (MapNode toleration in DaemonTolerations(spec).Where(extra => !tolerations.Maps().Any(extra.DeepEquals)))
        {
            tolerations.Add(toleration);
        }

        spec["tolerations"] = tolerations;
        return pod;
    }

    /// <summary>The node a pod runs on, or is made for.</summary>
    public static string NodeOf(MapNode pod)
    {
        if (pod.Spec().Text("nodeName") is { Length: > 0 } bound)
        {
            return bound;
        }

        Node? required = pod.Spec()["affinity"]?["nodeAffinity"]?["requiredDuringSchedulingIgnoredDuringExecution"];
        return (required?["nodeSelectorTerms"]).Maps()
            .SelectMany(term => term["matchFields"].Maps())
            .Where(field => field.Text("key") == "metadata.name")
            .SelectMany(field => field["values"].Strings())
            .FirstOrDefault() ?? string.Empty;
    }

    /// <summary>Whether the node should get a pod, and whether one that is there may stay.</summary>
    internal static (bool Run, bool Stay) ShouldRun(MapNode set, MapNode node)
    {
        MapNode spec = set.Spec()["template"]?["spec"] as MapNode ?? new MapNode();
        if ((spec.Text("nodeName") is { Length: > 0 } name && name != node.Name()) || !NodeMatching.MatchesAffinity(spec, node))
        {
            return (false, false);
        }

        List<MapNode> tolerations = [.. spec["tolerations"].Maps(), .. DaemonTolerations(spec)];
        bool evicted = NodeMatching.UntoleratedTaint(tolerations, node, effect => effect == "NoExecute") is not null;
        bool refused = NodeMatching.UntoleratedTaint(tolerations, node, effect => effect == "NoSchedule") is not null;
        return (!evicted && !refused, !evicted);
    }

    private static IEnumerable<MapNode> DaemonTolerations(MapNode spec)
    {
        IEnumerable<(string Key, string Effect)> all = spec.Flag("hostNetwork")
            ? OwnTolerations.Append(("node.kubernetes.io/network-unavailable", "NoSchedule"))
            : OwnTolerations;
        return all.Select(own => new MapNode { ["key"] = own.Key, ["operator"] = "Exists", ["effect"] = own.Effect });
    }

    private static void Pin(MapNode spec, string node)
    {
        MapNode requirement = new() { ["key"] = "metadata.name", ["operator"] = "In", ["values"] = new ListNode(node) };
        MapNode required = spec.EnsureMap("affinity").EnsureMap("nodeAffinity").EnsureMap("requiredDuringSchedulingIgnoredDuringExecution");
        if (required["nodeSelectorTerms"] is not ListNode { Count: > 0 } terms)
        {
            required["nodeSelectorTerms"] = new ListNode(new MapNode { ["matchFields"] = new ListNode(requirement) });
            return;
        }

        foreach (MapNode term in terms.Maps())
        {
            term["matchFields"] = new ListNode(requirement.Clone());
        }
    }

    private static void RollOver(MapNode set, string hash, int desired, ILookup<string, MapNode> byNode, List<string> create, List<MapNode> delete, DateTimeOffset now)
    {
        Node? rolling = set.Spec()["updateStrategy"]?["rollingUpdate"];
        int surge = IntOrPercent.Resolve(rolling?["maxSurge"], desired, roundUp: true);
        int most = IntOrPercent.Resolve(rolling?["maxUnavailable"], desired, roundUp: true, surge > 0 ? 0 : 1);
        List<DaemonNode> nodes = [.. byNode.Where(group => group.Key.Length > 0).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => new DaemonNode(
            group.Key,
            Oldest(group.Where(pod => !pod.IsDeleting() && HashOf(pod) == hash)).FirstOrDefault(),
            Oldest(group.Where(pod => !pod.IsDeleting() && HashOf(pod) != hash)).FirstOrDefault(),
            group.Any(pod => pod.IsDeleting())))];
        int minReadySeconds = set.Spec().Int("minReadySeconds");
        bool Serves(MapNode pod) => pod.IsAvailable(minReadySeconds, now);
        if (surge == 0)
        {
            Replace(nodes, surge == 0 && most == 0 ? 1 : most, Serves, delete);
        }
        else
        {
            Surge(nodes, surge, Serves, create, delete);
        }
    }

    // Old pods that are of no use go at once, the others as far as maxUnavailable allows.
    private static void Replace(List<DaemonNode> nodes, int most, Func<MapNode, bool> serves, List<MapNode> delete)
    {
        List<MapNode> candidates = [];
        int unavailable = 0;
        foreach (DaemonNode node in nodes)
        {
            if (node.New is { } fresh && node.Old is null)
            {
                unavailable += serves(fresh) ? 0 : 1;
            }
            else if (node.Old is { } old && node.New is null && serves(old))
            {
                candidates.Add(old);
            }
            else
            {
                unavailable++;
                if (node.Old is { } useless && node.New is null)
                {
                    delete.Add(useless);
                }
            }
        }

        delete.AddRange(candidates.Take(Math.Max(0, most - unavailable)));
    }

    // A new pod beside the old one, which goes when the new one serves.
    private static void Surge(List<DaemonNode> nodes, int most, Func<MapNode, bool> serves, List<string> create, List<MapNode> delete)
    {
        List<string> candidates = [];
        int surging = 0;
        foreach (DaemonNode node in nodes.Where(node => node.Old is not null))
        {
            if (node.New is { } fresh)
            {
                surging += serves(fresh) ? 0 : 1;
                delete.AddRange(serves(fresh) ? [node.Old!] : []);
            }
            else if (!node.Going)
            {
                (serves(node.Old!) ? candidates : create).Add(node.Name);
            }
        }

        create.AddRange(candidates.Take(Math.Max(0, most - surging)));
    }

    private static MapNode Status(MapNode set, string hash, IReadOnlyList<MapNode> nodes, List<string> wanted, ILookup<string, MapNode> byNode, DateTimeOffset now)
    {
        int minReadySeconds = set.Spec().Int("minReadySeconds");
        // The oldest pod of a node speaks for it.
        List<MapNode> scheduled = [.. wanted.Select(node => Oldest(byNode[node]).FirstOrDefault()).OfType<MapNode>()];
        HashSet<string> known = [.. wanted];
        int available = scheduled.Count(pod => pod.IsAvailable(minReadySeconds, now));
        MapNode status = new()
        {
            ["currentNumberScheduled"] = scheduled.Count,
            ["numberMisscheduled"] = nodes.Count(node => !known.Contains(node.Name()) && byNode[node.Name()].Any()),
            ["desiredNumberScheduled"] = wanted.Count,
            ["numberReady"] = scheduled.Count(pod => pod.IsReady()),
        };
        status.PutCount("observedGeneration", (int)set.Generation());
        status.PutCount("updatedNumberScheduled", scheduled.Count(pod => HashOf(pod) == hash));
        status.PutCount("numberAvailable", available);
        status.PutCount("numberUnavailable", wanted.Count - available);
        if (set.Status()["collisionCount"] is { } collisions)
        {
            status["collisionCount"] = collisions;
        }

        return status;
    }

    private sealed record DaemonNode(string Name, MapNode? New, MapNode? Old, bool Going);

    private static string HashOf(MapNode pod) => pod.Labels()?[HashLabel]?.AsString() ?? string.Empty;
}
