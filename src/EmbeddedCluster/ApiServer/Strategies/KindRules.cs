using System.Collections.Frozen;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Strategies;

/// <summary>Where kinds differ in how they are stored: what the strategies of Kubernetes' registries say.</summary>
internal static class KindRules
{
    private static readonly FrozenSet<string> WithGeneration = new[]
    {
        "deployments.apps", "statefulsets.apps", "daemonsets.apps", "replicasets.apps", "replicationcontrollers", "pods", "jobs.batch", "cronjobs.batch",
        "ingresses.networking.k8s.io", "networkpolicies.networking.k8s.io", "poddisruptionbudgets.policy", "endpointslices.discovery.k8s.io",
        "validatingadmissionpolicies.admissionregistration.k8s.io", "validatingadmissionpolicybindings.admissionregistration.k8s.io",
        "mutatingadmissionpolicies.admissionregistration.k8s.io", "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
        "mutatingwebhookconfigurations.admissionregistration.k8s.io", "validatingwebhookconfigurations.admissionregistration.k8s.io",
        "customresourcedefinitions.apiextensions.k8s.io", "priorityclasses.scheduling.k8s.io", "flowschemas.flowcontrol.apiserver.k8s.io",
        "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io", "deviceclasses.resource.k8s.io", "ingressclasses.networking.k8s.io", "podtemplates",
    }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string> AnswersDeletedObject = new[]
    {
        "pods", "services", "serviceaccounts", "persistentvolumeclaims", "persistentvolumes", "resourcequotas", "podtemplates", "storageclasses.storage.k8s.io",
        "volumeattachments.storage.k8s.io", "csidrivers.storage.k8s.io", "csinodes.storage.k8s.io", "csistoragecapacities.storage.k8s.io", "deviceclasses.resource.k8s.io",
        "resourceclaimtemplates.resource.k8s.io", "resourceclaims.resource.k8s.io", "resourceslices.resource.k8s.io", "volumeattributesclasses.storage.k8s.io",
    }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string> CreatedByUpdate = new[]
    {
        "leases.coordination.k8s.io", "endpoints", "events", "events.events.k8s.io", "limitranges", "priorityclasses.scheduling.k8s.io-no", "roles.rbac.authorization.k8s.io",
        "rolebindings.rbac.authorization.k8s.io", "clusterroles.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io", "runtimeclasses.node.k8s.io-no",
    }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string> NeedsResourceVersion = new[]
    {
        "leases.coordination.k8s.io", "customresourcedefinitions.apiextensions.k8s.io", "priorityclasses.scheduling.k8s.io-no", "apiservices.apiregistration.k8s.io",
        "poddisruptionbudgets.policy", "storageversions.internal.apiserver.k8s.io", "runtimeclasses.node.k8s.io", "volumeattachments.storage.k8s.io",
        "validatingwebhookconfigurations.admissionregistration.k8s.io", "mutatingwebhookconfigurations.admissionregistration.k8s.io",
        "validatingadmissionpolicies.admissionregistration.k8s.io", "validatingadmissionpolicybindings.admissionregistration.k8s.io",
        "resourceclaims.resource.k8s.io", "deviceclasses.resource.k8s.io", "resourceslices.resource.k8s.io", "csistoragecapacities.storage.k8s.io",
    }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string> ResetsMetadata = new[]
    {
        "customresourcedefinitions.apiextensions.k8s.io", "apiservices.apiregistration.k8s.io", "flowschemas.flowcontrol.apiserver.k8s.io",
        "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io", "validatingadmissionpolicies.admissionregistration.k8s.io",
        "volumeattachments.storage.k8s.io", "resourceclaims.resource.k8s.io",
    }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly string[] ObjectMembers = ["labels", "annotations", "finalizers", "ownerReferences"];

    public static bool HasGeneration(ServedKind kind) => kind.Custom is not null || WithGeneration.Contains(kind.QualifiedPlural);

    /// <summary>DELETE answers the object, not a Status.</summary>
    public static bool AnswersObject(ServedKind kind) => AnswersDeletedObject.Contains(kind.QualifiedPlural);

    public static bool MayCreateByUpdate(ServedKind kind) => CreatedByUpdate.Contains(kind.QualifiedPlural);

    public static bool RequiresResourceVersion(ServedKind kind) => kind.Custom is not null || NeedsResourceVersion.Contains(kind.QualifiedPlural);

    /// <summary>Members of metadata that an update of the status leaves alone; most kinds take them as they are sent.</summary>
    public static IReadOnlyList<string> MetadataKeptByStatus(ServedKind kind)
    {
        if (kind.Custom is not null || ResetsMetadata.Contains(kind.QualifiedPlural))
        {
            return ObjectMembers;
        }

        return kind.QualifiedPlural switch
        {
            "deployments.apps" => ["labels"],
            "pods" => ["ownerReferences"],
            _ => [],
        };
    }

    /// <summary>Everything that a change of makes a new generation: all but metadata and status, and of a Deployment its annotations too, unless they come with its status.</summary>
    public static bool SpecChanged(ServedKind kind, MapNode live, MapNode next, string subresource)
    {
        if (kind.QualifiedPlural == "deployments.apps" && subresource != "status" && !Node.DeepEquals(live.At("metadata", "annotations"), next.At("metadata", "annotations")))
        {
            return true;
        }

        if (kind.QualifiedPlural == "pods" && live.At("spec", "nodeName") is null && next.At("spec", "nodeName") is not null)
        {
            return false;
        }

        foreach ((string key, Node value) in next)
        {
            if (!Outside(kind, key) && !Node.DeepEquals(live[key], value))
            {
                return true;
            }
        }

        return live.Keys.Any(key => !Outside(kind, key) && !next.ContainsKey(key));
    }

    /// <summary>Dependents stay when the client says nothing: the old default of these kinds.</summary>
    public static bool OrphansByDefault(ServedKind kind) => kind.QualifiedPlural is "jobs.batch" or "replicationcontrollers";

    private static bool Outside(ServedKind kind, string key) => key is "metadata" or "kind" or "apiVersion" || (key == "status" && (kind.HasStatus || kind.Custom is null));
}
