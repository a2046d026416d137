using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.EmbeddedCluster.Kubelet;
using Bowline.Resources.Model;
using Bowline.Tests.Controllers;

namespace Bowline.Tests.Scheduler;

/// <summary>The scheduler on a running cluster: what it writes, and what brings it back to a pod.</summary>
public sealed class RunningSchedulerTests
{
    private static readonly ControllerManagerOptions OneSmallNode = new() { Nodes = SimulatedNodeOptions.Default with { Count = 1, Cpu = "2" } };

    [Fact]
    public async Task A_more_important_pod_displaces_a_less_important_one_and_takes_its_place()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(OneSmallNode);
        await cluster.CreateAsync("""
            apiVersion: scheduling.k8s.io/v1
            kind: PriorityClass
            metadata: {name: urgent}
            value: 1000
            """);
        await cluster.CreateAsync(Pod("low", "1500m"));
        await cluster.WaitAsync("v1", "Pod", "low", IsReady);
        await cluster.CreateAsync(Pod("high", "1500m", "priorityClassName: urgent"));
        MapNode high = await cluster.WaitAsync("v1", "Pod", "high", IsReady);
        Assert.False(high.Status().ContainsKey("nominatedNodeName"), "a pod that is bound is no longer nominated");
        await cluster.WaitGoneAsync("v1", "Pod", "low");
        MapNode preempted = await WaitForEventAsync(cluster, "Preempted", $"Preempted by pod {high.Uid()} on node bowline-1");
        Assert.Equal(("Preempting", "high", "low"), (preempted.Text("action"), (preempted["related"] as MapNode).Text("name"), (preempted["involvedObject"] as MapNode).Text("name")));
        await WaitForEventAsync(cluster, "FailedScheduling", "0/1 nodes are available: 1 Insufficient cpu.");
    }

    [Fact]
    public async Task A_pod_without_a_place_says_why_and_is_placed_when_the_reason_goes()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(OneSmallNode);
        await cluster.PatchAsync("v1", "Node", "bowline-1", """{"spec": {"unschedulable": true}}""", string.Empty);
        await cluster.WaitAsync("v1", "Node", "bowline-1", node => node.Spec()["taints"].Maps().Any(), string.Empty);
        await cluster.CreateAsync(Pod("p", "100m"));
        MapNode waiting = await cluster.WaitAsync("v1", "Pod", "p", pod => pod.Status().Condition("PodScheduled") is not null);
        MapNode condition = waiting.Status().Condition("PodScheduled")!;
        Assert.Equal("Unschedulable", condition.Text("reason"));
        Assert.Equal("0/1 nodes are available: 1 node(s) were unschedulable. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.", condition.Text("message"));
        await cluster.PatchAsync("v1", "Node", "bowline-1", """{"spec": {"unschedulable": null}}""", string.Empty);
        MapNode placed = await cluster.WaitAsync("v1", "Pod", "p", IsReady);
        Assert.Equal("True", placed.Status().Condition("PodScheduled").Text("status"));
    }

    [Fact]
    public async Task A_gated_pod_waits_until_its_gates_are_taken_away()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(OneSmallNode);
        await cluster.CreateAsync(Pod("gated", "100m", "schedulingGates: [{name: example.com/go}]"));
        MapNode gated = (await cluster.GetAsync("v1", "Pod", "gated"))!;
        Assert.Equal("SchedulingGated", gated.Status().Condition("PodScheduled").Text("reason"));
        await cluster.CreateAsync(Pod("other", "100m"));
        await cluster.WaitAsync("v1", "Pod", "other", IsReady);
        Assert.Equal(string.Empty, (await cluster.GetAsync("v1", "Pod", "gated"))!.Spec().Text("nodeName"));
        await cluster.PatchAsync("v1", "Pod", "gated", """{"spec": {"schedulingGates": null}}""");
        await cluster.WaitAsync("v1", "Pod", "gated", IsReady);
    }

    [Fact]
    public async Task A_claim_that_waits_for_its_consumer_is_bound_on_the_node_that_the_volume_can_be_reached_from()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(new ControllerManagerOptions { Nodes = SimulatedNodeOptions.Default with { Count = 3 } });
        await cluster.CreateAsync("""
            apiVersion: storage.k8s.io/v1
            kind: StorageClass
            metadata: {name: local}
            provisioner: kubernetes.io/no-provisioner
            volumeBindingMode: WaitForFirstConsumer
            ---
            apiVersion: v1
            kind: PersistentVolume
            metadata: {name: disk}
            spec:
              capacity: {storage: 10Gi}
              accessModes: [ReadWriteOnce]
              storageClassName: local
              local: {path: /disk}
              nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [bowline-2]}]}]}}
            ---
            apiVersion: v1
            kind: PersistentVolumeClaim
            metadata: {name: data}
            spec: {storageClassName: local, accessModes: [ReadWriteOnce], resources: {requests: {storage: 5Gi}}}
            """);
        await cluster.CreateAsync(Pod("db", "100m", "volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]"));
        MapNode pod = await cluster.WaitAsync("v1", "Pod", "db", IsReady);
        Assert.Equal("bowline-2", pod.Spec().Text("nodeName"));
        Assert.Equal("disk", (await cluster.GetAsync("v1", "PersistentVolumeClaim", "data"))!.Spec().Text("volumeName"));
    }

    [Fact]
    public async Task Pods_go_on_after_a_restart_without_a_second_life()
    {
        string directory = Directory.CreateTempSubdirectory("bowline-restart").FullName;
        try
        {
            EmbeddedClusterOptions host = new() { StateDirectory = directory };
            Dictionary<string, (string Uid, string Ip, string Id)> before;
            await using (RunningCluster cluster = await RunningCluster.StartAsync(OneSmallNode, host))
            {
                await cluster.CreateAsync("""
                    apiVersion: apps/v1
                    kind: Deployment
                    metadata: {name: web}
                    spec:
                      replicas: 5
                      selector: {matchLabels: {app: web}}
                      template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: nginx}]}}
                    """);
                await cluster.WaitAsync("apps/v1", "Deployment", "web", deployment => deployment.Status().Int("readyReplicas") == 5);
                before = await LivesAsync(cluster);
            }

            await using RunningCluster again = await RunningCluster.StartAsync(OneSmallNode, host);
            await again.CreateAsync(Pod("late", "100m"));
            await again.WaitAsync("v1", "Pod", "late", IsReady);
            await again.DeleteAsync("v1", "Pod", "late");
            await again.WaitGoneAsync("v1", "Pod", "late");
            Assert.Equal(before, await LivesAsync(again));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<Dictionary<string, (string Uid, string Ip, string Id)>> LivesAsync(RunningCluster cluster) =>
        (await cluster.ListAsync("v1", "Pod")).ToDictionary(
            pod => pod.Name(),
            pod => (pod.Uid(), pod.Status().Text("podIP"), pod.Status()["containerStatuses"].Maps().Single() is var container ? $"{container.Text("containerID")} {container.Int("restartCount")}" : string.Empty));

    [Fact]
    public async Task Events_are_those_of_the_newer_api_and_one_that_happens_again_is_a_series()
    {
        StoppedTime time = new(new DateTimeOffset(2026, 6, 1, 12, 0, 0, TimeSpan.Zero));
        await using RunningCluster cluster = await RunningCluster.StartAsync(OneSmallNode, new EmbeddedClusterOptions { Time = time });
        await cluster.CreateAsync(Pod("huge", "100"));
        MapNode first = await WaitForEventAsync(cluster, "FailedScheduling", "0/1 nodes are available: 1 Insufficient cpu.");
        Assert.Equal(("Scheduling", "default-scheduler", "2026-06-01T12:00:00.000000Z"), (first.Text("action"), first.Text("reportingComponent"), first.Text("eventTime")));
        Assert.StartsWith("default-scheduler-", first.Text("reportingInstance"), StringComparison.Ordinal);
        Assert.True(first["lastTimestamp"] is null or NullNode && first["count"] is null && first["source"] is MapNode { Count: 0 });
        await time.PassAsync(TimeSpan.FromSeconds(30), () => Task.CompletedTask);
        await cluster.PatchAsync("v1", "Node", "bowline-1", """{"metadata": {"labels": {"again": "yes"}}}""", string.Empty);
        for (int i = 0; i < 300 && first["series"] is null; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            first = await WaitForEventAsync(cluster, "FailedScheduling", "0/1 nodes are available: 1 Insufficient cpu.");
        }

        Assert.Equal(2, (first["series"] as MapNode).Int("count"));
        Assert.Single(await cluster.ListAsync("v1", "Event"), happened => happened.Text("reason") == "FailedScheduling");
    }

    [Fact]
    public async Task A_node_that_is_cordoned_says_so()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(OneSmallNode);
        await cluster.PatchAsync("v1", "Node", "bowline-1", """{"spec": {"unschedulable": true}}""", string.Empty);
        await WaitForEventAsync(cluster, "NodeNotSchedulable", "Node bowline-1 status is now: NodeNotSchedulable");
        await cluster.PatchAsync("v1", "Node", "bowline-1", """{"spec": {"unschedulable": null}}""", string.Empty);
        await WaitForEventAsync(cluster, "NodeSchedulable", "Node bowline-1 status is now: NodeSchedulable");
    }

    private static async Task<MapNode> WaitForEventAsync(RunningCluster cluster, string reason, string message)
    {
        for (int i = 0; i < 300; i++)
        {
            if ((await cluster.ListAsync("v1", "Event")).FirstOrDefault(happened => happened.Text("reason") == reason && happened.Text("message").StartsWith(message, StringComparison.Ordinal)) is { } found)
            {
                return found;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        throw new TimeoutException($"no event {reason}: {message}");
    }

    private static bool IsReady(MapNode pod) => pod.Status().ConditionIs("Ready", "True");

    private static string Pod(string name, string cpu, string more = "enableServiceLinks: true") => $$"""
        apiVersion: v1
        kind: Pod
        metadata: {name: {{name}}}
        spec:
          {{more}}
          containers: [{name: c, image: nginx, resources: {requests: {cpu: {{cpu}} } } }]
        """;
}
