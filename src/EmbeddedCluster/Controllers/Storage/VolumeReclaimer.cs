using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Storage;

/// <summary>Keeps the phase of volumes, reclaims those whose claim is gone, and lifts their protection when they may go.</summary>
internal sealed class VolumeReclaimer(ControlPlane plane) : Reconciler(plane)
{
    private const string Protection = "kubernetes.io/pv-protection";
    private readonly KindMirror volumes = plane.Mirror(string.Empty, "PersistentVolume");
    private readonly KindMirror claims = plane.Mirror(string.Empty, "PersistentVolumeClaim");

    public static async Task<MapNode> SetPhaseAsync(ControlPlane plane, KindMirror volumes, MapNode volume, string phase, CancellationToken cancellationToken)
    {
        if (volume.Status().Text("phase") == phase)
        {
            return volume;
        }

        MapNode status = new() { ["phase"] = phase, ["lastPhaseTransitionTime"] = plane.Now.Stamp() };
        return await plane.Writer.SetStatusAsync(volumes, volume, status, cancellationToken).ConfigureAwait(false);
    }

    public override void Subscribe()
    {
        WatchOwn(volumes);
        Watch(claims, change =>
        {
            if (change.New is null && change.Any.Spec().Text("volumeName") is { Length: > 0 } volume)
            {
                Queue.Add(new ObjectName(string.Empty, volume));
            }
        });
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (volumes.Get(key) is not { } volume)
        {
            return null;
        }

        MapNode? reference = volume.Spec()["claimRef"] as MapNode;
        string uid = reference.Text("uid");
        MapNode? claim = reference is null ? null : claims.Get(reference.Text("namespace"), reference.Text("name"));
        bool held = uid.Length > 0 && claim?.Uid() == uid;
        if (volume.IsDeleting())
        {
            if (!held && volume.HasFinalizer(Protection))
            {
                await ClaimProtection.RemoveFinalizerAsync(Plane, volumes, volume, Protection, cancellationToken).ConfigureAwait(false);
            }
        }
        else if (uid.Length == 0)
        {
            await SetPhaseAsync(Plane, volumes, volume, "Available", cancellationToken).ConfigureAwait(false);
        }
        else if (!held)
        {
            await ReclaimAsync(volume, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    private async Task ReclaimAsync(MapNode volume, CancellationToken cancellationToken)
    {
        volume = await SetPhaseAsync(Plane, volumes, volume, "Released", cancellationToken).ConfigureAwait(false);
        if (volume.Spec().Text("persistentVolumeReclaimPolicy") == "Delete" && volume.Annotation("pv.kubernetes.io/provisioned-by") is not null)
        {
            await Plane.Writer.DeleteAsync(volumes, volume, DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
        }
    }
}
