using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Controllers.Workloads;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Tests.Controllers;

public sealed class DecisionTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_new_deployment_makes_its_replica_set_at_full_size()
    {
        DeploymentPlan plan = DeploymentRollout.Decide(Deployment(3), [], [], Now);
        Assert.Equal(3, plan.Create!.Spec().Int("replicas"));
        Assert.Equal("1", plan.Revision);
        Assert.Equal(["Scaled up replica set web-" + plan.Create!.Labels()!["pod-template-hash"] + " from 0 to 3"], plan.Events);
        Assert.Equal("NewReplicaSetCreated", plan.Status.Condition("Progressing").Text("reason"));
    }

    [Fact]
    public void A_changed_template_surges_first_and_takes_old_pods_only_when_new_ones_are_available()
    {
        MapNode deployment = Deployment(4);
        MapNode old = ReplicaSet("web-old", "nginx:1", 4, available: 4, revision: 1);
        DeploymentPlan plan = DeploymentRollout.Decide(deployment, [old], [], Now);
        Assert.Equal(1, plan.Create!.Spec().Int("replicas"));
        Assert.Equal("2", plan.Revision);

        MapNode fresh = ReplicaSet("web-new", "nginx:2", 1, available: 0, revision: 2);
        plan = DeploymentRollout.Decide(deployment, [old, fresh], [], Now);
        MapNode down = Assert.Single(plan.Update, set => set.Name() == "web-old" && set.Spec().Int("replicas") != 4);
        Assert.Equal(3, down.Spec().Int("replicas"));
    }

    // Sets "name:replicas", the present template's called new, the newest first; sizes and surges "before>now". pkg/controller/deployment/sync_test.go, TestScale.
    [Theory]
    [InlineData("10>12", "0>0", "new:10", "new:12")]
    [InlineData("10>5", "0>0", "new:10", "new:5")]
    [InlineData("5>10", "0>0", "new:2 v1:3", "new:4 v1:6")]
    [InlineData("5>3", "0>0", "new:2 v1:3", "new:1 v1:2")]
    [InlineData("9>4", "0>0", "new:8 v1:1", "new:4 v1:0")]
    [InlineData("7>10", "0>0", "new:2 v2:3 v1:2", "new:3 v2:4 v1:3")]
    [InlineData("13>8", "0>0", "new:2 v2:8 v1:3", "new:1 v2:5 v1:2")]
    [InlineData("3>4", "0>0", "new:1 v2:1 v1:1", "new:2 v2:1 v1:1")]
    [InlineData("3>2", "0>0", "new:1 v2:1 v1:1", "new:1 v2:1 v1:0")]
    [InlineData("4>5", "0>0", "v2:2 v1:2", "v2:3 v1:2")]
    [InlineData("6>0", "0>0", "new:3 v2:2 v1:1", "new:0 v2:0 v1:0")]
    [InlineData("10>20", "2>2", "new:6 v1:6", "new:11 v1:11")]
    [InlineData("10>50", "3>6", "new:5 v1:8", "new:22 v1:34")]
    [InlineData("10>14", "0>0", "v2:7 v1:3", "v2:10 v1:4")]
    public void A_change_of_size_in_a_rollout_is_spread_in_proportion(string size, string surge, string sets, string expected)
    {
        static int[] Numbers(string pair) => [.. pair.Split('>').Select(number => int.Parse(number, System.Globalization.CultureInfo.InvariantCulture))];
        (int[] sizes, int[] surges) = (Numbers(size), Numbers(surge));
        MapNode deployment = Deployment(sizes[1]);
        deployment["spec"]!["strategy"]!.AsMap()!["rollingUpdate"] = new MapNode { ["maxSurge"] = surges[1], ["maxUnavailable"] = 1 };
        string[] names = [.. sets.Split(' ')];
        List<MapNode> present = [];
        for (int i = 0; i < names.Length; i++)
        {
            string[] parts = names[i].Split(':');
            int replicas = int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture);
            MapNode set = ReplicaSet(parts[0], parts[0] == "new" ? "nginx:2" : "nginx:" + parts[0], replicas, replicas, names.Length - i);
            MapNode annotations = set["metadata"]!["annotations"]!.AsMap()!;
            annotations["deployment.kubernetes.io/desired-replicas"] = sizes[0].ToString(System.Globalization.CultureInfo.InvariantCulture);
            annotations["deployment.kubernetes.io/max-replicas"] = (sizes[0] + surges[0]).ToString(System.Globalization.CultureInfo.InvariantCulture);
            present.Add(set);
        }

        DeploymentPlan plan = DeploymentRollout.Decide(deployment, present, [], Now);
        Assert.Null(plan.Create);
        Assert.Equal(expected, string.Join(' ', present.Select(set => $"{set.Name()}:{(plan.Update.FirstOrDefault(updated => updated.Name() == set.Name()) ?? set).Spec().Int("replicas")}")));
    }

    // Pods "name=age of creation and readiness[!cost][@node]"; kube-controller-manager's ActivePodsWithRanks, uids are the names.
    [Theory]
    [InlineData("of pods of different age the youngest goes", "a=9000 b=100 c=1000", "b")]
    [InlineData("of pods about as old, to a factor of two, the smaller uid goes (LogarithmicScaleDown)", "c=1000 a=1010 b=1020", "a")]
    [InlineData("a pod that is not ready goes before a younger one that is", "a=9000? b=10", "a")]
    [InlineData("the deletion cost counts before age", "a=9000!-5 b=10", "a")]
    [InlineData("pods that share a node go before one that is alone", "a=10@one b=9000@two c=9000@two", "b")]
    public void Surplus_pods_go_in_the_order_of_the_reference(string rule, string pods, string gone)
    {
        List<MapNode> nodes = [.. pods.Split(' ').Select(Aged)];
        MapNode set = ReplicaSet("web", "nginx:1", nodes.Count - 1, available: 0, revision: 1);
        ReplicaPlan plan = ReplicaSets.Decide(set, nodes, pod => nodes.Count(other => other.Spec().Text("nodeName") == pod.Spec().Text("nodeName")), Now);
        Assert.True(Assert.Single(plan.Delete).Name() == gone, $"{rule}: {plan.Delete[0].Name()}");
    }

    private static MapNode Aged(string text)
    {
        System.Text.RegularExpressions.Match parts = System.Text.RegularExpressions.Regex.Match(text, @"^(\w+)=(\d+)(\??)(?:!(-?\d+))?(?:@(\w+))?$");
        string since = Now.AddSeconds(-int.Parse(parts.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture)).Stamp();
        return (MapNode)YamlReader.Read($$"""
            metadata:
              name: {{parts.Groups[1].Value}}
              uid: {{parts.Groups[1].Value}}
              creationTimestamp: '{{since}}'
              annotations: {controller.kubernetes.io/pod-deletion-cost: '{{(parts.Groups[4].Success ? parts.Groups[4].Value : "0")}}'}
            spec: {nodeName: {{(parts.Groups[5].Success ? parts.Groups[5].Value : parts.Groups[1].Value)}}}
            status: {phase: Running, conditions: [{type: Ready, status: '{{(parts.Groups[3].Length > 0 ? "False" : "True")}}', lastTransitionTime: '{{since}}'}]}
            """)!;
    }

    [Fact]
    public void A_rollout_that_makes_no_progress_times_out()
    {
        MapNode deployment = Deployment(1);
        deployment["status"] = YamlReader.Read("""
            {observedGeneration: 1, replicas: 1, updatedReplicas: 1, unavailableReplicas: 1,
             conditions: [{type: Progressing, status: 'True', reason: ReplicaSetUpdated, lastUpdateTime: '2026-01-01T11:40:00Z', lastTransitionTime: '2026-01-01T11:40:00Z'}]}
            """);
        DeploymentPlan plan = DeploymentRollout.Decide(deployment, [ReplicaSet("web-new", "nginx:2", 1, available: 0, revision: 1)], [], Now);
        Assert.Equal("ProgressDeadlineExceeded", plan.Status.Condition("Progressing").Text("reason"));
        Assert.Equal("ReplicaSet \"web-new\" has timed out progressing.", plan.Status.Condition("Progressing").Text("message"));
    }

    [Fact]
    public void Recreate_waits_until_the_old_pods_are_gone()
    {
        MapNode deployment = Deployment(2);
        ((MapNode)deployment["spec"]!)["strategy"] = new MapNode { ["type"] = "Recreate" };
        DeploymentPlan plan = DeploymentRollout.Decide(deployment, [ReplicaSet("web-old", "nginx:1", 2, available: 2, revision: 1)], [], Now);
        Assert.Null(plan.Create);
        Assert.Equal(0, Assert.Single(plan.Update).Spec().Int("replicas"));
        plan = DeploymentRollout.Decide(deployment, [ReplicaSet("web-old", "nginx:1", 0, available: 0, revision: 1)], [], Now);
        Assert.Equal(2, plan.Create!.Spec().Int("replicas"));
    }

    [Fact]
    public void A_cron_job_starts_the_last_due_job_once()
    {
        MapNode cron = (MapNode)YamlReader.Read("""
            apiVersion: batch/v1
            kind: CronJob
            metadata: {name: every, namespace: n, uid: u, creationTimestamp: '2026-01-01T11:57:30Z'}
            spec:
              schedule: '* * * * *'
              concurrencyPolicy: Allow
              jobTemplate: {metadata: {labels: {l: v}}, spec: {template: {spec: {containers: []}}}}
            """);
        CronPlan plan = CronJobs.Decide(cron, [], Now);
        Assert.Equal("every-" + (Now.ToUnixTimeSeconds() / 60), plan.Create!.Name());
        Assert.Equal("2026-01-01T12:00:00Z", plan.Status.Text("lastScheduleTime"));
        cron["status"] = plan.Status;
        Assert.Null(CronJobs.Decide(cron, [], Now.AddSeconds(30)).Create);
        Assert.NotNull(CronJobs.Decide(cron, [], Now.AddSeconds(61)).Create);
    }

    [Theory]
    [InlineData("0-2,5", "0-2,5")]
    [InlineData("0,1,2", "0-2")]
    [InlineData("3,1", "1,3")]
    public void Completed_indexes_are_written_as_ranges(string text, string expected) =>
        Assert.Equal(expected, JobIndexes.Format(JobIndexes.Parse(text)));

    private static MapNode Deployment(int replicas) => (MapNode)YamlReader.Read($"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {"{"}name: web, namespace: n, uid: d, generation: 1{"}"}
        spec:
          replicas: {replicas}
          progressDeadlineSeconds: 600
          revisionHistoryLimit: 10
          selector: {"{"}matchLabels: {"{"}app: web{"}"}{"}"}
          strategy: {"{"}type: RollingUpdate, rollingUpdate: {"{"}maxSurge: 25%, maxUnavailable: 25%{"}"}{"}"}
          template: {"{"}metadata: {"{"}labels: {"{"}app: web{"}"}{"}"}, spec: {"{"}containers: [{"{"}name: c, image: 'nginx:2'{"}"}]{"}"}{"}"}
        """);

    private static MapNode ReplicaSet(string name, string image, int replicas, int available, int revision) => (MapNode)YamlReader.Read($"""
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata:
          name: {name}
          namespace: n
          uid: {name}
          creationTimestamp: '2026-01-01T0{revision}:00:00Z'
          annotations: {"{"}deployment.kubernetes.io/revision: '{revision}', x: y{"}"}
          ownerReferences: [{"{"}kind: Deployment, name: web, uid: d, controller: true{"}"}]
        spec:
          replicas: {replicas}
          template: {"{"}metadata: {"{"}labels: {"{"}app: web, pod-template-hash: x{"}"}{"}"}, spec: {"{"}containers: [{"{"}name: c, image: '{image}'{"}"}]{"}"}{"}"}
        status: {"{"}replicas: {replicas}, readyReplicas: {available}, availableReplicas: {available}{"}"}
        """);
}
