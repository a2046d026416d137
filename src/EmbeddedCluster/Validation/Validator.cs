using System.Collections.Frozen;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>What is wrong with an object, in Kubernetes' words.</summary>
internal static class Validator
{
    private static readonly FrozenDictionary<string, Action<Checks, MapNode>> ByKind = new Dictionary<string, Action<Checks, MapNode>>
    {
        ["pods"] = static (check, node) => PodRules.Spec(check, node["spec"], "spec"),
        ["configmaps"] = CoreRules.ConfigMap,
        ["secrets"] = CoreRules.Secret,
        ["services"] = NetworkRules.Service,
        ["nodes"] = CoreRules.Node,
        ["persistentvolumeclaims"] = CoreRules.Claim,
        ["persistentvolumes"] = CoreRules.Volume,
        ["resourcequotas"] = CoreRules.Quota,
        ["limitranges"] = CoreRules.Limits,
        ["replicationcontrollers"] = WorkloadRules.ReplicationController,
        ["deployments.apps"] = WorkloadRules.Deployment,
        ["replicasets.apps"] = WorkloadRules.ReplicaSet,
        ["statefulsets.apps"] = WorkloadRules.StatefulSet,
        ["daemonsets.apps"] = WorkloadRules.DaemonSet,
        ["jobs.batch"] = WorkloadRules.Job,
        ["cronjobs.batch"] = WorkloadRules.CronJob,
        ["horizontalpodautoscalers.autoscaling"] = WorkloadRules.Autoscaler,
        ["poddisruptionbudgets.policy"] = WorkloadRules.Budget,
        ["ingresses.networking.k8s.io"] = NetworkRules.Ingress,
        ["networkpolicies.networking.k8s.io"] = NetworkRules.Policy,
        ["endpointslices.discovery.k8s.io"] = NetworkRules.EndpointSlice,
        ["roles.rbac.authorization.k8s.io"] = static (check, node) => OtherRules.Role(check, node, namespaced: true),
        ["clusterroles.rbac.authorization.k8s.io"] = static (check, node) => OtherRules.Role(check, node, namespaced: false),
        ["rolebindings.rbac.authorization.k8s.io"] = static (check, node) => OtherRules.Binding(check, node, namespaced: true),
        ["clusterrolebindings.rbac.authorization.k8s.io"] = static (check, node) => OtherRules.Binding(check, node, namespaced: false),
        ["storageclasses.storage.k8s.io"] = OtherRules.StorageClass,
        ["priorityclasses.scheduling.k8s.io"] = OtherRules.PriorityClass,
        ["leases.coordination.k8s.io"] = OtherRules.Lease,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static List<FieldError> OnCreate(ServedKind kind, MapNode node)
    {
        List<FieldError> errors = [];
        MetadataRules.Check(kind, node, errors);
        Checks check = new(errors);
        Run(kind, node, check);
        if (kind.QualifiedPlural == "customresourcedefinitions.apiextensions.k8s.io")
        {
            DefinitionRules.OnCreate(check, node);
        }

        return errors;
    }

    /// <param name="subresource">Rules of the object itself do not hold back its status.</param>
    public static List<FieldError> OnUpdate(ServedKind kind, MapNode node, MapNode live, string subresource)
    {
        List<FieldError> errors = [];
        MetadataRules.CheckUpdate(kind, node, live, errors);
        if (subresource is "status" or "binding" or "finalize" or "approval")
        {
            return errors;
        }

        Checks check = new(errors);
        Run(kind, node, check);
        Changes(kind, node, live, check, subresource);
        return errors;
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
            case "services":
                NetworkRules.ServiceUpdate(check, node, live);
                break;
            case "pods":
                PodRules.OnUpdate(check, node, live, subresource);
                break;
            case "persistentvolumeclaims":
                CoreRules.ClaimUpdate(check, node, live);
                break;
            case "customresourcedefinitions.apiextensions.k8s.io":
                DefinitionRules.OnUpdate(check, node, live);
                break;
            default:
                WorkloadRules.OnUpdate(check, kind.QualifiedPlural, node, live);
                OtherRules.OnUpdate(check, kind.QualifiedPlural, node, live);
                break;
        }
    }
}
