using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Scheduler;
using Bowline.Resources.Model;

namespace Bowline.Tests.Scheduler;

/// <summary>What must hold however pods come and go.</summary>
public sealed class SchedulerPropertyTests
{
    private const int Nodes = 12;
    private static readonly string[] Apps = ["a", "b", "c"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void No_node_is_ever_overcommitted_and_hard_constraints_hold_at_the_moment_of_placing(int seed)
    {
        Random random = new(seed);
        SchedulerCase given = new(SchedulerCase.Parse($"nodes: [{string.Join(", ", Enumerable.Range(0, Nodes).Select(NodeText))}]"));
        List<(NodeState Node, ObjectName Name)> running = [];
        int placed = 0;
        for (int i = 0; i < 400; i++)
        {
            PodNeeds pod = given.Needs(SchedulerCase.Parse(PodText(random, i)));
            if (given.Decide(pod).Node is { } node)
            {
                CheckConstraints(given, pod, node);
                node.Add(pod.Self);
                running.Add((node, pod.Name));
                placed++;
            }

            if (running.Count > 0 && random.Next(3) == 0)
            {
                int at = random.Next(running.Count);
                running[at].Node.Remove(running[at].Name);
                running.RemoveAt(at);
            }

            CheckRoom(given);
        }

        Assert.True(placed > 100, $"only {placed} pods found a place");
    }

    private static void CheckRoom(SchedulerCase given)
    {
        foreach (NodeState node in given.Cluster.Nodes)
        {
            Assert.True(node.Pods.Sum(pod => pod.Requests.Cpu) <= node.Allocatable.Cpu, $"{node.Name} has too little cpu");
            Assert.True(node.Pods.Sum(pod => pod.Requests.Memory) <= node.Allocatable.Memory, $"{node.Name} has too little memory");
            Assert.True(node.Pods.Sum(pod => pod.Requests["example.com/gpu"]) <= node.Allocatable["example.com/gpu"], $"{node.Name} has too few devices");
            Assert.True(node.Pods.Count <= node.MostPods);
            Assert.Equal(node.Pods.Sum(pod => pod.Requests.Cpu), node.Requested.Cpu);
        }
    }

    // Counted anew from the pods, without the scheduler's own counting.
    private static void CheckConstraints(SchedulerCase given, PodNeeds pod, NodeState chosen)
    {
        string app = pod.Self.Group.Labels!["app"]!.AsString()!;
        int Count(IEnumerable<NodeState> nodes) => nodes.Sum(node => node.Pods.Count(other => other.Group.Labels!["app"]!.AsString() == app));
        if (pod.Self.Group.AntiAffinity.Count > 0)
        {
            Assert.Equal(0, Count([chosen]));
        }

        if (pod.Spread.Count > 0)
        {
            List<int> zones = [.. given.Cluster.Nodes.GroupBy(node => node.Label("zone")).Select(Count)];
            int here = Count(given.Cluster.Nodes.Where(node => node.Label("zone") == chosen.Label("zone")));
            Assert.True(here + 1 - zones.Min() <= pod.Spread[0].MaxSkew, "the skew grew too large");
        }
    }

    private static string NodeText(int i) =>
        $"{{name: n{i}, labels: {{zone: z{i % 3}}}, allocatable: {{cpu: '{1 + (i % 4)}', memory: {2 + (i % 3)}Gi, pods: '{6 + (i % 3)}', example.com/gpu: '{i % 2}'}}}}";

    private static string PodText(Random random, int i)
    {
        string app = Apps[random.Next(Apps.Length)];
        string selector = $"labelSelector: {{matchLabels: {{app: {app}}}}}";
        string constraint = random.Next(4) switch
        {
            0 => $"topologySpreadConstraints: [{{maxSkew: {1 + random.Next(2)}, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, {selector}}}]",
            1 => $"affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{{topologyKey: kubernetes.io/hostname, {selector}}}]}}}}",
            _ => "hostNetwork: false",
        };
        string device = random.Next(5) == 0 ? ", example.com/gpu: '1'" : string.Empty;
        return $"{{name: p{i}, labels: {{app: {app}}}, requests: {{cpu: {100 * (1 + random.Next(8))}m, memory: {64 * (1 + random.Next(8))}Mi{device}}}, spec: {{{constraint}}}}}";
    }
}
