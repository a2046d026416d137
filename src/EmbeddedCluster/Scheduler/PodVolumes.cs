using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Controllers.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>What a pod's claims mean for its scheduling.</summary>
internal sealed class VolumeDecision
{
    public static readonly VolumeDecision None = new();
    private static readonly Refusal Apart = new("node(s) didn't match PersistentVolume's node affinity", false, Wakeups.NodeChanged | Wakeups.VolumeChanged);
    private static readonly Refusal WrongZone = new("node(s) had no available volume zone", false, Wakeups.NodeChanged | Wakeups.VolumeChanged);
    private static readonly Refusal NothingToBind = new("node(s) didn't find available persistent volumes to bind", false, Wakeups.NodeChanged | Wakeups.VolumeChanged);
    private static readonly Refusal Taken = new("node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode", true, Wakeups.PodGone | Wakeups.VolumeChanged);
    private static readonly string[] ZoneLabels =
    [
        "topology.kubernetes.io/zone", "topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region",
    ];

    /// <summary>Why no node can take the pod; null when its claims are no hindrance.</summary>
    public string? Problem { get; init; }

    public Wakeups Wakeups => Wakeups.VolumeChanged;

    /// <summary>Claims that are bound once a node is chosen (WaitForFirstConsumer).</summary>
    public IReadOnlyList<UnboundClaim> ToSelect { get; init; } = [];

    /// <summary>Volumes that are bound already.</summary>
    public IReadOnlyList<MapNode> Bound { get; init; } = [];

    /// <summary>Whether a claim may be used by one pod only and another has it.</summary>
    public Func<bool> IsTaken { get; init; } = static () => false;

    public Refusal? Refuse(NodeState node)
    {
        if (ReferenceEquals(this, None))
        {
            return null;
        }

        if (IsTaken())
        {
            return Taken;
        }

        foreach (MapNode volume in Bound)
        {
            if (!Reaches(volume, node))
            {
                return Apart;
            }
        }

        foreach (UnboundClaim claim in ToSelect)
        {
            if (!claim.CanBind(node))
            {
                return NothingToBind;
            }
        }

        return Bound.Any(volume => !IsInZone(volume, node)) ? WrongZone : null;
    }

    internal static bool Reaches(MapNode volume, NodeState node) =>
        volume.Spec()["nodeAffinity"]?["required"] is not MapNode required
        || required["nodeSelectorTerms"].Maps().Any(term => NodeMatching.MatchesTerm(term, node.Node));

    private static bool IsInZone(MapNode volume, NodeState node) => Array.TrueForAll(
        ZoneLabels,
        key => volume.Labels()?[key]?.AsString() is not { } zones || (node.Label(key) is { } zone && zones.Split("__").Contains(zone)));
}

/// <summary>A claim that waits for its first consumer.</summary>
/// <param name="Candidates">Volumes that are there already and fit it.</param>
/// <param name="Class">Its storage class.</param>
internal sealed record UnboundClaim(MapNode Claim, IReadOnlyList<MapNode> Candidates, MapNode Class)
{
    public bool CanBind(NodeState node) => VolumeOn(node) is not null || (CanProvision && IsAllowed(node));

    /// <summary>The volume that a node would give it; null when one has to be made.</summary>
    public MapNode? VolumeOn(NodeState node) => Candidates.FirstOrDefault(volume => VolumeDecision.Reaches(volume, node));

    private bool CanProvision => Class.Text("provisioner") is not ("" or "kubernetes.io/no-provisioner");

    private bool IsAllowed(NodeState node) =>
        Class["allowedTopologies"] is not ListNode { Count: > 0 } topologies
        || topologies.Maps().Any(topology => topology["matchLabelExpressions"].Maps()
            .All(expression => node.Label(expression.Text("key")) is { } value && expression["values"].Strings().Contains(value)));
}

/// <summary>Looks up what a pod's claims are and binds those that waited for it.</summary>
internal sealed class PodVolumes(ControlPlane plane, ClusterState cluster)
{
    private const string SelectedNode = "volume.kubernetes.io/selected-node";
    private readonly ClusterWriter writer = new(plane.Cluster, "kube-scheduler");
    private readonly KindMirror claims = plane.Mirror(string.Empty, "PersistentVolumeClaim");
    private readonly KindMirror volumes = plane.Mirror(string.Empty, "PersistentVolume");
    private readonly KindMirror classes = plane.Mirror("storage.k8s.io", "StorageClass");

    public VolumeDecision Decide(PodNeeds pod)
    {
        if (pod.Self.Claims.Count == 0)
        {
            return VolumeDecision.None;
        }

        List<UnboundClaim> select = [];
        List<MapNode> bound = [];
        List<string> exclusive = [];
        bool immediate = false;
        foreach (string name in pod.Self.Claims)
        {
            MapNode? claim = claims.Get(pod.Name.Namespace, name);
            if (claim is null || Problem(claim) is not null)
            {
                return new VolumeDecision { Problem = claim is null ? $"persistentvolumeclaim \"{name}\" not found" : Problem(claim) };
            }

            if (claim.Spec()["accessModes"].Strings().Contains("ReadWriteOncePod"))
            {
                exclusive.Add(name);
            }

            if (claim.Status().Text("phase") == "Bound")
            {
                bound.AddRange(volumes.Get(string.Empty, claim.Spec().Text("volumeName")) is { } volume ? [volume] : []);
            }
            else if (Waiting(claim) is { } @class)
            {
                select.Add(new UnboundClaim(claim, VolumeMatching.Candidates(claim, volumes.All()), @class));
            }
            else
            {
                immediate = true;
            }
        }

        return immediate
            ? new VolumeDecision { Problem = "pod has unbound immediate PersistentVolumeClaims" }
            : new VolumeDecision { ToSelect = select, Bound = bound, IsTaken = () => exclusive.Exists(name => IsUsed(pod, name)) };
    }

    /// <summary>Reserves a volume for each claim, or asks for one to be made for the node.</summary>
    public async Task SelectNodeAsync(IEnumerable<UnboundClaim> selected, NodeState node, CancellationToken cancellationToken)
    {
        foreach (UnboundClaim unbound in selected)
        {
            if (unbound.VolumeOn(node) is { } volume)
            {
                MapNode reference = new()
                {
                    ["apiVersion"] = "v1",
                    ["kind"] = "PersistentVolumeClaim",
                    ["namespace"] = unbound.Claim.Namespace(),
                    ["name"] = unbound.Claim.Name(),
                    ["uid"] = unbound.Claim.Uid(),
                    ["resourceVersion"] = unbound.Claim.ResourceVersion(),
                };
                await writer.MergePatchAsync(volumes, volume, new MapNode { ["spec"] = new MapNode { ["claimRef"] = reference } }, cancellationToken).ConfigureAwait(false);
            }
            else if (unbound.Claim.Annotation(SelectedNode) != node.Name)
            {
                MapNode patch = new() { ["metadata"] = new MapNode { ["annotations"] = new MapNode { [SelectedNode] = node.Name } } };
                await writer.MergePatchAsync(claims, unbound.Claim, patch, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public bool AreBound(PodNeeds pod) =>
        pod.Self.Claims.All(name => claims.Get(pod.Name.Namespace, name) is { } claim && claim.Status().Text("phase") == "Bound");

    private static string? Problem(MapNode claim) =>
        claim.IsDeleting() ? $"persistentvolumeclaim \"{claim.Name()}\" is being deleted"
        : claim.Status().Text("phase") == "Lost" ? $"persistentvolumeclaim \"{claim.Name()}\" bound to non-existent persistentvolume \"{claim.Spec().Text("volumeName")}\""
        : null;

    private MapNode? Waiting(MapNode claim) =>
        claim.Spec().Text("volumeName").Length == 0 && classes.Get(string.Empty, claim.Spec().Text("storageClassName")) is { } @class
            && @class.Text("volumeBindingMode") == "WaitForFirstConsumer" ? @class : null;

    private bool IsUsed(PodNeeds pod, string claim) => cluster.Nodes.Any(node =>
        node.Pods.Any(other => other.Name != pod.Name && other.Name.Namespace == pod.Name.Namespace && other.Claims.Contains(claim)));
}

/// <summary>The claims that a pod mounts, its generic ephemeral volumes included.</summary>
internal static class ClaimNames
{
    public static IReadOnlyList<string> Of(MapNode pod)
    {
        List<string>? names = null;
        foreach (MapNode volume in pod.Spec()["volumes"].Maps())
        {
            if (volume["persistentVolumeClaim"] is MapNode source)
            {
                (names ??= []).Add(source.Text("claimName"));
            }
            else if (volume["ephemeral"] is MapNode)
            {
                (names ??= []).Add($"{pod.Name()}-{volume.Text("name")}");
            }
        }

        return names ?? (IReadOnlyList<string>)[];
    }
}
