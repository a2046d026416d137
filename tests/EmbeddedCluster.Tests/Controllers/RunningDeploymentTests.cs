using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Tests.Controllers;

public sealed class RunningDeploymentTests
{
    private const string Web = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, namespace: default}
        spec:
          replicas: 3
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers:
              - {name: c, image: 'nginx:1.27', ports: [{containerPort: 80, name: http}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: default}
        spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: http}]}
        """;

    [Fact]
    public async Task A_deployment_becomes_available_through_replica_set_and_pods()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.CreateAsync(Web);
        MapNode deployment = await cluster.WaitAsync("apps/v1", "Deployment", "web", node => node.Status().Int("availableReplicas") == 3);
        Assert.Equal("1", deployment.Annotation("deployment.kubernetes.io/revision"));
        Assert.Equal("NewReplicaSetAvailable", (await cluster.WaitAsync("apps/v1", "Deployment", "web", node => node.Status().Condition("Progressing").Text("reason") == "NewReplicaSetAvailable")).Status().Condition("Progressing").Text("reason"));
        Assert.Single(await cluster.ListAsync("apps/v1", "ReplicaSet"));
        IReadOnlyList<MapNode> pods = await cluster.ListAsync("v1", "Pod");
        Assert.All(pods, pod => Assert.True(pod.Status().ConditionIs("Ready", "True"), JsonWriter.ToText(pod)));
        Assert.Equal(3, pods.Select(pod => pod.Status().Text("podIP")).Distinct().Count());
        // The slice's controller works beside the others: it may come a moment after the pods are available.
        IReadOnlyList<MapNode> slices = [];
        for (int attempt = 0; slices.Count == 0 && attempt < 500; attempt++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            slices = [.. (await cluster.ListAsync("discovery.k8s.io/v1", "EndpointSlice")).Where(slice => slice.Labels()?["kubernetes.io/service-name"]?.AsString() == "web")];
        }

        Assert.Single(slices);
        await cluster.WaitAsync("v1", "Endpoints", "web", node => node["subsets"].Maps().FirstOrDefault()?["addresses"] is ListNode { Count: 3 });
        await cluster.WaitAsync("v1", "Service", "web", node => node.Status()["loadBalancer"]?["ingress"] is ListNode { Count: 1 });
    }

    [Fact]
    public async Task A_rolling_update_replaces_all_pods_and_deleting_takes_everything_along()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.CreateAsync(Web);
        await cluster.WaitAsync("apps/v1", "Deployment", "web", node => node.Status().Int("availableReplicas") == 3);
        await cluster.PatchAsync("apps/v1", "Deployment", "web", """{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"nginx:2"}]}}}}""");
        await cluster.WaitAsync("apps/v1", "Deployment", "web", node => node.Status().Int("updatedReplicas") == 3 && node.Status().Int("replicas") == 3 && node.Status().Int("observedGeneration") == 2);
        Assert.Equal(2, (await cluster.ListAsync("apps/v1", "ReplicaSet")).Count);
        Assert.All((await cluster.ListAsync("v1", "Pod")).Where(pod => !pod.IsDeleting()), pod => Assert.Equal("nginx:2", pod.Spec()["containers"].Maps().First().Text("image")));
        await cluster.DeleteAsync("apps/v1", "Deployment", "web", policy: "Foreground");
        await cluster.WaitGoneAsync("apps/v1", "Deployment", "web");
        Assert.Empty(await cluster.ListAsync("v1", "Pod"));
    }
}
