using Bowline.Cluster.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Controllers.Storage;

/// <summary>Binds claims to volumes, and makes volumes where a storage class would.</summary>
internal sealed class VolumeBinder(ControlPlane plane, bool strict) : Reconciler(plane)
{
    private const string Component = "persistentvolume-controller";
    private const string BindCompleted = "pv.kubernetes.io/bind-completed";
    private const string BoundByController = "pv.kubernetes.io/bound-by-controller";
    private const string SelectedNode = "volume.kubernetes.io/selected-node";
    private const string SimulatedProvisioner = "bowline.dev/simulated";
    private readonly KindMirror claims = plane.Mirror(string.Empty, "PersistentVolumeClaim");
    private readonly KindMirror volumes = plane.Mirror(string.Empty, "PersistentVolume");
    private readonly KindMirror classes = plane.Mirror("storage.k8s.io", "StorageClass");
    private readonly KindMirror drivers = plane.Mirror("storage.k8s.io", "CSIDriver");

    public override void Subscribe()
    {
        WatchOwn(claims);
        Watch(volumes, _ => WakePending());
        Watch(classes, _ => WakePending());
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (claims.Get(key) is not { } claim || claim.IsDeleting())
        {
            return null;
        }

        string bound = claim.Spec().Text("volumeName");
        if (claim.Status().Text("phase") == "Bound")
        {
            if (volumes.Get(string.Empty, bound) is null)
            {
                MapNode lost = new() { ["phase"] = "Lost" };
                await Plane.Writer.SetStatusAsync(claims, claim, lost, cancellationToken).ConfigureAwait(false);
                Plane.Events.Warning(claim, Component, "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!");
            }

            else
            {
                await ExpandAsync(claim, volumes.Get(string.Empty, bound)!, cancellationToken).ConfigureAwait(false);
            }

            return null;
        }

        if (VolumeMatching.Find(claim, volumes.All()) is { } volume && IsUsable(claim, volume) && (bound.Length > 0 || VolumeMatching.IsFor(volume, claim) || !Waits(claim)))
        {
            await BindAsync(claim, volume, cancellationToken).ConfigureAwait(false);
        }
        else if (bound.Length > 0)
        {
            NoteTaken(claim, bound);
        }
        else if (MayProvision(claim) is { } provisioner)
        {
            MapNode made = await Plane.Writer.EnsureAsync(volumes, string.Empty, MakeVolume(claim, provisioner), cancellationToken).ConfigureAwait(false);
            Plane.Events.Normal(claim, Component, "ProvisioningSucceeded", $"Successfully provisioned volume {made.Name()}");
            await BindAsync(claim, made, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    private bool IsUsable(MapNode claim, MapNode volume)
    {
        if (VolumeMatching.Mismatch(claim, volume) is not { } problem)
        {
            return true;
        }

        Plane.Events.Warning(claim, Component, "VolumeMismatch", $"Cannot bind to requested volume \"{volume.Name()}\": {problem}");
        return false;
    }

    private void NoteTaken(MapNode claim, string name)
    {
        if (volumes.Get(string.Empty, name) is { } volume && volume.Spec()["claimRef"] is MapNode && !VolumeMatching.IsFor(volume, claim))
        {
            Plane.Events.Warning(claim, Component, "FailedBinding", $"volume \"{name}\" already bound to a different claim.");
        }
    }

    // A claim that asks for more than it has gets it, where its class allows that; the provisioner is simulated.
    private async Task ExpandAsync(MapNode claim, MapNode volume, CancellationToken cancellationToken)
    {
        Node? wanted = claim.Spec()["resources"]?["requests"]?["storage"];
        bool grows = Quantity.Of(wanted) > Quantity.Of(claim.Status()["capacity"]?["storage"]);
        if (!grows || strict || classes.Get(string.Empty, claim.Spec().Text("storageClassName")) is not { } storageClass || !storageClass.Flag("allowVolumeExpansion"))
        {
            return;
        }

        if (VolumeMatching.Capacity(volume) < Quantity.Of(wanted))
        {
            MapNode larger = volume.Clone();
            larger.EnsureMap("spec").EnsureMap("capacity")["storage"] = wanted!;
            await Plane.Writer.UpdateAsync(volumes, larger, cancellationToken).ConfigureAwait(false);
        }

        MapNode status = claim.Status().Clone();
        status.EnsureMap("capacity")["storage"] = wanted!;
        await Plane.Writer.SetStatusAsync(claims, claim, status, cancellationToken).ConfigureAwait(false);
        Plane.Events.Normal(claim, "volume_expand", "FileSystemResizeSuccessful", "MountVolume.NodeExpandVolume succeeded for volume \"" + volume.Name() + "\"");
    }

    // The provisioner to act for; null (with an event that says why) when the claim has to wait.
    private string? MayProvision(MapNode claim)
    {
        string name = claim.Spec().Text("storageClassName");
        if (name.Length == 0)
        {
            Plane.Events.Normal(claim, Component, "FailedBinding", "no persistent volumes available for this claim and no storage class is set");
            return null;
        }

        if (Waits(claim))
        {
            Plane.Events.Normal(claim, Component, "WaitForFirstConsumer", "waiting for first consumer to be created before binding");
            return null;
        }

        if (classes.Get(string.Empty, name) is { } storageClass)
        {
            string provisioner = storageClass.Text("provisioner");
            return provisioner == "kubernetes.io/no-provisioner" ? null : provisioner;
        }

        if (strict)
        {
            Plane.Events.Warning(claim, Component, "ProvisioningFailed", $"storageclass.storage.k8s.io \"{name}\" not found");
            return null;
        }

        return SimulatedProvisioner;
    }

    private bool Waits(MapNode claim) =>
        claim.Annotation(SelectedNode) is null
        && classes.Get(string.Empty, claim.Spec().Text("storageClassName"))?.Text("volumeBindingMode") == "WaitForFirstConsumer";

    private MapNode MakeVolume(MapNode claim, string provisioner)
    {
        string name = "pvc-" + claim.Uid();
        string storageClass = claim.Spec().Text("storageClassName");
        MapNode volume = new()
        {
            ["apiVersion"] = "v1",
            ["kind"] = "PersistentVolume",
            ["metadata"] = new MapNode
            {
                ["name"] = name,
                ["annotations"] = new MapNode { ["pv.kubernetes.io/provisioned-by"] = provisioner },
            },
            ["spec"] = new MapNode
            {
                ["accessModes"] = claim.Spec()["accessModes"]?.DeepClone() ?? new ListNode("ReadWriteOnce"),
                ["capacity"] = new MapNode { ["storage"] = claim.Spec()["resources"]?["requests"]?["storage"] ?? "1Gi" },
                ["claimRef"] = Reference(claim),
                ["persistentVolumeReclaimPolicy"] = classes.Get(string.Empty, storageClass)?["reclaimPolicy"] ?? "Delete",
                ["storageClassName"] = storageClass,
                ["volumeMode"] = claim.Spec()["volumeMode"] ?? "Filesystem",
            },
        };
        if (AttachableVolumes.IsDriver(provisioner, drivers))
        {
            volume.EnsureMap("spec")["csi"] = new MapNode { ["driver"] = provisioner, ["volumeHandle"] = name };
        }
        else
        {
            volume.EnsureMap("spec")["hostPath"] = new MapNode { ["path"] = $"/var/lib/bowline/simulated/{claim.Namespace()}/{claim.Name()}", ["type"] = "DirectoryOrCreate" };
        }

        return volume;
    }

    private async Task BindAsync(MapNode claim, MapNode volume, CancellationToken cancellationToken)
    {
        if ((volume.Spec()["claimRef"] as MapNode).Text("uid") != claim.Uid())
        {
            MapNode reserved = volume.Clone();
            bool byUs = volume.Spec()["claimRef"] is null;
            reserved.EnsureMap("spec")["claimRef"] = Reference(claim);
            if (byUs)
            {
                reserved.EnsureMap("metadata").EnsureMap("annotations")[BoundByController] = "yes";
            }

            volume = await Plane.Writer.UpdateAsync(volumes, reserved, cancellationToken).ConfigureAwait(false);
        }

        await VolumeReclaimer.SetPhaseAsync(Plane, volumes, volume, "Bound", cancellationToken).ConfigureAwait(false);
        MapNode bound = claim.Clone();
        MapNode annotations = bound.EnsureMap("metadata").EnsureMap("annotations");
        annotations[BindCompleted] = "yes";
        if (claim.Spec().Text("volumeName").Length == 0)
        {
            annotations[BoundByController] = "yes";
            bound.EnsureMap("spec")["volumeName"] = volume.Name();
        }

        if (volume.Annotation("pv.kubernetes.io/provisioned-by") is { } provisioner)
        {
            annotations["volume.beta.kubernetes.io/storage-provisioner"] = provisioner;
            annotations["volume.kubernetes.io/storage-provisioner"] = provisioner;
        }

        bound = await Plane.Writer.UpdateAsync(claims, bound, cancellationToken).ConfigureAwait(false);
        MapNode status = new()
        {
            ["phase"] = "Bound",
            ["accessModes"] = volume.Spec()["accessModes"]?.DeepClone() ?? new ListNode(),
            ["capacity"] = volume.Spec()["capacity"].CopyOf(),
        };
        await Plane.Writer.SetStatusAsync(claims, bound, status, cancellationToken).ConfigureAwait(false);
    }

    private static MapNode Reference(MapNode claim) => new()
    {
        ["kind"] = "PersistentVolumeClaim",
        ["namespace"] = claim.Namespace(),
        ["name"] = claim.Name(),
        ["uid"] = claim.Uid(),
        ["apiVersion"] = "v1",
        ["resourceVersion"] = claim.ResourceVersion(),
    };

    private void WakePending()
    {
        foreach (MapNode claim in claims.All().Where(claim => claim.Status().Text("phase") != "Bound"))
        {
            Queue.Add(ObjectName.Of(claim));
        }
    }
}
