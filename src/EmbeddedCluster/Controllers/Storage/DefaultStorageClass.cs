using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Storage;

/// <summary>A storage class for claims that name none, in a cluster that has no class yet.</summary>
internal static class DefaultStorageClass
{
    public static async Task EnsureAsync(ControlPlane plane, CancellationToken cancellationToken)
    {
        KindMirror classes = plane.Mirror("storage.k8s.io", "StorageClass");
        if (classes.Count > 0)
        {
            return;
        }

        MapNode body = new()
        {
            ["apiVersion"] = "storage.k8s.io/v1",
            ["kind"] = "StorageClass",
            ["metadata"] = new MapNode
            {
                ["name"] = "standard",
                ["annotations"] = new MapNode { ["storageclass.kubernetes.io/is-default-class"] = "true" },
            },
            ["provisioner"] = "bowline.dev/simulated",
            ["reclaimPolicy"] = "Delete",
            ["volumeBindingMode"] = "Immediate",
            ["allowVolumeExpansion"] = true,
        };
        await plane.Writer.EnsureAsync(classes, string.Empty, body, cancellationToken).ConfigureAwait(false);
    }
}
