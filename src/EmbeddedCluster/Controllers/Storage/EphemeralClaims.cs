using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Storage;

/// <summary>Makes the claims of a pod's generic ephemeral volumes.</summary>
internal sealed class EphemeralClaims(ControlPlane plane) : Reconciler(plane)
{
    private readonly KindMirror pods = plane.Mirror(string.Empty, "Pod");
    private readonly KindMirror claims = plane.Mirror(string.Empty, "PersistentVolumeClaim");

    public override void Subscribe() => Watch(pods, change =>
    {
        if (change.Old is null && change.New is { } pod && pod.Spec()["volumes"].Maps().Any(volume => volume["ephemeral"] is MapNode))
        {
            Queue.Add(ObjectName.Of(pod));
        }
    });

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (pods.Get(key) is not { } pod || pod.IsDeleting())
        {
            return null;
        }

        foreach (MapNode volume in pod.Spec()["volumes"].Maps())
        {
            string name = $"{pod.Name()}-{volume.Text("name")}";
            if (volume["ephemeral"]?["volumeClaimTemplate"] is not MapNode template || claims.Get(key.Namespace, name) is not null)
            {
                continue;
            }

            MapNode metadata = template["metadata"].CopyOf();
            metadata["name"] = name;
            metadata["namespace"] = key.Namespace;
            metadata["ownerReferences"] = new ListNode(Objects.MakeControllerReference(pod));
            MapNode claim = new() { ["apiVersion"] = "v1", ["kind"] = "PersistentVolumeClaim", ["metadata"] = metadata, ["spec"] = template["spec"].CopyOf() };
            await Plane.Writer.EnsureAsync(claims, key.Namespace, claim, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }
}
