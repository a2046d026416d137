using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Admission;

/// <summary>The default storage class and ingress class, and the finalizers that protect volumes and claims in use.</summary>
internal sealed class StorageDefaults(ObjectStore store)
{
    public void Mutate(AdmissionRequest request)
    {
        if (!request.IsCreate)
        {
            return;
        }

        if (request.Is("persistentvolumeclaims"))
        {
            AddFinalizer(request.Object, "kubernetes.io/pvc-protection");
            MapNode spec = request.Object.EnsureMap("spec");
            if (spec["storageClassName"] is null && request.Object["metadata"]?["annotations"]?["volume.beta.kubernetes.io/storage-class"] is null
                && Default("storageclasses.storage.k8s.io", "storageclass.kubernetes.io/is-default-class") is { } storageClass)
            {
                spec["storageClassName"] = storageClass;
            }
        }
        else if (request.Is("persistentvolumes"))
        {
            AddFinalizer(request.Object, "kubernetes.io/pv-protection");
        }
        else if (request.Is("ingresses.networking.k8s.io"))
        {
            MapNode spec = request.Object.EnsureMap("spec");
            if (spec["ingressClassName"] is null && request.Object["metadata"]?["annotations"]?["kubernetes.io/ingress.class"] is null
                && Default("ingressclasses.networking.k8s.io", "ingressclass.kubernetes.io/is-default-class") is { } ingressClass)
            {
                spec["ingressClassName"] = ingressClass;
            }
        }
    }

    /// <summary>A claim grows only where its storage class says that volumes can.</summary>
    public void Validate(AdmissionRequest request)
    {
        if (!request.IsUpdate || !request.Is("persistentvolumeclaims") || request.Old is not { } old)
        {
            return;
        }

        if (Quantity.Of(request.Object.At("spec", "resources", "requests", "storage")) <= Quantity.Of(old.At("spec", "resources", "requests", "storage")))
        {
            return;
        }

        string name = old["metadata"]?["annotations"]?["volume.beta.kubernetes.io/storage-class"]?.AsString() ?? old.At("spec", "storageClassName")?.AsString() ?? string.Empty;
        if (store.Get("storageclasses.storage.k8s.io", string.Empty, name)?.Node["allowVolumeExpansion"]?.AsBool() != true)
        {
            throw ApiErrors.Forbidden(request.Kind, request.Name, "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize");
        }
    }

    private string? Default(string collection, string annotation) => store.Snapshot(collection).In(null)
        .Where(item => item.Node["metadata"]?["annotations"]?[annotation]?.AsString() == "true")
        .OrderByDescending(item => item.Node["metadata"]?["creationTimestamp"]?.AsString(), StringComparer.Ordinal).ThenBy(item => item.Name, StringComparer.Ordinal)
        .FirstOrDefault()?.Name;

    private static void AddFinalizer(MapNode node, string name)
    {
        MapNode metadata = node.EnsureMap("metadata");
        ListNode finalizers = metadata["finalizers"] as ListNode ?? [];
        if (!finalizers.Any(item => item.AsString() == name))
        {
            finalizers.Add(name);
        }

        metadata["finalizers"] = finalizers;
    }
}
