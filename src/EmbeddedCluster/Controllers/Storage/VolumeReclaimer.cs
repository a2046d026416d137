using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Storage;

/// <summary>Keeps the phase of volumes, reclaims those whose claim is gone, and lifts their protection when they may go.</summary>
internal sealed class VolumeReclaimer(ControlPlane plane) : Reconciler(plane)
{
    private const string Component = "persistentvolume-controller";
    private const string BoundByController = "pv.kubernetes.io/bound-by-controller";
    private const string Released = "Released";
    private const string Failed = "Failed";
    private const string Temporary = "/tmp/";
    private const string Protection = "kubernetes.io/pv-protection";
    private readonly KindMirror volumes = plane.Mirror(string.Empty, "PersistentVolume");
    private readonly KindMirror claims = plane.Mirror(string.Empty, "PersistentVolumeClaim");

    public static Task<MapNode> SetPhaseAsync(ControlPlane plane, KindMirror volumes, MapNode volume, string phase, CancellationToken cancellationToken) =>
        SetPhaseAsync(plane, volumes, volume, phase, string.Empty, cancellationToken);

    private static async Task<MapNode> SetPhaseAsync(ControlPlane plane, KindMirror volumes, MapNode volume, string phase, string message, CancellationToken cancellationToken)
    {
        if (volume.Status().Text("phase") == phase)
        {
            return volume;
        }

        MapNode status = volume.Status().Clone();
        status["phase"] = phase;
        status.Remove("message");
        if (message.Length > 0)
        {
            status["message"] = message;
        }

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

    private Task ReclaimAsync(MapNode volume, CancellationToken cancellationToken) => volume.Status().Text("phase") == Failed
        ? Task.CompletedTask
        : volume.Spec().Text("persistentVolumeReclaimPolicy") switch
        {
            "Delete" => DeleteAsync(volume, cancellationToken),
            "Recycle" => RecycleAsync(volume, cancellationToken),
            _ => SetPhaseAsync(Plane, volumes, volume, Released, cancellationToken),
        };

    // Of what was provisioned the provisioner disposes, which is simulated; of the rest kube-controller-manager, which has a deleter for host paths only.
    private async Task DeleteAsync(MapNode volume, CancellationToken cancellationToken)
    {
        volume = await SetPhaseAsync(Plane, volumes, volume, Released, cancellationToken).ConfigureAwait(false);
        string path = (volume.Spec()["hostPath"] as MapNode).Text("path");
        if (volume.Annotation("pv.kubernetes.io/provisioned-by") is not null || (path.StartsWith(Temporary, StringComparison.Ordinal) && path.Length > Temporary.Length))
        {
            await Plane.Writer.DeleteAsync(volumes, volume, DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
            return;
        }

        string problem = path.Length > 0
            ? $"host_path deleter only supports /tmp/.+ but received provided {path}"
            : $"error getting deleter volume plugin for volume \"{volume.Name()}\": no deletable volume plugin matched";
        await FailAsync(volume, "VolumeFailedDelete", problem, cancellationToken).ConfigureAwait(false);
    }

    // Host paths and NFS can be scrubbed, which takes no time here; then the volume is free again, for its claim of that name only if somebody had promised it to that.
    private async Task RecycleAsync(MapNode volume, CancellationToken cancellationToken)
    {
        volume = await SetPhaseAsync(Plane, volumes, volume, Released, cancellationToken).ConfigureAwait(false);
        if (volume.Spec()["hostPath"] is null && volume.Spec()["nfs"] is null)
        {
            await FailAsync(volume, "VolumeFailedRecycle", "No recycler plugin found for the volume!", cancellationToken).ConfigureAwait(false);
            return;
        }

        Plane.Events.Normal(volume, Component, "VolumeRecycled", "Volume recycled");
        MapNode free = volume.Clone();
        MapNode spec = free.EnsureMap("spec");
        if (volume.Annotation(BoundByController) is not null)
        {
            spec.Remove("claimRef");
            free.EnsureMap("metadata").EnsureMap("annotations").Remove(BoundByController);
        }
        else
        {
            spec.EnsureMap("claimRef").Remove("uid");
        }

        free = await Plane.Writer.UpdateAsync(volumes, free, cancellationToken).ConfigureAwait(false);
        await SetPhaseAsync(Plane, volumes, free, "Available", cancellationToken).ConfigureAwait(false);
    }

    private async Task FailAsync(MapNode volume, string reason, string problem, CancellationToken cancellationToken)
    {
        await SetPhaseAsync(Plane, volumes, volume, Failed, problem, cancellationToken).ConfigureAwait(false);
        Plane.Events.Warning(volume, Component, reason, problem);
    }
}
