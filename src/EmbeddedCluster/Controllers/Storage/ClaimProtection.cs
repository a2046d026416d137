using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Storage;

/// <summary>Lets a deleted claim go once no pod on a node uses it.</summary>
internal sealed class ClaimProtection(ControlPlane plane) : Reconciler(plane)
{
    private const string Protection = "kubernetes.io/pvc-protection";
    private readonly KindMirror claims = plane.Mirror(string.Empty, "PersistentVolumeClaim");
    private readonly KindMirror pods = plane.Mirror(string.Empty, "Pod");

    public static async Task RemoveFinalizerAsync(ControlPlane plane, KindMirror mirror, MapNode node, string finalizer, CancellationToken cancellationToken)
    {
        ListNode rest = new((node.Metadata()?["finalizers"]).Strings().Where(name => name != finalizer).Select(name => (Node)name));
        MapNode metadata = new() { ["resourceVersion"] = node.ResourceVersion(), ["finalizers"] = rest.Count == 0 ? Node.Null : rest };
        await plane.Writer.MergePatchAsync(mirror, node, new MapNode { ["metadata"] = metadata }, cancellationToken).ConfigureAwait(false);
    }

    public override void Subscribe()
    {
        Watch(claims, change =>
        {
            if (change.New is { } claim && claim.IsDeleting())
            {
                Queue.Add(ObjectName.Of(claim));
            }
        });
        Watch(pods, change =>
        {
            if (change.New is null || change.New.Status().Text("phase") is "Succeeded" or "Failed")
            {
                foreach (string claim in ClaimsOf(change.Any))
                {
                    Queue.Add(new ObjectName(change.Any.Namespace(), claim));
                }
            }
        });
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (claims.Get(key) is { } claim && claim.IsDeleting() && claim.HasFinalizer(Protection) && !IsUsed(key))
        {
            await RemoveFinalizerAsync(Plane, claims, claim, Protection, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    private bool IsUsed(ObjectName claim) => pods.InNamespace(claim.Namespace).Any(pod =>
        pod.Spec().Text("nodeName").Length > 0
        && pod.Status().Text("phase") is not ("Succeeded" or "Failed")
        && ClaimsOf(pod).Contains(claim.Name));

    /// <summary>The claims that a pod's volumes name, those of its ephemeral volumes included.</summary>
    public static IEnumerable<string> ClaimsOf(MapNode pod)
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
