using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <param name="Problem">Why no node can take the pod; null when its claims are no hindrance.</param>
/// <param name="ToSelect">Claims that are bound once a node is chosen (WaitForFirstConsumer).</param>
internal sealed record VolumeDecision(string? Problem, IReadOnlyList<MapNode> ToSelect);

/// <summary>What a pod's claims mean for its scheduling.</summary>
internal sealed class PodVolumes(ControlPlane plane)
{
    private const string SelectedNode = "volume.kubernetes.io/selected-node";
    private readonly ClusterWriter writer = new(plane.Cluster, "kube-scheduler");
    private readonly KindMirror claims = plane.Mirror(string.Empty, "PersistentVolumeClaim");
    private readonly KindMirror classes = plane.Mirror("storage.k8s.io", "StorageClass");

    public VolumeDecision Decide(MapNode pod)
    {
        List<MapNode> select = [];
        foreach (string name in ClaimNames(pod))
        {
            if (claims.Get(pod.Namespace(), name) is not { } claim)
            {
                return new VolumeDecision($"persistentvolumeclaim \"{name}\" not found", []);
            }

            if (claim.IsDeleting())
            {
                return new VolumeDecision($"persistentvolumeclaim \"{name}\" is being deleted", []);
            }

            if (claim.Status().Text("phase") == "Lost")
            {
                return new VolumeDecision($"persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{claim.Spec().Text("volumeName")}\"", []);
            }

            if (claim.Status().Text("phase") == "Bound")
            {
                continue;
            }

            if (!Waits(claim))
            {
                return new VolumeDecision("pod has unbound immediate PersistentVolumeClaims", []);
            }

            select.Add(claim);
        }

        return new VolumeDecision(null, select);
    }

    public async Task SelectNodeAsync(IEnumerable<MapNode> selected, string node, CancellationToken cancellationToken)
    {
        foreach (MapNode claim in selected.Where(claim => claim.Annotation(SelectedNode) != node))
        {
            MapNode patch = new() { ["metadata"] = new MapNode { ["annotations"] = new MapNode { [SelectedNode] = node } } };
            await writer.MergePatchAsync(claims, claim, patch, cancellationToken).ConfigureAwait(false);
        }
    }

    private bool Waits(MapNode claim) =>
        classes.Get(string.Empty, claim.Spec().Text("storageClassName"))?.Text("volumeBindingMode") == "WaitForFirstConsumer";

    private static IEnumerable<string> ClaimNames(MapNode pod)
    {
        foreach (MapNode volume in pod.Spec()["volumes"].Maps())
        {
            if (volume["persistentVolumeClaim"] is MapNode source)
            {
                yield return source.Text("claimName");
            }
            else if (volume["ephemeral"] is MapNode)
            {
                yield return $"{pod.Name()}-{volume.Text("name")}";
            }
        }
    }
}
