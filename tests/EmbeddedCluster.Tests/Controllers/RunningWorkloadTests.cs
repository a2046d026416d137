using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.EmbeddedCluster.Kubelet;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Tests.Controllers;

public sealed class RunningWorkloadTests
{
    [Fact]
    public async Task A_stateful_set_starts_in_order_with_bound_claims()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.CreateAsync("""
            apiVersion: apps/v1
            kind: StatefulSet
            metadata: {name: db, namespace: default}
            spec:
              serviceName: db
              replicas: 3
              selector: {matchLabels: {app: db}}
              template:
                metadata: {labels: {app: db}}
                spec: {containers: [{name: c, image: postgres, volumeMounts: [{name: data, mountPath: /d}]}]}
              volumeClaimTemplates:
              - metadata: {name: data}
                spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
            """);
        MapNode set = await cluster.WaitAsync("apps/v1", "StatefulSet", "db", node => node.Status().Int("availableReplicas") == 3);
        Assert.Equal(set.Status().Text("updateRevision"), set.Status().Text("currentRevision"));
        Assert.All(await cluster.ListAsync("v1", "PersistentVolumeClaim"), claim => Assert.Equal("Bound", claim.Status().Text("phase")));
        await cluster.PatchAsync("apps/v1", "StatefulSet", "db", """{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"postgres:17"}]}}}}""");
        set = await cluster.WaitAsync("apps/v1", "StatefulSet", "db", node => node.Status().Int("observedGeneration") == 2 && node.Status().Int("updatedReplicas") == 3 && node.Status().Text("updateRevision") == node.Status().Text("currentRevision"));
        Assert.All(await cluster.ListAsync("v1", "Pod"), pod => Assert.Equal("postgres:17", pod.Spec()["containers"].Maps().First().Text("image")));
        await cluster.PatchAsync("apps/v1", "StatefulSet", "db", """{"spec":{"replicas":1}}""");
        await cluster.WaitAsync("apps/v1", "StatefulSet", "db", node => node.Status().Int("replicas") == 1);
    }

    [Fact]
    public async Task A_running_pod_is_resized_in_place()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.CreateAsync("{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: default}, spec: {containers: [{name: c, image: nginx, resources: {requests: {cpu: 100m}}}, {name: d, image: nginx}]}}");
        MapNode pod = await cluster.WaitAsync("v1", "Pod", "p", node => node.Status()["containerStatuses"].Maps().Count(status => status["resources"] is MapNode && status.Text("ready") != "False") == 2 && node.Status().Text("phase") == "Running");
        ObjectKey key = new(await cluster.KindAsync("v1", "Pod"), "default", "p") { Subresource = "resize" };
        await cluster.Cluster.PatchAsync(key, PatchKind.StrategicMerge, JsonReader.Read("""{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"250m"}}}]}}"""u8.ToArray()), new WriteOptions(), default);
        pod = await cluster.WaitAsync("v1", "Pod", "p", node => node.Status()["containerStatuses"].Maps().First()["allocatedResources"]?["cpu"]?.AsString() == "250m");
        Assert.Equal(("250m", 0), (pod.Status()["containerStatuses"].Maps().First().At("resources", "requests", "cpu")?.AsString(), pod.Status()["containerStatuses"].Maps().First().Int("restartCount")));
    }

    [Theory]
    [InlineData("OrderedReady")]
    [InlineData("Parallel")]
    public async Task Claims_that_are_not_retained_go_with_pods_that_take_their_time_to_end(string management)
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.CreateAsync($$"""
            apiVersion: apps/v1
            kind: StatefulSet
            metadata: {name: db, namespace: default}
            spec:
              serviceName: db
              replicas: 4
              podManagementPolicy: {{management}}
              persistentVolumeClaimRetentionPolicy: {whenScaled: Delete, whenDeleted: Retain}
              selector: {matchLabels: {app: db} }
              template:
                metadata: {labels: {app: db}, annotations: {bowline.dev/stop-time: '0.2'} }
                spec: {containers: [{name: c, image: postgres, volumeMounts: [{name: data, mountPath: /d}]}]}
              volumeClaimTemplates:
              - metadata: {name: data}
                spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi} } }
            """);
        await cluster.WaitAsync("apps/v1", "StatefulSet", "db", node => node.Status().Int("availableReplicas") == 4);
        await cluster.PatchAsync("apps/v1", "StatefulSet", "db", """{"spec":{"replicas":1}}""");
        foreach (int ordinal in (int[])[3, 2, 1])
        {
            await cluster.WaitGoneAsync("v1", "PersistentVolumeClaim", $"data-db-{ordinal}");
        }

        MapNode kept = (await cluster.GetAsync("v1", "PersistentVolumeClaim", "data-db-0"))!;
        Assert.False(kept.IsDeleting());
        Assert.Empty(kept.OwnerReferences());
    }

    [Theory]
    [InlineData("containers: [{name: c, image: a, resources: {requests: {cpu: '99'}}}]", "OutOfcpu", "Node didn't have enough resource: cpu, requested: 99000, used: 1000, capacity: 16000")]
    [InlineData("containers: [{name: c, image: a, resources: {requests: {memory: 64Gi}}}]", "OutOfmemory", "Node didn't have enough resource: memory, requested: 68719476736, used: 1073741824, capacity: 68719476736")]
    [InlineData("nodeSelector: {disk: none}, containers: [{name: c, image: a}]", "NodeAffinity", "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector")]
    [InlineData("hostNetwork: true, containers: [{name: c, image: a, ports: [{containerPort: 80, hostPort: 80}]}]", "NodePorts", "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports")]
    [InlineData("containers: [{name: c, image: a, resources: {limits: {example.com/gpu: '1'}}}]", "", "")]
    public async Task A_pod_that_names_its_node_is_checked_by_the_kubelet(string spec, string reason, string message)
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(new ControllerManagerOptions { Nodes = new SimulatedNodeOptions { Count = 1 } });
        await cluster.CreateAsync("""
            apiVersion: v1
            kind: Pod
            metadata: {name: there, namespace: default}
            spec: {hostNetwork: true, containers: [{name: c, image: a, ports: [{containerPort: 80, hostPort: 80}], resources: {requests: {cpu: '1', memory: 1Gi}}}]}
            """);
        await cluster.WaitAsync("v1", "Pod", "there", pod => pod.Status().ConditionIs("Ready", "True"));
        await cluster.CreateAsync($"apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: default}}\nspec: {{nodeName: bowline-1, {spec}}}");
        MapNode pod = await cluster.WaitAsync("v1", "Pod", "p", pod => pod.Status().Text("phase") is "Failed" or "Running");
        Assert.Equal((reason, reason.Length == 0 ? "" : "Pod was rejected: " + message), (pod.Status().Text("reason"), pod.Status().Text("message")));
    }

    [Fact]
    public async Task A_set_tells_of_the_pods_that_it_makes_anew()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.CreateAsync("""
            apiVersion: apps/v1
            kind: StatefulSet
            metadata: {name: db, namespace: default}
            spec: {serviceName: db, replicas: 1, selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, image: a}]}}}
            """);
        MapNode pod = await cluster.WaitAsync("v1", "Pod", "db-0", pod => pod.Status().ConditionIs("Ready", "True"));
        ObjectKey status = new(await cluster.KindAsync("v1", "Pod"), "default", "db-0") { Subresource = "status" };
        await cluster.Cluster.PatchAsync(status, PatchKind.Merge, JsonReader.Read("""{"status":{"phase":"Failed","reason":"Evicted"}}"""), new WriteOptions(), CancellationToken.None);
        await cluster.WaitAsync("v1", "Pod", "db-0", other => other.Uid() != pod.Uid() && other.Status().ConditionIs("Ready", "True"));
        string[] told = [];
        for (int i = 0; i < 500 && told.Length == 0; i++)
        {
            told = [.. (await cluster.ListAsync("v1", "Event")).Where(happened => happened.Text("reason") == "RecreatingFailedPod").Select(happened => happened.Text("message"))];
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }

        Assert.Equal(["StatefulSet default/db is recreating failed Pod db-0"], told);
    }

    [Fact]
    public async Task A_daemon_set_runs_on_every_node_and_a_job_completes()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.CreateAsync("""
            apiVersion: apps/v1
            kind: DaemonSet
            metadata: {name: agent, namespace: default}
            spec:
              selector: {matchLabels: {app: agent}}
              template:
                metadata: {labels: {app: agent}}
                spec: {containers: [{name: c, image: agent:1}]}
            ---
            apiVersion: batch/v1
            kind: Job
            metadata: {name: migrate, namespace: default}
            spec:
              completions: 3
              parallelism: 2
              template:
                spec: {restartPolicy: Never, containers: [{name: c, image: migrate:1}]}
            ---
            apiVersion: batch/v1
            kind: Job
            metadata: {name: indexed, namespace: default}
            spec:
              completions: 3
              completionMode: Indexed
              template:
                spec: {restartPolicy: OnFailure, containers: [{name: c, image: migrate:1}]}
            ---
            apiVersion: batch/v1
            kind: Job
            metadata: {name: broken, namespace: default}
            spec:
              backoffLimit: 0
              template:
                metadata: {annotations: {bowline.dev/fail: CrashLoopBackOff}}
                spec: {restartPolicy: Never, containers: [{name: c, image: migrate:1}]}
            """);
        await cluster.WaitAsync("apps/v1", "DaemonSet", "agent", node => node.Status().Int("numberAvailable") == 3 && node.Status().Int("desiredNumberScheduled") == 3);
        MapNode job = await cluster.WaitAsync("batch/v1", "Job", "migrate", node => node.Status().ConditionIs("Complete", "True"));
        Assert.Equal(3, job.Status().Int("succeeded"));
        job = await cluster.WaitAsync("batch/v1", "Job", "indexed", node => node.Status().ConditionIs("Complete", "True"));
        Assert.Equal("0-2", job.Status().Text("completedIndexes"));
        job = await cluster.WaitAsync("batch/v1", "Job", "broken", node => node.Status().ConditionIs("Failed", "True"));
        Assert.Equal(1, job.Status().Int("failed"));
        await cluster.PatchAsync("apps/v1", "DaemonSet", "agent", """{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"agent:2"}]}}}}""");
        await cluster.WaitAsync("apps/v1", "DaemonSet", "agent", node => node.Status().Int("updatedNumberScheduled") == 3 && node.Status().Int("numberAvailable") == 3 && node.Status().Int("observedGeneration") == 2);
    }

    [Fact]
    public async Task Missing_secrets_are_assumed_and_reported_until_they_appear()
    {
        const string Web = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web, namespace: default}
            spec:
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec:
                  imagePullSecrets: [{name: registry}]
                  containers:
                  - name: c
                    image: web:1
                    env:
                    - {name: A, valueFrom: {secretKeyRef: {name: db, key: password}}}
                    - {name: B, valueFrom: {secretKeyRef: {name: other, key: x, optional: true}}}
            """;
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.CreateAsync(Web);
        await cluster.WaitAsync("apps/v1", "Deployment", "web", node => node.Status().Int("availableReplicas") == 1);
        Assert.Equal(["db:password:Deployment/web", "registry::Deployment/web"], cluster.Manager.Assumptions.Current.Select(item => $"{item.Name}:{string.Join(',', item.Keys)}:{string.Join(',', item.NeededBy)}"));
        await cluster.CreateAsync("""
            apiVersion: v1
            kind: Secret
            metadata: {name: db, namespace: default}
            stringData: {password: x}
            """);
        for (int i = 0; i < 200 && cluster.Manager.Assumptions.Current.Count > 1; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }

        Assert.Equal("registry", Assert.Single(cluster.Manager.Assumptions.Current).Name);

        await using RunningCluster strict = await RunningCluster.StartAsync(new ControllerManagerOptions { Strict = true });
        await strict.CreateAsync(Web);
        MapNode pod = await WaitForPodAsync(strict, node => node.Status()["containerStatuses"] is not null);
        Assert.Equal("secret \"db\" not found", pod.Status()["containerStatuses"].Maps().First().At("state", "waiting", "message")?.AsString());
    }

    [Fact]
    public async Task A_pod_that_fits_nowhere_says_why()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.CreateAsync("""
            apiVersion: v1
            kind: Pod
            metadata: {name: big, namespace: default}
            spec: {containers: [{name: c, image: web:1, resources: {requests: {cpu: '100'}}}]}
            """);
        MapNode pod = await cluster.WaitAsync("v1", "Pod", "big", node => node.Status().Condition("PodScheduled").Text("reason") == "Unschedulable");
        Assert.StartsWith("0/3 nodes are available: 3 Insufficient cpu.", pod.Status().Condition("PodScheduled").Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Autoscaler_budget_ingress_and_quota_report_their_status()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.CreateAsync("""
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web, namespace: default}
            spec:
              replicas: 1
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec: {containers: [{name: c, image: web:1, resources: {requests: {cpu: 100m, memory: 64Mi}}}]}
            ---
            apiVersion: autoscaling/v2
            kind: HorizontalPodAutoscaler
            metadata: {name: web, namespace: default}
            spec:
              minReplicas: 2
              maxReplicas: 5
              scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
              metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]
            ---
            apiVersion: policy/v1
            kind: PodDisruptionBudget
            metadata: {name: web, namespace: default}
            spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
            ---
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: web, namespace: default}
            spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
            ---
            apiVersion: v1
            kind: ResourceQuota
            metadata: {name: q, namespace: default}
            spec: {hard: {pods: '10', requests.memory: 1Gi}}
            """);
        await cluster.WaitAsync("apps/v1", "Deployment", "web", node => node.Status().Int("availableReplicas") == 2);
        MapNode scaler = await cluster.WaitAsync("autoscaling/v2", "HorizontalPodAutoscaler", "web", node => node.Status().ConditionIs("ScalingLimited", "False") && node.Status().Int("currentReplicas") == 2);
        Assert.True(scaler.Status().ConditionIs("AbleToScale", "True"));
        await cluster.WaitAsync("policy/v1", "PodDisruptionBudget", "web", node => node.Status().Int("disruptionsAllowed") == 1);
        await cluster.WaitAsync("networking.k8s.io/v1", "Ingress", "web", node => node.Status()["loadBalancer"]?["ingress"] is ListNode { Count: 1 });
        await cluster.WaitAsync("v1", "ResourceQuota", "q", node => node.Status()["used"]?["requests.memory"]?.AsString() == "128Mi");
    }

    [Fact]
    public async Task A_deleted_namespace_takes_its_content_along()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.CreateAsync("""
            apiVersion: v1
            kind: Namespace
            metadata: {name: shop}
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web, namespace: shop}
            spec:
              replicas: 2
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec: {containers: [{name: c, image: web:1}]}
            """);
        await cluster.WaitAsync("apps/v1", "Deployment", "web", node => node.Status().Int("availableReplicas") == 2, "shop");
        await cluster.DeleteAsync("v1", "Namespace", "shop", string.Empty);
        await cluster.WaitGoneAsync("v1", "Namespace", "shop", string.Empty);
        Assert.Empty(await cluster.ListAsync("v1", "Pod", "shop"));
    }

    [Theory]
    [InlineData("CrashLoopBackOff", "CrashLoopBackOff", "Running")]
    [InlineData("OOMKilled", "CrashLoopBackOff", "Running")]
    [InlineData("ImagePullBackOff", "ImagePullBackOff", "Pending")]
    public async Task Failures_can_be_ordered_by_annotation(string fail, string reason, string phase)
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.CreateAsync($"""
            apiVersion: v1
            kind: Pod
            metadata: {"{"}name: p, namespace: default, annotations: {"{"}bowline.dev/fail: {fail}{"}"}{"}"}
            spec: {"{"}containers: [{"{"}name: c, image: web:1{"}"}]{"}"}
            """);
        MapNode pod = await cluster.WaitAsync("v1", "Pod", "p", node => node.At("status", "containerStatuses") is ListNode list && list[0].At("state", "waiting", "reason")?.AsString() == reason);
        Assert.Equal(phase, pod.Status().Text("phase"));
        Assert.True(pod.Status().ConditionIs("Ready", "False"), JsonWriter.ToText(pod));
    }

    [Fact]
    public async Task With_probe_timing_readiness_waits_for_the_initial_delay()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(new ControllerManagerOptions { Timing = StageTiming.Probes });
        await cluster.CreateAsync("""
            apiVersion: v1
            kind: Pod
            metadata: {name: p, namespace: default}
            spec:
              containers:
              - {name: c, image: 'web:1', readinessProbe: {httpGet: {path: /, port: 80}, initialDelaySeconds: 1}}
            """);
        MapNode running = await cluster.WaitAsync("v1", "Pod", "p", node => node.Status().Text("phase") == "Running");
        Assert.True(running.Status().ConditionIs("Ready", "False"));
        await cluster.WaitAsync("v1", "Pod", "p", node => node.Status().ConditionIs("Ready", "True"));
    }

    private static async Task<MapNode> WaitForPodAsync(RunningCluster cluster, Func<MapNode, bool> wanted)
    {
        for (int i = 0; i < 500; i++)
        {
            if ((await cluster.ListAsync("v1", "Pod")).FirstOrDefault(wanted) is { } pod)
            {
                return pod;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }

        throw new TimeoutException("no such pod");
    }

    // pkg/controller/history CreateControllerRevision and pkg/controller/daemon/update.go snapshot: a name that another template has is passed over.
    [Theory]
    [InlineData("StatefulSet", "serviceName: db")]
    [InlineData("DaemonSet", "minReadySeconds: 0")]
    public async Task A_revision_whose_name_is_taken_gets_another_and_is_counted(string kind, string more)
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        string set = $$"""
            apiVersion: apps/v1
            kind: {{kind}}
            metadata: {name: db, namespace: default}
            spec:
              {{more}}
              selector: {matchLabels: {app: db} }
              template: {metadata: {labels: {app: db} }, spec: {containers: [{name: c, image: db}]} }
            """;
        await cluster.CreateAsync(set);
        await cluster.WaitAsync("apps/v1", kind, "db", node => node.Status().Int("observedGeneration") == 1);
        MapNode first = Assert.Single(await cluster.ListAsync("apps/v1", "ControllerRevision"));
        await cluster.DeleteAsync("apps/v1", kind, "db", policy: "Foreground");
        await cluster.WaitGoneAsync("apps/v1", kind, "db");
        await cluster.WaitGoneAsync("apps/v1", "ControllerRevision", first.Name());
        await cluster.CreateAsync($"apiVersion: apps/v1\nkind: ControllerRevision\nmetadata: {{name: {first.Name()}, namespace: default}}\nrevision: 1\ndata: {{other: template}}");

        await cluster.CreateAsync(set);
        MapNode counted = await cluster.WaitAsync("apps/v1", kind, "db", node => node.Status().Int("collisionCount") == 1 && node.Status().Int("observedGeneration") == 1);
        MapNode second = Assert.Single(await cluster.ListAsync("apps/v1", "ControllerRevision"), revision => revision.IsControlledBy(counted));
        Assert.NotEqual(first.Name(), second.Name());
        Assert.Equal("template", (await cluster.GetAsync("apps/v1", "ControllerRevision", first.Name()))!["data"]!["other"]!.AsString());
    }
}
