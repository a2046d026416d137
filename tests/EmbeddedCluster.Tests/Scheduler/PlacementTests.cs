using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Scheduler;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Tests.Scheduler;

public sealed class PlacementTests
{
    [Fact]
    public void Reasons_are_counted_and_worded_as_kube_scheduler_words_them()
    {
        NodeState small = Node("a", "1");
        NodeState other = Node("b", "1");
        NodeState tainted = Node("c", "8", "spec: {taints: [{key: x, value: w, effect: NoSchedule}]}");
        PlacementDecision decision = new Placement([small, other, tainted], _ => null).Decide(Pod("containers: [{name: c, resources: {requests: {cpu: '2'}}}]"));
        Assert.Null(decision.Node);
        Assert.Equal(
            "0/3 nodes are available: 1 node(s) had untolerated taint {x: w}, 2 Insufficient cpu. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
            decision.Message);
    }

    [Fact]
    public void Pods_of_one_owner_are_spread_and_anti_affinity_keeps_them_apart()
    {
        NodeState a = Node("a", "4");
        NodeState b = Node("b", "4");
        const string Spec = "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}]}}\n  containers: [{name: c}]";
        Placement placement = new([a, b], _ => null);
        PodNeeds first = Pod(Spec, "one");
        PlacementDecision decision = placement.Decide(first);
        (decision.Node == "a" ? a : b).Add(new ObjectName("n", "one"), first);
        PodNeeds second = Pod(Spec, "two");
        PlacementDecision next = placement.Decide(second);
        Assert.NotEqual(decision.Node, next.Node);
        (next.Node == "a" ? a : b).Add(new ObjectName("n", "two"), second);
        Assert.Contains("2 node(s) didn't match pod anti-affinity rules", placement.Decide(Pod(Spec, "three")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_selector_that_no_node_has_is_named()
    {
        PlacementDecision decision = new Placement([Node("a", "4")], _ => null).Decide(Pod("nodeSelector: {disk: ssd}\n  containers: [{name: c}]"));
        Assert.StartsWith("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.", decision.Message, StringComparison.Ordinal);
    }

    private static NodeState Node(string name, string cpu, string more = "spec: {}") => new((MapNode)YamlReader.Read($"""
        apiVersion: v1
        kind: Node
        metadata: {"{"}name: {name}, labels: {"{"}kubernetes.io/hostname: {name}{"}"}{"}"}
        {more}
        status: {"{"}allocatable: {"{"}cpu: '{cpu}', memory: 8Gi, pods: '110'{"}"}{"}"}
        """));

    private static PodNeeds Pod(string spec, string name = "p") => PodNeeds.Of((MapNode)YamlReader.Read($"""
        apiVersion: v1
        kind: Pod
        metadata: {"{"}name: {name}, namespace: n, labels: {"{"}app: web{"}"}{"}"}
        spec:
          {spec}
        """));
}
