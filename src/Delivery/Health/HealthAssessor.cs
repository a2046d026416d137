using System.Collections.Frozen;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Health;

/// <summary>Chooses the rule for an object's kind: a built-in one, or status conditions in kstatus' manner for everything else.</summary>
public sealed class HealthAssessor
{
    private static readonly FrozenDictionary<string, Func<MapNode, HealthReport>> BuiltIn = new Dictionary<string, Func<MapNode, HealthReport>>
    {
        ["apps/Deployment"] = WorkloadHealth.Deployment,
        ["apps/StatefulSet"] = WorkloadHealth.StatefulSet,
        ["apps/DaemonSet"] = WorkloadHealth.DaemonSet,
        ["apps/ReplicaSet"] = WorkloadHealth.ReplicaSet,
        ["/Pod"] = WorkloadHealth.Pod,
        ["batch/Job"] = WorkloadHealth.Job,
        ["batch/CronJob"] = WorkloadHealth.CronJob,
        ["autoscaling/HorizontalPodAutoscaler"] = ScalingHealth.HorizontalPodAutoscaler,
        ["/PersistentVolumeClaim"] = ClusterObjectHealth.PersistentVolumeClaim,
        ["/Service"] = ClusterObjectHealth.Service,
        ["networking.k8s.io/Ingress"] = ClusterObjectHealth.Ingress,
        ["apiregistration.k8s.io/APIService"] = ClusterObjectHealth.ApiService,
        ["apiextensions.k8s.io/CustomResourceDefinition"] = ClusterObjectHealth.CustomResourceDefinition,
    }.ToFrozenDictionary();

    private readonly Func<ResourceId, bool> hasNoController;

    /// <param name="hasNoController">
    /// Kinds that nothing in the cluster acts upon (a CRD that the embedded cluster only assumes): such an object is as healthy as it gets.
    /// </param>
    public HealthAssessor(Func<ResourceId, bool>? hasNoController = null) => this.hasNoController = hasNoController ?? (_ => false);

    public HealthReport Assess(ResourceId id, MapNode? live)
    {
        if (live is null)
        {
            return HealthReport.Missing;
        }

        if (live.At("metadata", "deletionTimestamp") is not null)
        {
            return HealthReport.Progressing("Pending deletion");
        }

        if (hasNoController(id))
        {
            return HealthReport.Healthy;
        }

        return BuiltIn.TryGetValue($"{id.Group}/{id.Kind}", out Func<MapNode, HealthReport>? check)
            ? check(live)
            : ConditionHealth.Check(live);
    }

    /// <summary>An application is as healthy as the worst of its objects, whose message it takes.</summary>
    public static HealthReport Worst(IEnumerable<(ResourceId Id, HealthReport Report)> reports)
    {
        HealthReport worst = HealthReport.Healthy;
        foreach ((ResourceId id, HealthReport report) in reports)
        {
            if (report.Status > worst.Status)
            {
                worst = report with { Message = report.Message.Length == 0 ? id.ToString() : $"{id}: {report.Message}" };
            }
        }

        return worst;
    }
}
