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
    [InlineData("example.com/Thing", """{"status":{"conditions":[{"type":"Ready","status":"False","message":"no"}]}}""", HealthStatus.Degraded)]
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
