using System.Globalization;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <param name="Create">Pods to make, each after its claims.</param>
/// <param name="Delete">Pods to delete.</param>
/// <param name="Condemned">Pods beyond the wanted size, those that are ending already among them.</param>
internal sealed record StatefulPlan(IReadOnlyList<MapNode> Create, IReadOnlyList<MapNode> Delete, IReadOnlyList<MapNode> Condemned, MapNode Status);

/// <summary>The decisions of the StatefulSet controller for one round.</summary>
internal sealed class StatefulSets
{
    public const string RevisionLabel = "controller-revision-hash";
    private readonly MapNode set;
    private readonly RevisionPlan revisions;
    private readonly DateTimeOffset now;
    private readonly int start;
    private readonly int minReadySeconds;
    private readonly bool ordered;
    private readonly MapNode?[] slots;
    private readonly List<MapNode> condemned;
    private readonly List<MapNode> create = [];
    private readonly List<MapNode> delete = [];

    private StatefulSets(MapNode set, RevisionPlan revisions, IReadOnlyList<MapNode> pods, DateTimeOffset now)
    {
        this.set = set;
        this.revisions = revisions;
        this.now = now;
        MapNode spec = set.Spec();
        start = spec["ordinals"].Int("start");
        minReadySeconds = spec.Int("minReadySeconds");
        ordered = spec.Text("podManagementPolicy") != "Parallel";
        slots = new MapNode?[spec.Int("replicas", 1)];
        condemned = [];
        foreach (MapNode pod in pods)
        {
            int ordinal = Ordinal(set, pod);
            if (ordinal >= start && ordinal < start + slots.Length)
            {
                slots[ordinal - start] = pod;
            }
            else if (ordinal >= 0)
            {
                condemned.Add(pod);
            }
        }

        condemned.Sort((left, right) => Ordinal(set, right).CompareTo(Ordinal(set, left)));
    }

    private int Partition => set.Spec()["updateStrategy"]?["rollingUpdate"].Int("partition") ?? 0;

    private bool IsOnDelete => set.Spec()["updateStrategy"]?["type"]?.AsString() == "OnDelete";

    public static StatefulPlan Decide(MapNode set, RevisionPlan revisions, IReadOnlyList<MapNode> pods, DateTimeOffset now)
    {
        StatefulSets round = new(set, revisions, pods, now);
        if (!set.IsDeleting() && round.FillSlots() && round.Shrink())
        {
            round.Update();
        }

        return new StatefulPlan(round.create, round.delete, round.condemned, round.Status());
    }

    public static int Ordinal(MapNode set, MapNode pod)
    {
        string name = pod.Name();
        return name.StartsWith(set.Name() + "-", StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(set.Name().Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal) ? ordinal : -1;
    }

    /// <summary>The claims of one pod, by the names its volumes have.</summary>
    public static IEnumerable<(string Volume, MapNode Claim)> Claims(MapNode set, string podName)
    {
        foreach (MapNode template in set.Spec()["volumeClaimTemplates"].Maps())
        {
            MapNode metadata = template["metadata"].CopyOf();
            string volume = template.Name();
            metadata["name"] = $"{volume}-{podName}";
            metadata["namespace"] = set.Namespace();
            MapNode labels = metadata.EnsureMap("labels");
            foreach ((string key, Node value) in set.Spec()["selector"]?["matchLabels"] as MapNode ?? [])
            {
                labels[key] = value;
            }

            if (labels.Count == 0)
            {
                metadata.Remove("labels");
            }

            if (Keeps(set, "whenDeleted"))
            {
                metadata.Remove("ownerReferences");
            }
            else
            {
                metadata["ownerReferences"] = new ListNode(Objects.MakeControllerReference(set));
            }

            yield return (volume, new MapNode
            {
                ["apiVersion"] = "v1",
                ["kind"] = "PersistentVolumeClaim",
                ["metadata"] = metadata,
                ["spec"] = template["spec"].CopyOf(),
            });
        }
    }

    /// <summary>Who a claim belongs to by the retention policy: the set, the pod that goes for good, or nobody; other owners stay.</summary>
    public static List<MapNode> OwnersOf(MapNode claim, MapNode set, MapNode pod, bool condemned)
    {
        List<MapNode> owners = [.. claim.OwnerReferences().Where(owner =>
            owner.Text("uid") != set.Uid() && !(owner.Text("kind") == "Pod" && owner.Text("name") == pod.Name()))];
        if (condemned && !Keeps(set, "whenScaled"))
        {
            owners.Add(Objects.MakeControllerReference(pod));
        }
        else if (!Keeps(set, "whenDeleted"))
        {
            owners.Add(Objects.MakeControllerReference(set));
        }

        return owners;
    }

    private static bool Keeps(MapNode set, string member) => set.Spec()["persistentVolumeClaimRetentionPolicy"]?[member]?.AsString() != "Delete";

    // True when every slot holds a pod that the next steps may build upon.
    private bool FillSlots()
    {
        bool whole = true;
        for (int i = 0; i < slots.Length; i++)
        {
            MapNode? pod = slots[i];
            if (pod is null)
            {
                create.Add(MakePod(i + start));
            }
            else if (pod.IsFinished())
            {
                if (!pod.IsDeleting())
                {
                    delete.Add(pod);
                }
            }
            else if (!pod.IsDeleting() && pod.IsAvailable(minReadySeconds, now))
            {
                continue;
            }

            if (ordered)
            {
                return false;
            }

            whole &= pod is not null;
        }

        return whole || !ordered;
    }

    private bool Shrink()
    {
        MapNode? firstUnavailable = slots.Concat(condemned.AsEnumerable().Reverse()).FirstOrDefault(pod => pod is not null && !IsServing(pod));
        foreach (MapNode pod in condemned)
        {
            if (pod.IsDeleting())
            {
                if (ordered)
                {
                    return false;
                }

                continue;
            }

            if (ordered && !pod.IsAvailable(minReadySeconds, now) && !ReferenceEquals(pod, firstUnavailable))
            {
                return false;
            }

            delete.Add(pod);
            if (ordered)
            {
                return false;
            }
        }

        return true;
    }

    private void Update()
    {
        if (IsOnDelete)
        {
            return;
        }

        Node? limit = set.Spec()["updateStrategy"]?["rollingUpdate"]?["maxUnavailable"];
        if (limit is null)
        {
            UpdateOne();
        }
        else
        {
            UpdateSeveral(Math.Max(1, IntOrPercent.Resolve(limit, slots.Length, roundUp: false, 1)));
        }
    }

    // From the highest ordinal down to the partition, one at a time; what is not available is waited for.
    private void UpdateOne()
    {
        for (int i = slots.Length - 1; i >= Math.Min(Partition, slots.Length); i--)
        {
            if (slots[i] is { } pod && IsOutdated(pod))
            {
                delete.Add(pod);
                return;
            }

            if (slots[i] is not { } present || !IsServing(present))
            {
                return;
            }
        }
    }

    // As many as may be unavailable, less those that are.
    private void UpdateSeveral(int most)
    {
        int left = most - slots.Count(pod => pod is null || !IsServing(pod));
        for (int i = slots.Length - 1; i >= Math.Min(Partition, slots.Length) && left > 0; i--)
        {
            if (slots[i] is { } pod && IsOutdated(pod))
            {
                delete.Add(pod);
                left--;
            }
        }
    }

    private bool IsOutdated(MapNode pod) => RevisionOf(pod) != revisions.Update.Name() && !pod.IsDeleting();

    private MapNode MakePod(int ordinal)
    {
        bool current = revisions.Current.Name() != revisions.Update.Name() && !IsOnDelete && NeedsCurrent(ordinal);
        MapNode revision = current ? revisions.Current : revisions.Update;
        string name = string.Create(CultureInfo.InvariantCulture, $"{set.Name()}-{ordinal}");
        MapNode pod = Pods.FromTemplate(Revisions.TemplateOf(revision), set);
        MapNode metadata = pod.EnsureMap("metadata");
        metadata["name"] = name;
        MapNode labels = metadata.EnsureMap("labels");
        labels["statefulset.kubernetes.io/pod-name"] = name;
        labels["apps.kubernetes.io/pod-index"] = ordinal.ToString(CultureInfo.InvariantCulture);
        labels[RevisionLabel] = revision.Name();
        MapNode spec = pod.EnsureMap("spec");
        spec["hostname"] = name;
        if (set.Spec().Text("serviceName") is { Length: > 0 } service)
        {
            spec["subdomain"] = service;
        }

        List<Node> volumes = [.. Claims(set, name).Select(claim => VolumeOf(claim.Volume, claim.Claim.Name()))];
        HashSet<string> claimed = [.. volumes.Select(volume => volume["name"]!.AsString()!)];
        volumes.AddRange(spec["volumes"].Maps().Where(volume => !claimed.Contains(volume.Text("name"))));
        if (volumes.Count > 0)
        {
            spec["volumes"] = new ListNode(volumes);
        }

        return pod;
    }

    private bool NeedsCurrent(int ordinal) => set.Spec()["updateStrategy"]?["rollingUpdate"] is MapNode rolling
        ? ordinal < start + rolling.Int("partition")
        : ordinal < start + set.Status().Int("currentReplicas");

    private static MapNode VolumeOf(string volume, string claim) => new()
    {
        ["name"] = volume,
        ["persistentVolumeClaim"] = new MapNode { ["claimName"] = claim },
    };

    private MapNode Status()
    {
        List<MapNode> pods = [.. slots.OfType<MapNode>(), .. condemned];
        string currentName = revisions.Current.Name();
        string updateName = revisions.Update.Name();
        int ready = pods.Count(pod => pod.IsReady() && pod.Phase() == "Running");
        int replicas = pods.Count + create.Count;
        List<string> running = [.. pods.Where(pod => !pod.IsDeleting() && !delete.Contains(pod)).Concat(create).Select(RevisionOf)];
        int current = running.Count(name => name == currentName);
        int updated = running.Count(name => name == updateName);
        if (!IsOnDelete && updated == replicas && ready == replicas)
        {
            (current, currentName) = (updated, updateName);
        }

        MapNode status = new();
        status.PutCount("observedGeneration", (int)set.Generation());
        status["replicas"] = replicas;
        status.PutCount("readyReplicas", ready);
        status.PutCount("currentReplicas", current);
        status.PutCount("updatedReplicas", updated);
        status["currentRevision"] = currentName;
        status["updateRevision"] = updateName;
        status["collisionCount"] = set.Status().Int("collisionCount");
        status["availableReplicas"] = pods.Count(pod => pod.Phase() == "Running" && pod.IsAvailable(minReadySeconds, now));
        return status;
    }

    private bool IsServing(MapNode pod) => pod.Phase() == "Running" && !pod.IsDeleting() && pod.IsAvailable(minReadySeconds, now);

    private static string RevisionOf(MapNode pod) => pod.Labels()?[RevisionLabel]?.AsString() ?? string.Empty;
}
