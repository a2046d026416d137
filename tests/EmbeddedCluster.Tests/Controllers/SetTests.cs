using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Controllers.Lifecycle;
using Bowline.EmbeddedCluster.Controllers.Networking;
using Bowline.EmbeddedCluster.Controllers.Workloads;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Tests.Controllers;

/// <summary>Decisions on stateful sets, daemon sets, slices and nodes, one step each.</summary>
public sealed class SetTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    // Pods: ordinal, then "o" old or "n" new revision, "!" not ready, "x" being deleted, "f" failed.
    [Theory]
    [InlineData("replicas: 3", "", "create db-0")]
    [InlineData("replicas: 3", "0n", "create db-1")]
    [InlineData("replicas: 3", "0n!", "")]
    [InlineData("replicas: 3, podManagementPolicy: Parallel", "", "create db-0 db-1 db-2")]
    [InlineData("replicas: 3, ordinals: {start: 5}", "5n", "create db-6")]
    [InlineData("replicas: 2", "0n 1n 2n 3n", "delete db-3")]
    [InlineData("replicas: 2", "0n 1n 2n 3nx", "")]
    [InlineData("replicas: 2", "0n 1n! 2n", "")]
    [InlineData("replicas: 1, podManagementPolicy: Parallel", "0n 1n 2n", "delete db-2 db-1")]
    [InlineData("replicas: 3", "0n 1nf 2n", "delete db-1")]
    [InlineData("replicas: 3", "0o 1o 2o", "delete db-2")]
    [InlineData("replicas: 3", "0o 1o 2n", "delete db-1")]
    [InlineData("replicas: 3", "0o 1o 2n!", "")]
    [InlineData("replicas: 3, updateStrategy: {type: OnDelete}", "0o 1o 2o", "")]
    [InlineData("replicas: 3, updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 2}}", "0o 1o 2n", "")]
    [InlineData("replicas: 4, updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 2}}", "0o 1o 2o 3o", "delete db-3 db-2")]
    [InlineData("replicas: 4, updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 50%, partition: 3}}", "0o 1o 2o 3o", "delete db-3")]
    [InlineData("replicas: 4, podManagementPolicy: Parallel, updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 2}}", "0o 1o 2o 3n!", "delete db-2")]
    [InlineData("replicas: 3, updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 10%}}", "0o 1o 2o", "delete db-2")]
    public void A_stateful_set_takes_one_step(string spec, string pods, string expected)
    {
        MapNode set = Set("StatefulSet", "db", spec);
        RevisionPlan revisions = new(Revision("db-old"), Revision("db-new"), null, null, []);
        StatefulPlan plan = StatefulSets.Decide(set, revisions, [.. pods.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(StatefulPod)], Now);
        Assert.Equal(expected, Describe(plan.Create.Select(pod => pod.Name()), plan.Delete));
    }

    [Theory]
    [InlineData("Retain", "Retain", false, "")]
    [InlineData("Delete", "Retain", false, "StatefulSet")]
    [InlineData("Retain", "Delete", false, "")]
    [InlineData("Retain", "Delete", true, "Pod")]
    [InlineData("Delete", "Delete", true, "Pod")]
    [InlineData("Delete", "Retain", true, "StatefulSet")]
    public void Claims_belong_to_whom_the_retention_policy_says(string deleted, string scaled, bool condemned, string owner)
    {
        MapNode set = Set("StatefulSet", "db", $"replicas: 1, persistentVolumeClaimRetentionPolicy: {{whenDeleted: {deleted}, whenScaled: {scaled}}}");
        MapNode claim = Read("metadata: {name: data-db-0, ownerReferences: [{kind: Pod, name: db-0, uid: old}]}");
        Assert.Equal(owner, string.Join(',', StatefulSets.OwnersOf(claim, set, StatefulPod("0n"), condemned).Select(reference => reference.Text("kind"))));
    }

    // Pods: node, then as above.
    [Theory]
    [InlineData("", "a b c", "", "create a b c")]
    [InlineData("", "a b", "an", "create b")]
    [InlineData("", "a b", "an bn!", "")]
    [InlineData("", "a b c", "ao bo co", "delete a-0")]
    [InlineData("", "a b c", "ao! bo co", "delete a-0")]
    [InlineData("", "a b c", "an! bo co", "")]
    [InlineData("rollingUpdate: {maxUnavailable: 2}", "a b c", "ao bo co", "delete a-0 b-1")]
    [InlineData("rollingUpdate: {maxUnavailable: 34%}", "a b c", "ao bo co", "delete a-0 b-1")]
    [InlineData("rollingUpdate: {maxSurge: 1, maxUnavailable: 0}", "a b c", "ao bo co", "create a")]
    [InlineData("rollingUpdate: {maxSurge: 1, maxUnavailable: 0}", "a b", "ao an! bo", "")]
    [InlineData("rollingUpdate: {maxSurge: 1, maxUnavailable: 0}", "a b", "ao an bo", "create b delete a-0")]
    [InlineData("type: OnDelete", "a b", "ao bo", "")]
    [InlineData("", "a", "an an", "delete a-1")]
    [InlineData("", "a", "anf", "delete a-0")]
    [InlineData("", "a", "an zn", "delete z-1")]
    public void A_daemon_set_takes_one_step(string strategy, string nodes, string pods, string expected)
    {
        MapNode set = Set("DaemonSet", "agent", $"updateStrategy: {{{(strategy.Contains("type", StringComparison.Ordinal) ? strategy : "type: RollingUpdate, " + strategy)}}}");
        int number = 0;
        List<MapNode> made = [.. pods.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text => Pod($"{text[0]}-{number++}", text, text[0] == 'z' ? string.Empty : text[..1], text[1] == 'o' ? "old" : "new", text[..1]))];
        DaemonPlan plan = DaemonSets.Decide(set, "new", [.. nodes.Split(' ').Select(node => Read($"metadata: {{name: {node}}}"))], made, Now);
        Assert.Equal(expected, Describe(plan.Create, plan.Delete));
    }

    // pkg/controller/endpoint/endpoints_controller_test.go, TestTruncateEndpoints: what is ready comes first.
    [Theory]
    [InlineData(800, 100, 800, 100, false)]
    [InlineData(1000, 0, 1000, 0, false)]
    [InlineData(900, 300, 900, 100, true)]
    [InlineData(1100, 100, 1000, 0, true)]
    public void Endpoints_of_too_many_pods_are_truncated_and_say_so(int ready, int unready, int keptReady, int keptUnready, bool truncated)
    {
        MapNode service = (MapNode)YamlReader.Read("""
            metadata: {name: web, namespace: n}
            spec: {selector: {app: web}, ports: [{port: 80, targetPort: 80, protocol: TCP}]}
            """);
        IEnumerable<MapNode> pods = Enumerable.Range(0, ready + unready).Select(i => (MapNode)YamlReader.Read($$"""
            metadata: {name: p{{i}}, namespace: n, uid: u{{i}}, labels: {app: web} }
            spec: {nodeName: a, containers: [{name: c}]}
            status:
              phase: Running
              podIP: 10.0.{{i / 250}}.{{i % 250}}
              podIPs: [{ip: 10.0.{{i / 250}}.{{i % 250}} }]
              conditions: [{type: Ready, status: '{{i < ready}}'}]
            """));
        MapNode endpoints = EndpointsController.Compose(service, pods);
        MapNode subset = endpoints["subsets"].Maps().Single();
        Assert.Equal(keptReady, subset["addresses"].Maps().Count());
        Assert.Equal(keptUnready, subset["notReadyAddresses"].Maps().Count());
        Assert.Equal(truncated ? "truncated" : null, endpoints.Annotation("endpoints.kubernetes.io/over-capacity"));
    }

    [Theory]
    [InlineData(250, "100 100 50")]
    [InlineData(100, "100")]
    [InlineData(1, "1")]
    public void Endpoints_are_packed_a_hundred_to_a_slice(int count, string sizes)
    {
        (IReadOnlyList<PackedSlice> write, IReadOnlyList<MapNode> delete) = EndpointSlicePacking.Pack("IPv4", [], Endpoints(count), []);
        Assert.Equal(sizes, string.Join(' ', write.Select(slice => slice.Endpoints.Count)));
        Assert.Empty(delete);
    }

    [Fact]
    public void One_endpoint_less_changes_one_slice()
    {
        IReadOnlyList<MapNode> endpoints = Endpoints(250);
        List<MapNode> present = [.. EndpointSlicePacking.Pack("IPv4", [], endpoints, []).Write.Select((slice, index) => new MapNode { ["metadata"] = new MapNode { ["name"] = $"s-{index}" }, ["endpoints"] = new ListNode(slice.Endpoints) })];
        (IReadOnlyList<PackedSlice> write, IReadOnlyList<MapNode> delete) = EndpointSlicePacking.Pack("IPv4", [], [.. endpoints.Where((_, index) => index != 120)], present);
        Assert.Equal(["s-1"], write.Select(slice => slice.Present!.Name()));
        Assert.Empty(delete);
        (write, _) = EndpointSlicePacking.Pack("IPv4", [], [.. endpoints, .. Endpoints(3, 300)], present);
        Assert.Equal(["s-2"], write.Select(slice => slice.Present!.Name()));
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("{key: gone, operator: Exists}", null)]
    [InlineData("{key: node.kubernetes.io/unreachable, operator: Exists, tolerationSeconds: 300}", 300)]
    [InlineData("{key: node.kubernetes.io/unreachable, operator: Exists, tolerationSeconds: -5}", 0)]
    public void Pods_leave_a_tainted_node_when_their_tolerations_end(string toleration, int? seconds)
    {
        MapNode pod = Read($"metadata: {{name: p, creationTimestamp: '{Now.AddHours(-1).Stamp()}'}}\nspec: {{tolerations: [{toleration}]}}");
        MapNode node = Read($"metadata: {{name: n}}\nspec: {{taints: [{{key: node.kubernetes.io/unreachable, effect: NoExecute, timeAdded: '{Now.Stamp()}'}}]}}");
        Assert.Equal(Now.AddSeconds(seconds ?? 60), TaintEviction.Due(pod, node, seconds is null ? Now.AddSeconds(60) : Now));
        pod.EnsureMap("spec")["tolerations"] = new ListNode(new MapNode { ["operator"] = "Exists" });
        Assert.Null(TaintEviction.Due(pod, node, Now));
    }

    [Fact]
    public void Zones_slow_down_when_most_of_them_is_lost()
    {
        NodeZones zones = new();
        for (int i = 0; i < 10; i++)
        {
            zones.Put($"n{i}", "z", ready: true);
        }

        Assert.False(zones.Put("n0", "z", ready: false));
        Assert.Null(zones.Take("z", Now));
        Assert.Equal(TimeSpan.FromSeconds(10), zones.Take("z", Now));
        for (int i = 1; i < 6; i++)
        {
            zones.Put($"n{i}", "z", ready: false);
        }

        // A small zone that is lost by more than half is not emptied at all.
        Assert.Equal(TimeSpan.MaxValue, zones.Take("z", Now.AddMinutes(1)));
        for (int i = 6; i < 10; i++)
        {
            zones.Put($"n{i}", "z", ready: false);
        }

        Assert.True(zones.AllDown);
    }

    private static string Describe(IEnumerable<string> create, IEnumerable<MapNode> delete)
    {
        string made = string.Join(' ', create);
        string gone = string.Join(' ', delete.Select(pod => pod.Name()));
        return $"{(made.Length > 0 ? "create " + made : string.Empty)} {(gone.Length > 0 ? "delete " + gone : string.Empty)}".Trim();
    }

    private static MapNode StatefulPod(string text) => Pod($"db-{text[0]}", text, "node", text[1] == 'o' ? "db-old" : "db-new", string.Empty);

    private static MapNode Pod(string name, string text, string node, string revision, string pinned)
    {
        string deleted = text.Contains('x', StringComparison.Ordinal) ? $"deletionTimestamp: '{Now.Stamp()}'" : string.Empty;
        MapNode pod = Read($$"""
            apiVersion: v1
            kind: Pod
            metadata:
              name: {{name}}
              namespace: default
              uid: {{name}}
              labels: {controller-revision-hash: {{revision}} }
              {{deleted}}
            spec: {}
            status:
              phase: {{(text.Contains('f', StringComparison.Ordinal) ? "Failed" : "Running")}}
              conditions: [{type: Ready, status: '{{(text.Contains('!', StringComparison.Ordinal) ? "False" : "True")}}'}]
            """);
        if (node.Length > 0)
        {
            pod.EnsureMap("spec")["nodeName"] = node;
        }
        else if (pinned.Length > 0)
        {
            pod["spec"] = Read($$"""{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [{{pinned}}]}]}]} } } }""");
        }

        return pod;
    }

    private static MapNode Set(string kind, string name, string spec) => Read($$"""
        apiVersion: apps/v1
        kind: {{kind}}
        metadata: {name: {{name}}, namespace: default, uid: {{name}}, generation: 1}
        spec: { {{spec}}, template: {metadata: {labels: {app: x} }, spec: {containers: [{name: c, image: x}] } } }
        """);

    private static MapNode Revision(string name) => Read($$"""{metadata: {name: {{name}} }, data: {spec: {template: {spec: {containers: [{name: c, image: x}] } } } } }""");

    private static IReadOnlyList<MapNode> Endpoints(int count, int from = 0) =>
        [.. Enumerable.Range(from, count).Select(index => new MapNode { ["addresses"] = new ListNode($"10.0.{index / 250}.{index % 250}"), ["targetRef"] = new MapNode { ["uid"] = $"u{index}" } })];

    private static MapNode Read(string yaml) => (MapNode)YamlReader.ReadAll(yaml).Single().Root;
}
