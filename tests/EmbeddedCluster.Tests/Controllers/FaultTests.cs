using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Controllers.Policy;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.EmbeddedCluster.Kubelet;
using Bowline.Resources.Model;

namespace Bowline.Tests.Controllers;

/// <summary>What goes wrong in real clusters, at the pace of a test.</summary>
public sealed class FaultTests
{
    private static readonly DateTimeOffset Noon = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_lost_node_is_tainted_emptied_and_welcomed_back()
    {
        StoppedTime time = new(Noon);
        await using RunningCluster cluster = await RunningCluster.StartAsync(new ControllerManagerOptions { SimulateNodes = false }, new EmbeddedClusterOptions { Time = time });
        string[] names = ["one", "two", "three"];
        foreach (string name in names)
        {
            await cluster.CreateAsync($"apiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}");
            await BeatAsync(cluster, name, time);
        }

        await cluster.CreateAsync("""
            apiVersion: v1
            kind: Pod
            metadata: {name: web, namespace: default}
            spec: {nodeName: three, containers: [{name: c, image: web}]}
            """);
        await MarkReadyAsync(cluster, "web", time);
        for (int i = 0; i < 4; i++)
        {
            await time.PassAsync(TimeSpan.FromSeconds(20), () => SettleAsync(cluster));
            await BeatAsync(cluster, "one", time);
            await BeatAsync(cluster, "two", time);
        }

        MapNode lost = (await cluster.GetAsync("v1", "Node", "three", string.Empty))!;
        Assert.Equal("Unknown", lost.Status().Condition("Ready").Text("status"));
        Assert.Equal("Kubelet stopped posting node status.", lost.Status().Condition("Ready").Text("message"));
        Assert.Equal(["node.kubernetes.io/unreachable:NoExecute", "node.kubernetes.io/unreachable:NoSchedule"], lost.Spec()["taints"].Maps().Select(taint => $"{taint.Text("key")}:{taint.Text("effect")}").Order(StringComparer.Ordinal));
        Assert.Equal("False", (await cluster.GetAsync("v1", "Pod", "web"))!.Status().Condition("Ready").Text("status"));

        // The default toleration is five minutes.
        for (int i = 0; i < 16; i++)
        {
            await time.PassAsync(TimeSpan.FromSeconds(20), () => SettleAsync(cluster));
            await BeatAsync(cluster, "one", time);
            await BeatAsync(cluster, "two", time);
        }

        MapNode evicted = (await cluster.GetAsync("v1", "Pod", "web"))!;
        Assert.True(evicted.IsDeleting());
        Assert.Equal("DeletionByTaintManager", evicted.Status().Condition("DisruptionTarget").Text("reason"));
        await BeatAsync(cluster, "three", time);
        await SettleAsync(cluster);
        await time.PassAsync(TimeSpan.FromSeconds(1), () => SettleAsync(cluster));
        Assert.Empty((await cluster.GetAsync("v1", "Node", "three", string.Empty))!.Spec()["taints"].Maps());

        // A node that is taken away takes its pods along.
        await cluster.DeleteAsync("v1", "Node", "three", string.Empty);
        await time.PassAsync(TimeSpan.FromMinutes(1), () => SettleAsync(cluster));
        Assert.Null(await cluster.GetAsync("v1", "Pod", "web"));
    }

    [Fact]
    public async Task With_every_node_silent_nothing_is_emptied()
    {
        StoppedTime time = new(Noon);
        await using RunningCluster cluster = await RunningCluster.StartAsync(new ControllerManagerOptions { SimulateNodes = false }, new EmbeddedClusterOptions { Time = time });
        foreach (string name in (string[])["one", "two"])
        {
            await cluster.CreateAsync($"apiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}");
            await BeatAsync(cluster, name, time);
        }

        await time.PassAsync(TimeSpan.FromMinutes(2), () => SettleAsync(cluster));
        Assert.All(await cluster.ListAsync("v1", "Node", string.Empty), node => Assert.Equal(["NoSchedule"], node.Spec()["taints"].Maps().Select(taint => taint.Text("effect"))));
    }

    [Fact]
    public async Task Controllers_killed_in_the_middle_of_a_rollout_go_on_without_a_pod_too_many()
    {
        string directory = Directory.CreateTempSubdirectory("bowline-killed").FullName;
        try
        {
            EmbeddedClusterOptions options = new() { StateDirectory = directory };
            await using (RunningCluster first = await RunningCluster.StartAsync(host: options))
            {
                await first.CreateAsync(Deployment("web", 20));
                await first.WaitAsync("apps/v1", "Deployment", "web", node => node.Status().Int("availableReplicas") == 20);
                await first.PatchAsync("apps/v1", "Deployment", "web", """{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"web:2"}]}}}}""");
                await first.WaitAsync("apps/v1", "Deployment", "web", node => node.Status().Int("updatedReplicas") > 0);
            }

            await using RunningCluster second = await RunningCluster.StartAsync(host: options);
            int most = 0;
            for (bool done = false; !done;)
            {
                // Of one ReplicaSet: while the old one lags behind its smaller size, there are more in all.
                most = Math.Max(most, (await second.ListAsync("v1", "Pod")).Where(pod => !pod.IsDeleting()).GroupBy(pod => pod.ControllerReference().Text("uid")).Max(group => group.Count()));
                MapNode node = (await second.GetAsync("apps/v1", "Deployment", "web"))!;
                done = node.Status().Int("updatedReplicas") == 20 && node.Status().Int("replicas") == 20 && node.Status().Int("availableReplicas") == 20;
            }

            Assert.Equal(20, most);
            Assert.Equal(20, (await second.ListAsync("v1", "Pod")).Count(pod => !pod.IsDeleting()));
            Assert.Equal(2, (await second.ListAsync("apps/v1", "ReplicaSet")).Count);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task A_clock_that_jumps_neither_stops_nor_repeats_anything()
    {
        StoppedTime time = new(Noon);
        await using RunningCluster cluster = await RunningCluster.StartAsync(host: new EmbeddedClusterOptions { Time = time });
        await cluster.CreateAsync(CronJob("tick", "*/10 * * * *"));
        await time.PassAsync(TimeSpan.FromMinutes(25), () => SettleAsync(cluster));
        Assert.Equal(2, (await cluster.ListAsync("batch/v1", "Job")).Count);
        time.Jump(TimeSpan.FromHours(-1));
        await time.PassAsync(TimeSpan.FromMinutes(20), () => SettleAsync(cluster));
        Assert.Equal(2, (await cluster.ListAsync("batch/v1", "Job")).Count);
        await cluster.CreateAsync(Deployment("web", 2));
        await time.PassAsync(TimeSpan.FromMinutes(1), () => SettleAsync(cluster));
        Assert.Equal(2, (await cluster.GetAsync("apps/v1", "Deployment", "web"))!.Status().Int("availableReplicas"));
        time.Jump(TimeSpan.FromDays(1));
        await time.PassAsync(TimeSpan.FromMinutes(20), () => SettleAsync(cluster));
        Assert.All(await cluster.ListAsync("v1", "Node", string.Empty), node => Assert.Empty(node.Spec()["taints"].Maps()));
        Assert.InRange((await cluster.ListAsync("batch/v1", "Job")).Count, 3, 5);
    }

    [Fact]
    public async Task A_node_that_was_taken_for_lost_is_back_at_once()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(new ControllerManagerOptions { NodeGrace = TimeSpan.FromMilliseconds(100), Nodes = new SimulatedNodeOptions { RenewInterval = TimeSpan.FromHours(1) } });
        await cluster.DeleteAsync("coordination.k8s.io/v1", "Lease", "bowline-1", "kube-node-lease");
        await EventAsync(cluster, "NodeNotReady");
        MapNode back = await cluster.WaitAsync("v1", "Node", "bowline-1", node => node.Status().ConditionIs("Ready", "True") && !node.Spec()["taints"].Maps().Any(), string.Empty);
        Assert.Equal("KubeletReady", back.Status().Condition("Ready").Text("reason"));
        await cluster.WaitAsync("coordination.k8s.io/v1", "Lease", "bowline-1", lease => lease.Spec().Text("holderIdentity") == "bowline-1", "kube-node-lease");
    }

    [Fact]
    public async Task Nodes_outlive_the_namespace_of_their_leases()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(new ControllerManagerOptions { Nodes = new SimulatedNodeOptions { RenewInterval = TimeSpan.FromMilliseconds(100) } });
        string uid = (await cluster.GetAsync("v1", "Namespace", "kube-node-lease", string.Empty))!.Uid();
        await cluster.DeleteAsync("v1", "Namespace", "kube-node-lease", string.Empty);
        await cluster.WaitAsync("v1", "Namespace", "kube-node-lease", node => node.Uid() != uid, string.Empty);
        await cluster.WaitAsync("coordination.k8s.io/v1", "Lease", "bowline-3", _ => true, "kube-node-lease");
    }

    [Fact]
    public async Task Nodes_renew_their_leases_every_ten_seconds_and_report_every_five_minutes()
    {
        StoppedTime time = new(Noon);
        await using RunningCluster cluster = await RunningCluster.StartAsync(
            new ControllerManagerOptions { Nodes = new SimulatedNodeOptions { Count = 2 } }, new EmbeddedClusterOptions { Time = time });
        await time.PassAsync(TimeSpan.FromSeconds(275), () => SettleAsync(cluster));
        MapNode lease = (await cluster.GetAsync("coordination.k8s.io/v1", "Lease", "bowline-2", "kube-node-lease"))!;
        Assert.Equal(40, lease.Spec().Int("leaseDurationSeconds"));
        Assert.Equal("2026-06-01T12:04:30.000000Z", lease.Spec().Text("renewTime"));
        Assert.Equal(Noon.Stamp(), (await cluster.GetAsync("v1", "Node", "bowline-2", string.Empty))!.Status().Condition("Ready").Text("lastHeartbeatTime"));
        await time.PassAsync(TimeSpan.FromSeconds(30), () => SettleAsync(cluster));
        Assert.All((await cluster.GetAsync("v1", "Node", "bowline-2", string.Empty))!.Status()["conditions"].Maps(), condition =>
            Assert.Equal((Noon.AddMinutes(5).Stamp(), Noon.Stamp()), (condition.Text("lastHeartbeatTime"), condition.Text("lastTransitionTime"))));
    }

    [Fact]
    public async Task A_finalizer_that_never_ends_holds_its_namespace_and_says_so()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.CreateAsync("apiVersion: v1\nkind: Namespace\nmetadata: {name: held}");
        await cluster.CreateAsync("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: stuck, namespace: held, finalizers: [example.com/never]}");
        await cluster.DeleteAsync("v1", "Namespace", "held", string.Empty);
        MapNode held = await cluster.WaitAsync("v1", "Namespace", "held", node => node.Status().ConditionIs("NamespaceFinalizersRemaining", "True"), string.Empty);
        Assert.Equal("Some content in the namespace has finalizers remaining: example.com/never in 1 resource instances", held.Status().Condition("NamespaceFinalizersRemaining").Text("message"));
        Assert.Equal("Some resources are remaining: configmaps. has 1 resource instances", held.Status().Condition("NamespaceContentRemaining").Text("message"));
        await cluster.PatchAsync("v1", "ConfigMap", "stuck", """{"metadata":{"finalizers":null}}""", "held");
        await cluster.WaitGoneAsync("v1", "Namespace", "held", string.Empty);
    }

    [Theory]
    [InlineData("Foreground")]
    [InlineData("Background")]
    public async Task Owners_in_a_circle_are_deleted_all_the_same(string policy)
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        string[] uids = ["a", "b"];
        foreach (string name in (string[])["a", "b"])
        {
            await cluster.CreateAsync($"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: default}}");
        }

        uids = [(await cluster.GetAsync("v1", "ConfigMap", "a"))!.Uid(), (await cluster.GetAsync("v1", "ConfigMap", "b"))!.Uid()];
        await OwnAsync(cluster, "a", "b", uids[1]);
        await OwnAsync(cluster, "b", "a", uids[0]);
        await cluster.DeleteAsync("v1", "ConfigMap", "a", policy: policy);
        await cluster.WaitGoneAsync("v1", "ConfigMap", "a");
        await cluster.WaitGoneAsync("v1", "ConfigMap", "b");
    }

    [Fact]
    public async Task An_owner_in_another_namespace_counts_as_absent_and_is_reported()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.CreateAsync("apiVersion: v1\nkind: Namespace\nmetadata: {name: other}");
        await cluster.CreateAsync("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: far, namespace: other}");
        string uid = (await cluster.GetAsync("v1", "ConfigMap", "far", "other"))!.Uid();
        await cluster.CreateAsync($"apiVersion: v1\nkind: Secret\nmetadata: {{name: child, namespace: default, ownerReferences: [{{apiVersion: v1, kind: ConfigMap, name: far, uid: {uid}}}]}}");
        await cluster.CreateAsync($"apiVersion: v1\nkind: Namespace\nmetadata: {{name: wide, ownerReferences: [{{apiVersion: v1, kind: ConfigMap, name: far, uid: {uid}}}]}}");
        await cluster.WaitGoneAsync("v1", "Secret", "child");
        MapNode told = await EventAsync(cluster, "OwnerRefInvalidNamespace");
        Assert.Equal($"ownerRef [v1/ConfigMap, namespace: default, name: far, uid: {uid}] does not exist in namespace \"default\"", told.Text("message"));
        Assert.NotNull(await cluster.GetAsync("v1", "Namespace", "wide", string.Empty));
    }

    [Fact]
    public async Task A_budget_that_forbids_everything_lets_nobody_be_evicted()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.CreateAsync(Deployment("web", 2));
        await cluster.CreateAsync("apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: all, namespace: default}\nspec: {maxUnavailable: 0, selector: {matchLabels: {app: web}}}");
        MapNode budget = await cluster.WaitAsync("policy/v1", "PodDisruptionBudget", "all", node => node.Status().Int("currentHealthy") == 2);
        Assert.Equal("InsufficientPods", budget.Status().Condition("DisruptionAllowed").Text("reason"));
        foreach (MapNode pod in await cluster.ListAsync("v1", "Pod"))
        {
            ObjectKey key = new(await cluster.KindAsync("v1", "Pod"), "default", pod.Name()) { Subresource = "eviction" };
            MapNode eviction = new() { ["apiVersion"] = "policy/v1", ["kind"] = "Eviction", ["metadata"] = new MapNode { ["name"] = pod.Name(), ["namespace"] = "default" } };
            ClusterException refused = await Assert.ThrowsAsync<ClusterException>(() => cluster.Cluster.PostAsync(key, eviction, new WriteOptions(), CancellationToken.None));
            Assert.Equal(429, refused.Status);
        }

        Assert.Equal(2, (await cluster.ListAsync("v1", "Pod")).Count(pod => !pod.IsDeleting()));
    }

    [Fact]
    public async Task A_budget_over_pods_that_cannot_be_scaled_forbids_and_tells_why()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.CreateAsync("""
            apiVersion: apps/v1
            kind: DaemonSet
            metadata: {name: agent, namespace: default}
            spec: {selector: {matchLabels: {app: agent}}, template: {metadata: {labels: {app: agent}}, spec: {containers: [{name: c, image: agent}]}}}
            ---
            apiVersion: policy/v1
            kind: PodDisruptionBudget
            metadata: {name: agents, namespace: default}
            spec: {maxUnavailable: 1, selector: {matchLabels: {app: agent}}}
            """);
        MapNode budget = await cluster.WaitAsync("policy/v1", "PodDisruptionBudget", "agents", node => node.Status().Condition("DisruptionAllowed").Text("reason") == "SyncFailed");
        Assert.Equal("daemonsets.apps does not implement the scale subresource", budget.Status().Condition("DisruptionAllowed").Text("message"));
    }

    [Fact]
    public async Task A_quota_that_is_used_up_shows_as_event_and_condition()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.CreateAsync("apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: few, namespace: default}\nspec: {hard: {pods: '2'}}");
        await cluster.WaitAsync("v1", "ResourceQuota", "few", node => node.Status()["used"] is MapNode);
        await cluster.CreateAsync(Deployment("web", 3));
        MapNode web = await cluster.WaitAsync("apps/v1", "Deployment", "web", node => node.Status().ConditionIs("ReplicaFailure", "True"));
        Assert.Equal("FailedCreate", web.Status().Condition("ReplicaFailure").Text("reason"));
        Assert.Matches("^pods \"web-[a-z0-9-]+\" is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2$", web.Status().Condition("ReplicaFailure").Text("message"));
        Assert.StartsWith("Error creating: pods \"web-", (await EventAsync(cluster, "FailedCreate")).Text("message"), StringComparison.Ordinal);
        await cluster.PatchAsync("v1", "ResourceQuota", "few", """{"spec":{"hard":{"pods":"5"}}}""");
        await cluster.WaitAsync("apps/v1", "Deployment", "web", node => node.Status().Int("availableReplicas") == 3 && node.Status().Condition("ReplicaFailure") is null);
    }

    [Fact]
    public async Task A_deployment_that_never_gets_ready_exceeds_its_deadline_after_ten_minutes()
    {
        StoppedTime time = new(Noon);
        await using RunningCluster cluster = await RunningCluster.StartAsync(new ControllerManagerOptions { SimulateNodes = false }, new EmbeddedClusterOptions { Time = time });
        await cluster.CreateAsync(Deployment("web", 2));
        await time.PassAsync(TimeSpan.FromMinutes(9), () => SettleAsync(cluster));
        Assert.Equal("ReplicaSetUpdated", (await cluster.GetAsync("apps/v1", "Deployment", "web"))!.Status().Condition("Progressing").Text("reason"));
        await time.PassAsync(TimeSpan.FromMinutes(2), () => SettleAsync(cluster));
        MapNode progressing = (await cluster.GetAsync("apps/v1", "Deployment", "web"))!.Status().Condition("Progressing")!;
        Assert.Equal("ProgressDeadlineExceeded", progressing.Text("reason"));
        Assert.Matches("^ReplicaSet \"web-[a-z0-9]+\" has timed out progressing\\.$", progressing.Text("message"));
    }

    [Fact]
    public async Task Half_a_day_of_cron_jobs_their_history_and_their_expiry_pass_at_once()
    {
        StoppedTime time = new(Noon);
        await using RunningCluster cluster = await RunningCluster.StartAsync(host: new EmbeddedClusterOptions { Time = time });
        await cluster.CreateAsync(CronJob("hourly", "0 * * * *"));
        await cluster.CreateAsync("""
            apiVersion: batch/v1
            kind: Job
            metadata: {name: once, namespace: default}
            spec: {ttlSecondsAfterFinished: 3600, template: {spec: {restartPolicy: Never, containers: [{name: c, image: once}]}}}
            """);
        await time.PassAsync(TimeSpan.FromMinutes(50), () => SettleAsync(cluster));
        Assert.True((await cluster.GetAsync("batch/v1", "Job", "once"))!.Status().ConditionIs("Complete", "True"));
        await time.PassAsync(TimeSpan.FromMinutes(30), () => SettleAsync(cluster));
        Assert.Null(await cluster.GetAsync("batch/v1", "Job", "once"));
        await time.PassAsync(TimeSpan.FromHours(11), () => SettleAsync(cluster));
        IReadOnlyList<MapNode> jobs = await cluster.ListAsync("batch/v1", "Job");
        Assert.Equal(3, jobs.Count);
        Assert.Equal(Noon.AddHours(12).Stamp(), (await cluster.GetAsync("batch/v1", "CronJob", "hourly"))!.Status().Text("lastScheduleTime"));
    }

    [Fact]
    public async Task A_cron_job_that_replaces_misses_nothing_that_it_deleted()
    {
        StoppedTime time = new(Noon);
        await using RunningCluster cluster = await RunningCluster.StartAsync(host: new EmbeddedClusterOptions { Time = time });
        await cluster.CreateAsync("""
            apiVersion: batch/v1
            kind: CronJob
            metadata: {name: long, namespace: default}
            spec:
              schedule: '* * * * *'
              concurrencyPolicy: Replace
              jobTemplate: {spec: {template: {metadata: {annotations: {bowline.dev/run-for: 1h}}, spec: {restartPolicy: Never, containers: [{name: c, image: tick}]}}}}
            """);
        await time.PassAsync(TimeSpan.FromSeconds(200), () => SettleAsync(cluster));
        MapNode job = Assert.Single(await cluster.ListAsync("batch/v1", "Job"));
        MapNode cron = (await cluster.GetAsync("batch/v1", "CronJob", "long"))!;
        Assert.Equal(job.Uid(), Assert.Single(cron.Status()["active"].Maps()).Text("uid"));
        string[] told = [.. (await cluster.ListAsync("v1", "Event")).Where(happened => happened["involvedObject"]?["kind"]?.AsString() == "CronJob").Select(happened => happened.Text("reason")).Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(["SuccessfulCreate", "SuccessfulDelete"], told);
    }

    [Fact]
    public async Task An_autoscaler_follows_a_day_of_load_and_shrinks_only_after_its_window()
    {
        StoppedTime time = new(Noon);
        Load load = new() { Value = 100_000 };
        await using RunningCluster cluster = await RunningCluster.StartAsync(new ControllerManagerOptions { Metrics = load }, new EmbeddedClusterOptions { Time = time });
        await cluster.CreateAsync(Deployment("web", 1));
        await cluster.CreateAsync("""
            apiVersion: autoscaling/v2
            kind: HorizontalPodAutoscaler
            metadata: {name: web, namespace: default}
            spec:
              minReplicas: 1
              maxReplicas: 10
              scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
              metrics: [{type: External, external: {metric: {name: queue}, target: {type: AverageValue, averageValue: '100'}}}]
            """);
        async Task<int> AfterAsync(TimeSpan span)
        {
            await time.PassAsync(span, () => SettleAsync(cluster));
            return (await cluster.GetAsync("apps/v1", "Deployment", "web"))!.Spec().Int("replicas");
        }

        Assert.Equal(1, await AfterAsync(TimeSpan.FromMinutes(10)));
        load.Value = 800_000;
        Assert.Equal(4, await AfterAsync(TimeSpan.FromSeconds(16)));
        Assert.Equal(8, await AfterAsync(TimeSpan.FromSeconds(16)));
        load.Value = 200_000;
        Assert.Equal(8, await AfterAsync(TimeSpan.FromMinutes(4)));
        Assert.Equal(2, await AfterAsync(TimeSpan.FromMinutes(2)));
        load.Value = 5_000_000;
        Assert.Equal(10, await AfterAsync(TimeSpan.FromMinutes(1)));
        load.Value = 0;
        Assert.Equal(1, await AfterAsync(TimeSpan.FromHours(6)));
    }

    private sealed class Load : IMetricsSource
    {
        public long Value { get; set; }

        public IReadOnlyDictionary<string, PodFigure> OfPods(MetricQuery query) => throw new MetricsException("no figures of pods");

        public long Of(MetricQuery query) => Value;
    }

    private static string Deployment(string name, int replicas) => $$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: {{name}}, namespace: default}
        spec:
          replicas: {{replicas}}
          selector: {matchLabels: {app: {{name}} } }
          template: {metadata: {labels: {app: {{name}} } }, spec: {containers: [{name: c, image: 'web:1'}] } }
        """;

    private static string CronJob(string name, string schedule) => $$"""
        apiVersion: batch/v1
        kind: CronJob
        metadata: {name: {{name}}, namespace: default}
        spec:
          schedule: '{{schedule}}'
          jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: tick}] } } } }
        """;

    private static async Task OwnAsync(RunningCluster cluster, string name, string owner, string uid) =>
        await cluster.PatchAsync("v1", "ConfigMap", name, $$$$"""{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"{{{{owner}}}}","uid":"{{{{uid}}}}","blockOwnerDeletion":true}]}}""");

    private static Task BeatAsync(RunningCluster cluster, string node, TimeProvider time) => StatusAsync(cluster, "Node", node, string.Empty,
        $$$$"""{"status":{"conditions":[{"type":"Ready","status":"True","reason":"KubeletReady","message":"ok","lastHeartbeatTime":"{{{{time.GetUtcNow().Stamp()}}}}","lastTransitionTime":"{{{{time.GetUtcNow().Stamp()}}}}"}]}}""");

    private static Task MarkReadyAsync(RunningCluster cluster, string pod, TimeProvider time) => StatusAsync(cluster, "Pod", pod, "default",
        $$$$"""{"status":{"phase":"Running","startTime":"{{{{time.GetUtcNow().Stamp()}}}}","conditions":[{"type":"Ready","status":"True","lastTransitionTime":"{{{{time.GetUtcNow().Stamp()}}}}"}]}}""");

    private static async Task StatusAsync(RunningCluster cluster, string kind, string name, string @namespace, string patch) =>
        await cluster.Cluster.PatchAsync(new ObjectKey(await cluster.KindAsync("v1", kind), @namespace, name) { Subresource = "status" }, PatchKind.StrategicMerge, Resources.Json.JsonReader.Read(patch), new WriteOptions { FieldManager = "kubelet" }, CancellationToken.None);

    private static async Task<MapNode> EventAsync(RunningCluster cluster, string reason)
    {
        for (int i = 0; i < 500; i++)
        {
            if ((await cluster.ListAsync("v1", "Event", string.Empty)).FirstOrDefault(happened => happened.Text("reason") == reason) is { } found)
            {
                return found;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }

        throw new TimeoutException($"no event {reason}");
    }

    // Until nothing is queued twice in a row; the clock of the cluster stands still meanwhile.
    private static async Task SettleAsync(RunningCluster cluster)
    {
        for (int still = 0, i = 0; still < 3 && i < 2000; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(4), TimeProvider.System);
            still = cluster.Manager.IsIdle ? still + 1 : 0;
        }
    }
}
