using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <param name="Create">Nodes that lack a pod.</param>
internal sealed record DaemonPlan(IReadOnlyList<string> Create, IReadOnlyList<MapNode> Delete, MapNode Status);

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

    public static DaemonPlan Decide(MapNode set, string hash, IReadOnlyList<MapNode> nodes, IReadOnlyList<MapNode> pods, DateTimeOffset now)
    {
        ILookup<string, MapNode> byNode = pods.ToLookup(NodeOf, StringComparer.Ordinal);
        List<string> create = [];
        List<MapNode> delete = [];
        List<string> wanted = [];
        foreach (MapNode node in nodes)
        {
            (bool run, bool stay) = ShouldRun(set, node);
            List<MapNode> here = [.. byNode[node.Name()]];
            if (run)
            {
                wanted.Add(node.Name());
            }

            if (run && !here.Exists(pod => !pod.IsDeleting() && !pod.IsFinished()) && here.TrueForAll(pod => pod.IsFinished()))
            {
                create.Add(node.Name());
            }

            delete.AddRange(here.Where(pod => !pod.IsDeleting() && (pod.IsFinished() || (!run && !stay))));
        }

        if (!set.IsDeleting() && set.Spec()["updateStrategy"]?["type"]?.AsString() != "OnDelete")
        {
            RollOver(set, hash, wanted, byNode, create, delete, now);
        }

        MapNode status = Status(set, hash, nodes, wanted, byNode, now);
        return set.IsDeleting() ? new DaemonPlan([], [], status) : new DaemonPlan(create, [.. delete.Distinct()], status);
    }

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

    // Replaces pods of older templates: those that are of no use at once, the others as far as maxUnavailable (or maxSurge) allows.
    private static void RollOver(MapNode set, string hash, List<string> wanted, ILookup<string, MapNode> byNode, List<string> create, List<MapNode> delete, DateTimeOffset now)
    {
        Node? rolling = set.Spec()["updateStrategy"]?["rollingUpdate"];
        int minReadySeconds = set.Spec().Int("minReadySeconds");
        int surge = IntOrPercent.Resolve(rolling?["maxSurge"], wanted.Count, roundUp: true);
        int most = IntOrPercent.Resolve(rolling?["maxUnavailable"], wanted.Count, roundUp: true, surge > 0 ? 0 : 1);
        int unavailable = 0;
        int surging = 0;
        List<(string Node, MapNode Pod)> candidates = [];
        foreach (string node in wanted)
        {
            List<MapNode> here = [.. byNode[node].Where(pod => pod.IsActive() && !delete.Contains(pod))];
            MapNode? fresh = here.Find(pod => HashOf(pod) == hash);
            MapNode? old = here.Find(pod => HashOf(pod) != hash);
            bool served = here.Exists(pod => pod.IsAvailable(minReadySeconds, now));
            if (old is not null && (!old.IsAvailable(minReadySeconds, now) || (fresh?.IsAvailable(minReadySeconds, now) ?? false)))
            {
                delete.Add(old);
            }
            else if (old is not null && fresh is null)
            {
                candidates.Add((node, old));
            }
            else if (old is not null)
            {
                surging++;
            }

            unavailable += served ? 0 : 1;
        }

        foreach ((string node, MapNode pod) in candidates)
        {
            if (surge > 0 && surging < surge)
            {
                create.Add(node);
                surging++;
            }
            else if (surge == 0 && unavailable < most)
            {
                delete.Add(pod);
                unavailable++;
            }
        }
    }

    private static MapNode Status(MapNode set, string hash, IReadOnlyList<MapNode> nodes, List<string> wanted, ILookup<string, MapNode> byNode, DateTimeOffset now)
    {
        int minReadySeconds = set.Spec().Int("minReadySeconds");
        List<List<MapNode>> scheduled = [.. wanted.Select(node => byNode[node].Where(pod => !pod.IsDeleting()).ToList()).Where(pods => pods.Count > 0)];
        int available = scheduled.Count(pods => pods.Exists(pod => pod.IsAvailable(minReadySeconds, now)));
        MapNode status = new()
        {
            ["currentNumberScheduled"] = scheduled.Count,
            ["numberMisscheduled"] = nodes.Count(node => !wanted.Contains(node.Name()) && byNode[node.Name()].Any(pod => !pod.IsDeleting())),
            ["desiredNumberScheduled"] = wanted.Count,
            ["numberReady"] = scheduled.Count(pods => pods.Exists(pod => pod.IsReady())),
        };
        status.PutCount("observedGeneration", (int)set.Generation());
        status.PutCount("updatedNumberScheduled", scheduled.Count(pods => pods.Exists(pod => HashOf(pod) == hash)));
        status.PutCount("numberAvailable", available);
        status.PutCount("numberUnavailable", wanted.Count - available);
        if (set.Status()["collisionCount"] is { } collisions)
        {
            status["collisionCount"] = collisions;
        }

        return status;
    }

    private static string HashOf(MapNode pod) => pod.Labels()?[HashLabel]?.AsString() ?? string.Empty;
}
