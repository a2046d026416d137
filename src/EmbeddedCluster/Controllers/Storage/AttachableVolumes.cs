using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Storage;

/// <summary>Which volumes a pod has that must be attached to its node first, and where they are: those of CSI drivers whose CSIDriver does not say otherwise.</summary>
internal sealed class AttachableVolumes(ControlPlane plane)
{
    private readonly KindMirror claims = plane.Mirror(string.Empty, "PersistentVolumeClaim");
    private readonly KindMirror volumes = plane.Mirror(string.Empty, "PersistentVolume");
    private readonly KindMirror drivers = plane.Mirror("storage.k8s.io", "CSIDriver");
    private readonly KindMirror attachments = plane.Mirror("storage.k8s.io", "VolumeAttachment");

    /// <summary>Where a CSI driver is meant: it registered itself, or has the name of one (<c>ebs.csi.aws.com</c>, <c>csi.hetzner.cloud</c>).</summary>
    public static bool IsDriver(string provisioner, KindMirror drivers) =>
        drivers.Get(string.Empty, provisioner) is not null || provisioner.Split('.').Contains("csi");

    public bool IsAttachable(MapNode volume) =>
        volume.Spec()["csi"] is MapNode source && drivers.Get(string.Empty, source.Text("driver"))?.Spec()["attachRequired"]?.AsBool() != false;

    /// <summary>Whether it may be at one node only; a volume without access modes is left to its driver, as upstream has it.</summary>
    public static bool IsExclusive(MapNode volume) =>
        volume.Spec()["accessModes"] is ListNode { Count: > 0 } modes && !modes.Strings().Any(mode => mode is "ReadWriteMany" or "ReadOnlyMany");

    public bool AreAttached(MapNode pod) => Of(pod).All(volume => attachments.Get(string.Empty, NameOf(volume, pod.Spec().Text("nodeName"))) is { } made && made.Status().Flag("attached"));

    /// <summary>As csi_attacher.go names them.</summary>
    public static string NameOf(MapNode volume, string node)
    {
        MapNode? source = volume.Spec()["csi"] as MapNode;
        byte[] text = System.Text.Encoding.UTF8.GetBytes(source.Text("volumeHandle") + source.Text("driver") + node);
        return "csi-" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(text));
    }

    /// <summary>The name that nodes call it by in their status.</summary>
    public static string UniqueNameOf(MapNode volume)
    {
        MapNode? source = volume.Spec()["csi"] as MapNode;
        return $"kubernetes.io/csi/{source.Text("driver")}^{source.Text("volumeHandle")}";
    }

    /// <summary>The bound volumes of a pod that must be attached.</summary>
    private IEnumerable<MapNode> Of(MapNode pod) => ClaimProtection.ClaimsOf(pod)
        .Select(name => claims.Get(pod.Namespace(), name)?.Spec().Text("volumeName"))
        .Select(name => string.IsNullOrEmpty(name) ? null : volumes.Get(string.Empty, name))
        .OfType<MapNode>()
        .Where(IsAttachable);
}
