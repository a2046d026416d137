using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.Tests.Controllers;

/// <summary>Autoscalers follow the figures that annotations declare.</summary>
public sealed class DeclaredMetricsTests
{
    [Fact]
    public async Task Autoscalers_see_what_pods_described_objects_and_namespaces_declare()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.PatchAsync("v1", "Namespace", "default", """{"metadata":{"annotations":{"bowline.dev/metric.queue_messages":"20"}}}""", string.Empty);
        await cluster.CreateAsync($$"""
            apiVersion: v1
            kind: Service
            metadata: {name: front, annotations: {bowline.dev/metric.requests_per_second: "600"} }
            spec: {selector: {app: none}, ports: [{port: 80}]}
            ---
            {{Workload("pods", "bowline.dev/metric.depth: \"30\"")}}
            ---
            {{Workload("cpu", "bowline.dev/cpu: 400m")}}
            ---
            {{Workload("object", "note: none")}}
            ---
            {{Workload("external", "note: none")}}
            """);
        // An autoscaler that finds no ready pods looks again a quarter of a minute later.
        foreach (string name in (string[])["pods", "cpu", "object", "external"])
        {
            await cluster.WaitAsync("apps/v1", "Deployment", name, node => node.Status().Int("readyReplicas") == 1);
        }

        await cluster.CreateAsync($$"""
            {{Autoscaler("pods", "type: Pods, pods: {metric: {name: depth}, target: {type: AverageValue, averageValue: 10} }")}}
            ---
            {{Autoscaler("cpu", "type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 100} }")}}
            ---
            {{Autoscaler("object", "type: Object, object: {describedObject: {apiVersion: v1, kind: Service, name: front}, metric: {name: requests_per_second}, target: {type: Value, value: 100} }")}}
            ---
            {{Autoscaler("external", "type: External, external: {metric: {name: queue_messages}, target: {type: AverageValue, averageValue: 5} }")}}
            """);
        foreach ((string name, int wanted) in ((string, int)[])[("pods", 3), ("cpu", 4), ("object", 6), ("external", 4)])
        {
            MapNode scaler = await cluster.WaitAsync("autoscaling/v2", "HorizontalPodAutoscaler", name, node => node.Status().Int("desiredReplicas") > 1);
            Assert.Equal((name, wanted), (name, (int)scaler.Status().Int("desiredReplicas")));
        }
    }

    private static string Workload(string name, string annotation) => $$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: {{name}} }
        spec:
          selector: {matchLabels: {app: {{name}} } }
          template:
            metadata: {labels: {app: {{name}} }, annotations: { {{annotation}} } }
            spec: {containers: [{name: c, image: web, resources: {requests: {cpu: 100m} } }]}
        """;

    private static string Autoscaler(string name, string metric) => $$"""
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: {{name}} }
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{name}} }
          minReplicas: 1
          maxReplicas: 10
          behavior: {scaleUp: {policies: [{type: Pods, value: 100, periodSeconds: 1}]} }
          metrics: [{ {{metric}} }]
        """;
}
