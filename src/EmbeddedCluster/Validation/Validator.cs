using System.Collections.Frozen;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>What is wrong with an object, in Kubernetes' words.</summary>
internal static class Validator
{
    private static readonly FrozenDictionary<string, Action<Checks, MapNode>> ByKind = new Dictionary<string, Action<Checks, MapNode>>
    {
        ["pods"] = PodRules.Pod,
        ["podtemplates"] = static (check, node) => PodRules.Template(check, node["template"], "template"),
        ["configmaps"] = CoreRules.ConfigMap,
        ["secrets"] = CoreRules.Secret,
        ["services"] = ServiceRules.Check,
        ["endpoints"] = EndpointRules.Endpoints,
        ["nodes"] = CoreRules.Node,
        ["namespaces"] = CoreRules.Namespace,
        ["persistentvolumeclaims"] = StorageRules.Claim,
        ["persistentvolumes"] = StorageRules.Volume,
        ["resourcequotas"] = PolicyRules.Quota,
        ["limitranges"] = PolicyRules.Limits,
        ["events"] = OtherRules.Event,
        ["events.events.k8s.io"] = OtherRules.NewEvent,
        ["replicationcontrollers"] = WorkloadRules.ReplicationController,
        ["deployments.apps"] = WorkloadRules.Deployment,
        ["replicasets.apps"] = WorkloadRules.ReplicaSet,
        ["statefulsets.apps"] = WorkloadRules.StatefulSet,
        ["daemonsets.apps"] = WorkloadRules.DaemonSet,
        ["controllerrevisions.apps"] = WorkloadRules.Revision,
        ["jobs.batch"] = JobRules.Job,
        ["cronjobs.batch"] = JobRules.CronJob,
        ["poddisruptionbudgets.policy"] = PolicyRules.Budget,
        ["ingresses.networking.k8s.io"] = NetworkRules.Ingress,
        ["ingressclasses.networking.k8s.io"] = NetworkRules.IngressClass,
        ["networkpolicies.networking.k8s.io"] = NetworkRules.Policy,
        ["endpointslices.discovery.k8s.io"] = EndpointRules.EndpointSlice,
        ["roles.rbac.authorization.k8s.io"] = static (check, node) => RightsRules.Role(check, node, namespaced: true),
        ["clusterroles.rbac.authorization.k8s.io"] = static (check, node) =>
        {
            RightsRules.Role(check, node, namespaced: false);
            RightsRules.Aggregation(check, node);
        },
        ["rolebindings.rbac.authorization.k8s.io"] = static (check, node) => RightsRules.Binding(check, node, namespaced: true),
        ["clusterrolebindings.rbac.authorization.k8s.io"] = static (check, node) => RightsRules.Binding(check, node, namespaced: false),
        ["storageclasses.storage.k8s.io"] = StorageRules.Class,
        ["csidrivers.storage.k8s.io"] = StorageRules.Driver,
        ["csinodes.storage.k8s.io"] = StorageRules.CsiNode,
        ["volumeattachments.storage.k8s.io"] = StorageRules.Attachment,
        ["volumeattributesclasses.storage.k8s.io"] = StorageRules.Attributes,
        ["csistoragecapacities.storage.k8s.io"] = StorageRules.Capacity,
        ["deviceclasses.resource.k8s.io"] = DeviceRules.Class,
        ["resourceclaims.resource.k8s.io"] = DeviceRules.Claim,
        ["resourceclaimtemplates.resource.k8s.io"] = DeviceRules.Template,
        ["resourceslices.resource.k8s.io"] = DeviceRules.Slice,
        ["servicecidrs.networking.k8s.io"] = RangeRules.Range,
        ["ipaddresses.networking.k8s.io"] = RangeRules.Address,
        ["priorityclasses.scheduling.k8s.io"] = PolicyRules.PriorityClass,
        ["leases.coordination.k8s.io"] = OtherRules.Lease,
        ["runtimeclasses.node.k8s.io"] = OtherRules.RuntimeClass,
        ["certificatesigningrequests.certificates.k8s.io"] = OtherRules.CertificateRequest,
        ["apiservices.apiregistration.k8s.io"] = OtherRules.ApiService,
        ["mutatingwebhookconfigurations.admissionregistration.k8s.io"] = static (check, node) => AdmissionRules.Webhooks(check, node, mutating: true),
        ["validatingwebhookconfigurations.admissionregistration.k8s.io"] = static (check, node) => AdmissionRules.Webhooks(check, node, mutating: false),
        ["mutatingadmissionpolicies.admissionregistration.k8s.io"] = AdmissionRules.MutatingPolicy,
        ["mutatingadmissionpolicybindings.admissionregistration.k8s.io"] = AdmissionRules.MutatingBinding,
        ["flowschemas.flowcontrol.apiserver.k8s.io"] = FlowRules.FlowSchema,
        ["prioritylevelconfigurations.flowcontrol.apiserver.k8s.io"] = FlowRules.PriorityLevel,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static List<FieldError> OnCreate(ServedKind kind, MapNode node)
    {
        List<FieldError> errors = [];
        MetadataRules.Check(kind, node, errors);
        Checks check = new(errors);
        Run(kind, node, check);
        switch (kind.QualifiedPlural)
        {
            case "horizontalpodautoscalers.autoscaling":
                AutoscalerRules.Check(check, node, null);
                break;
            case "cronjobs.batch":
                JobRules.NewCronJob(check, node);
                break;
            case "pods":
                PodRules.OnCreate(check, node);
                break;
            case "ingresses.networking.k8s.io":
                NetworkRules.NewIngress(check, node);
                break;
            case "volumeattachments.storage.k8s.io":
                StorageRules.NewAttachment(check, node);
                break;
            default:
                break;
        }

        return errors;
    }

    /// <param name="subresource">Rules of the object itself do not hold back its status.</param>
    public static List<FieldError> OnUpdate(ServedKind kind, MapNode node, MapNode live, string subresource)
    {
        List<FieldError> errors = [];
        MetadataRules.CheckUpdate(kind, node, live, errors);
        Checks check = new(errors);
        if (subresource is "status" or "binding" or "finalize" or "approval")
        {
            if (subresource == "status")
            {
                Status(check, kind.QualifiedPlural, node, live);
            }

            return errors;
        }

        // Classes of priority are held to what may not change, events of the newer API to rules of their own.
        if (kind.QualifiedPlural is not ("priorityclasses.scheduling.k8s.io" or "events.events.k8s.io"))
        {
            Run(kind, node, check);
        }

        Changes(kind, node, live, check, subresource);
        return errors;
    }

    private static void Status(Checks check, string kind, MapNode node, MapNode live)
    {
        switch (kind)
        {
            case "pods":
                PodRules.AnnotationsUpdate(check, node, live);
                PodStatusRules.Check(check, node, live);
                break;
            case "jobs.batch":
                JobStatusRules.Check(check, node, live);
                break;
            case "resourcequotas":
                PolicyRules.QuotaStatus(check, node);
                break;
            default:
                WorkloadRules.Status(check, kind, node);
                break;
        }
    }

    private static void Run(ServedKind kind, MapNode node, Checks check)
    {
        if (kind.Custom is null && ByKind.TryGetValue(kind.QualifiedPlural, out Action<Checks, MapNode>? rules))
        {
            rules(check, node);
        }
    }

    private static void Changes(ServedKind kind, MapNode node, MapNode live, Checks check, string subresource)
    {
        switch (kind.QualifiedPlural)
        {
            case "configmaps":
                CoreRules.ImmutableData(check, node, live);
                break;
            case "secrets":
                check.Immutable(node["type"], live["type"], "type");
                CoreRules.ImmutableData(check, node, live);
                break;
            case "nodes":
                CoreRules.NodeUpdate(check, node, live);
                break;
            case "services":
                ServiceRules.OnUpdate(check, node, live);
                break;
            case "pods":
                PodRules.OnUpdate(check, node, live, subresource);
                break;
            case "persistentvolumeclaims":
                StorageRules.ClaimUpdate(check, node, live);
                break;
            case "horizontalpodautoscalers.autoscaling":
                AutoscalerRules.Check(check, node, live);
                break;
            case "jobs.batch":
                JobRules.OnUpdate(check, node, live);
                break;
            default:
                WorkloadRules.OnUpdate(check, kind.QualifiedPlural, node, live);
                OtherRules.OnUpdate(check, kind.QualifiedPlural, node, live);
                StorageRules.OnUpdate(check, kind.QualifiedPlural, node, live);
                RangeRules.OnUpdate(check, kind.QualifiedPlural, node, live);
                DeviceRules.OnUpdate(check, kind.QualifiedPlural, node, live);
                break;
        }
    }
}
