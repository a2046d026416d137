using Bowline.Delivery.Health;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Tests.Health;

public sealed class HealthAssessorTests
{
    [Theory]
    [InlineData("apps/Deployment", """{"metadata":{"generation":2},"spec":{"replicas":2},"status":{"observedGeneration":2,"replicas":2,"updatedReplicas":2,"availableReplicas":2}}""", HealthStatus.Healthy)]
    [InlineData("apps/Deployment", """{"metadata":{"generation":2},"spec":{"replicas":2},"status":{"observedGeneration":1,"replicas":2,"updatedReplicas":2,"availableReplicas":2}}""", HealthStatus.Progressing)]
    [InlineData("apps/Deployment", """{"spec":{"replicas":2},"status":{"replicas":3,"updatedReplicas":2,"availableReplicas":2}}""", HealthStatus.Progressing)]
    [InlineData("apps/Deployment", """{"spec":{"replicas":2},"status":{"replicas":2,"updatedReplicas":2,"availableReplicas":1}}""", HealthStatus.Progressing)]
    [InlineData("apps/Deployment", """{"spec":{},"status":{}}""", HealthStatus.Progressing)]
    [InlineData("apps/Deployment", """{"spec":{"paused":true},"status":{}}""", HealthStatus.Suspended)]
    [InlineData("apps/Deployment", """{"spec":{"replicas":1},"status":{"conditions":[{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded"}]}}""", HealthStatus.Degraded)]
    [InlineData("apps/StatefulSet", """{"metadata":{"generation":1},"spec":{"replicas":1},"status":{"observedGeneration":1,"readyReplicas":1,"currentRevision":"a","updateRevision":"a"}}""", HealthStatus.Healthy)]
    [InlineData("apps/StatefulSet", """{"metadata":{"generation":1},"spec":{"replicas":1},"status":{"observedGeneration":1,"readyReplicas":1,"currentRevision":"a","updateRevision":"b"}}""", HealthStatus.Progressing)]
    [InlineData("apps/DaemonSet", """{"status":{"desiredNumberScheduled":3,"updatedNumberScheduled":3,"numberAvailable":2}}""", HealthStatus.Progressing)]
    [InlineData("apps/DaemonSet", """{"status":{"desiredNumberScheduled":0}}""", HealthStatus.Healthy)]
    [InlineData("batch/Job", """{"status":{"conditions":[{"type":"Failed","status":"True","message":"BackoffLimitExceeded"}]}}""", HealthStatus.Degraded)]
    [InlineData("batch/Job", """{"status":{"conditions":[{"type":"Complete","status":"True"}]}}""", HealthStatus.Healthy)]
    [InlineData("batch/CronJob", """{"spec":{"suspend":true}}""", HealthStatus.Suspended)]
    [InlineData("/PersistentVolumeClaim", """{"status":{"phase":"Pending"}}""", HealthStatus.Progressing)]
    [InlineData("/PersistentVolumeClaim", """{"status":{"phase":"Lost"}}""", HealthStatus.Degraded)]
    [InlineData("/PersistentVolumeClaim", """{"status":{}}""", HealthStatus.Unknown)]
    [InlineData("apps/StatefulSet", """{"metadata":{"generation":1},"spec":{"replicas":2,"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":0}}},"status":{"observedGeneration":1,"readyReplicas":2,"updatedReplicas":1,"currentRevision":"a","updateRevision":"b"}}""", HealthStatus.Progressing)]
    [InlineData("apps/StatefulSet", """{"metadata":{"generation":1},"spec":{"replicas":2,"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":1}}},"status":{"observedGeneration":1,"readyReplicas":2,"updatedReplicas":1,"currentRevision":"a","updateRevision":"b"}}""", HealthStatus.Healthy)]
    [InlineData("batch/CronJob", """{"spec":{}}""", HealthStatus.Progressing)]
    [InlineData("batch/CronJob", """{"spec":{},"status":{}}""", HealthStatus.Healthy)]
    [InlineData("apps.kruise.io/StatefulSet", """{"metadata":{"generation":2},"spec":{"updateStrategy":{"rollingUpdate":{"partition":2}}},"status":{"observedGeneration":2,"replicas":5,"updatedReplicas":3,"updatedAvailableReplicas":3}}""", HealthStatus.Progressing)]
    [InlineData("apps.kruise.io/StatefulSet", """{"metadata":{"generation":2},"spec":{"updateStrategy":{"rollingUpdate":{"partition":2}}},"status":{"observedGeneration":2,"replicas":5,"updatedReplicas":4,"updatedAvailableReplicas":4}}""", HealthStatus.Suspended)]
    [InlineData("apps.kruise.io/DaemonSet", """{"metadata":{"generation":2},"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}},"status":{"observedGeneration":2,"desiredNumberScheduled":3}}""", HealthStatus.Suspended)]
    [InlineData("apps.kruise.io/CloneSet", """{"metadata":{"generation":1},"spec":{"updateStrategy":{"partition":0}},"status":{"observedGeneration":1,"replicas":2}}""", HealthStatus.Suspended)]
    [InlineData("datadoghq.com/DatadogMetric", """{"status":{}}""", HealthStatus.Healthy)]
    [InlineData("policy.open-cluster-management.io/Policy", """{"status":{"placement":[{"placementBinding":"b"}]}}""", HealthStatus.Healthy)]
    [InlineData("policy.open-cluster-management.io/Policy", """{"status":{"compliant":"Pending"}}""", HealthStatus.Degraded)]
    [InlineData("controlplane.cluster.x-k8s.io/AWSManagedControlPlane", """{"status":{"ready":true,"conditions":[{"type":"Ready","status":"True"},{"type":"EKSControlPlaneUpdating","status":"True"}]}}""", HealthStatus.Progressing)]
    [InlineData("karpenter.sh/NodeClaim", """{"metadata":{"generation":2},"status":{"observedGeneration":1,"conditions":[{"type":"Ready","status":"True"}]}}""", HealthStatus.Progressing)]
    [InlineData("s3.services.k8s.aws/Bucket", """{"status":{"conditions":[{"type":"ACK.Recoverable","status":"True"},{"type":"Ready","status":"False"}]}}""", HealthStatus.Progressing)]
    [InlineData("pkg.crossplane.io/ImageConfig", """{"kind":"ImageConfig","spec":{}}""", HealthStatus.Healthy)]
    [InlineData("sparkoperator.k8s.io/SparkApplication", """{"spec":{"executor":{"instances":2}},"status":{"applicationState":{"state":"RUNNING"}}}""", HealthStatus.Progressing)]
    [InlineData("/Service", """{"spec":{"type":"ClusterIP"}}""", HealthStatus.Healthy)]
    [InlineData("/Service", """{"spec":{"type":"LoadBalancer"},"status":{"loadBalancer":{}}}""", HealthStatus.Progressing)]
    [InlineData("networking.k8s.io/Ingress", """{"status":{"loadBalancer":{"ingress":[{"ip":"10.0.0.1"}]}}}""", HealthStatus.Healthy)]
    [InlineData("autoscaling/HorizontalPodAutoscaler", """{"status":{"conditions":[{"type":"AbleToScale","status":"True"},{"type":"ScalingActive","status":"False","reason":"FailedGetResourceMetric"}]}}""", HealthStatus.Degraded)]
    [InlineData("autoscaling/HorizontalPodAutoscaler", """{"status":{"conditions":[{"type":"AbleToScale","status":"True"},{"type":"ScalingActive","status":"True"}]}}""", HealthStatus.Healthy)]
    [InlineData("autoscaling/HorizontalPodAutoscaler", "{}", HealthStatus.Progressing)]
    [InlineData("/Pod", """{"status":{"phase":"Pending","containerStatuses":[{"state":{"waiting":{"reason":"ImagePullBackOff"}}}]}}""", HealthStatus.Degraded)]
    [InlineData("/Pod", """{"status":{"phase":"Pending","containerStatuses":[{"state":{"waiting":{"reason":"ContainerCreating"}}}]}}""", HealthStatus.Progressing)]
    [InlineData("/ConfigMap", "{}", HealthStatus.Healthy)]
    [InlineData("/ConfigMap", """{"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}}""", HealthStatus.Progressing)]
    [InlineData("example.com/Thing", """{"status":{"conditions":[{"type":"Ready","status":"False","reason":"ReconcileFailed"}]}}""", HealthStatus.Degraded)]
    [InlineData("example.com/Thing", """{"status":{"conditions":[{"type":"Ready","status":"False","reason":"Creating"}]}}""", HealthStatus.Progressing)]
    [InlineData("example.com/Thing", """{"status":{"conditions":[{"type":"Ready","status":"False","reason":"BadRequest","severity":"Error"}]}}""", HealthStatus.Degraded)]
    [InlineData("example.com/Thing", """{"status":{"conditions":[{"type":"Ready","status":"False","reason":"Failed","severity":"Warning"}]}}""", HealthStatus.Progressing)]
    [InlineData("example.com/Thing", """{"status":{"conditions":[{"type":"Available","status":"False"},{"type":"Progressing","status":"True"},{"type":"Degraded","status":"False"}]}}""", HealthStatus.Progressing)]
    [InlineData("example.com/Thing", """{"status":{"conditions":[{"type":"Available","status":"True"},{"type":"Progressing","status":"True"},{"type":"Degraded","status":"True"}]}}""", HealthStatus.Degraded)]
    [InlineData("example.com/Thing", """{"status":{"conditions":[{"type":"Available","status":"True"},{"type":"Progressing","status":"True"},{"type":"Degraded","status":"False"}]}}""", HealthStatus.Healthy)]
    [InlineData("example.com/Thing", """{"status":{"conditions":[{"type":"Succeeded","status":"Unknown"}]}}""", HealthStatus.Progressing)]
    [InlineData("example.com/Thing", """{"status":{"conditions":[{"type":"Suspended","status":"True"}]}}""", HealthStatus.Suspended)]
    [InlineData("example.com/Thing", """{"status":{"phase":"Failed"}}""", HealthStatus.Degraded)]
    [InlineData("example.com/Thing", """{"status":{"state":"Provisioning"}}""", HealthStatus.Progressing)]
    [InlineData("example.com/Thing", """{"status":{"phase":"Active"}}""", HealthStatus.Healthy)]
    [InlineData("tekton.dev/PipelineRun", """{"spec":{},"status":{"conditions":[{"type":"Succeeded","status":"Unknown","reason":"Running"}]}}""", HealthStatus.Progressing)]
    [InlineData("tekton.dev/PipelineRun", """{"spec":{"status":"PipelineRunPending"}}""", HealthStatus.Suspended)]
    [InlineData("tekton.dev/TaskRun", """{"status":{"conditions":[{"type":"Succeeded","status":"False","reason":"Failed"}]}}""", HealthStatus.Degraded)]
    [InlineData("batch/CronJob", """{"spec":{},"status":{"lastScheduleTime":"2026-01-01T00:00:00Z"}}""", HealthStatus.Degraded)]
    [InlineData("batch/CronJob", """{"spec":{},"status":{"lastScheduleTime":"2026-01-01T00:00:00Z","active":[{"name":"a"}]}}""", HealthStatus.Healthy)]
    [InlineData("kafka.strimzi.io/KafkaNodePool", """{"metadata":{"generation":1},"spec":{"replicas":3},"status":{"observedGeneration":1,"replicas":3}}""", HealthStatus.Healthy)]
    [InlineData("kafka.strimzi.io/KafkaRebalance", """{"status":{"conditions":[{"type":"ProposalReady","status":"True"}]}}""", HealthStatus.Suspended)]
    [InlineData("gateway.networking.k8s.io/ListenerSet", """{"status":{"conditions":[{"type":"Accepted","status":"True"},{"type":"Programmed","status":"True"}]}}""", HealthStatus.Healthy)]
    [InlineData("gateway.networking.k8s.io/Gateway", """{"status":{"conditions":[{"type":"Accepted","status":"True"},{"type":"Programmed","status":"False","reason":"AddressNotUsable"}]}}""", HealthStatus.Degraded)]
    [InlineData("gateway.envoyproxy.io/Backend", """{"kind":"Backend","apiVersion":"gateway.envoyproxy.io/v1alpha1","status":{"conditions":[{"type":"Accepted","status":"False","message":"no"}]}}""", HealthStatus.Degraded)]
    [InlineData("postgresql.cnpg.io/Database", """{"status":{}}""", HealthStatus.Progressing)]
    [InlineData("postgresql.cnpg.io/ScheduledBackup", """{"kind":"ScheduledBackup","spec":{"suspend":true}}""", HealthStatus.Suspended)]
    [InlineData("kubevirt.io/VirtualMachine", """{"status":{"printableStatus":"ErrorUnschedulable","conditions":[{"type":"Ready","status":"False"}]}}""", HealthStatus.Degraded)]
    [InlineData("secrets.hashicorp.com/VaultAuth", """{"status":{"valid":false,"error":"no"}}""", HealthStatus.Degraded)]
    [InlineData("monitoring.coreos.com/ServiceMonitor", """{"status":{"bindings":[{"name":"main","conditions":[{"type":"Accepted","status":"False","message":"bad relabeling"}]}]}}""", HealthStatus.Degraded)]
    [InlineData("helm.toolkit.fluxcd.io/HelmRelease", """{"status":{"conditions":[{"type":"Ready","status":"True"}]}}""", HealthStatus.Healthy)]
    [InlineData("source.toolkit.fluxcd.io/GitRepository", """{"status":{"conditions":[{"type":"Ready","status":"Unknown"}]}}""", HealthStatus.Progressing)]
    [InlineData("fluxcd.controlplane.io/FluxInstance", """{"metadata":{"annotations":{"fluxcd.controlplane.io/reconcile":"disabled"}},"status":{"conditions":[{"type":"Ready","status":"True"}]}}""", HealthStatus.Suspended)]
    [InlineData("ops.crossplane.io/Operation", """{"kind":"Operation","status":{"conditions":[{"type":"ValidPipeline","status":"True"},{"type":"Succeeded","status":"False"}]}}""", HealthStatus.Degraded)]
    [InlineData("constraints.gatekeeper.sh/K8sRequiredLabels", """{"status":{"byPod":[{"enforced":true}],"totalViolations":3}}""", HealthStatus.Healthy)]
    [InlineData("example.com/Thing", """{"status":{"conditions":[{"type":"Stalled","status":"True"}]}}""", HealthStatus.Degraded)]
    [InlineData("example.com/Thing", """{"metadata":{"generation":3},"status":{"observedGeneration":2}}""", HealthStatus.Progressing)]
    public void Health_follows_from_the_live_object(string kind, string live, HealthStatus expected)
    {
        string[] parts = kind.Split('/');
        Assert.Equal(expected, new HealthAssessor().Assess(new ResourceId(parts[0], parts[1], "ns", "x"), (MapNode)JsonReader.Read(live)).Status);
    }

    [Fact]
    public void An_absent_object_is_missing() => Assert.Equal(HealthStatus.Missing, new HealthAssessor().Assess(default, null).Status);

    [Fact]
    public void Nobody_waits_for_a_kind_that_nothing_acts_upon()
    {
        MapNode waiting = (MapNode)JsonReader.Read("""{"status":{"conditions":[{"type":"Ready","status":"Unknown"}]}}""");
        Assert.Equal(HealthStatus.Healthy, new HealthAssessor(_ => true).Assess(new ResourceId("cert-manager.io", "ClusterIssuer", "", "x"), waiting).Status);
    }

    [Fact]
    public void An_application_is_as_healthy_as_its_worst_object()
    {
        ResourceId web = new("apps", "Deployment", "ns", "web");
        HealthReport worst = HealthAssessor.Worst([(default, HealthReport.Healthy), (web, HealthReport.Degraded("boom")), (default, HealthReport.Progressing("soon"))]);
        Assert.Equal(HealthStatus.Degraded, worst.Status);
        Assert.Equal("apps/Deployment ns/web: boom", worst.Message);
    }
}
