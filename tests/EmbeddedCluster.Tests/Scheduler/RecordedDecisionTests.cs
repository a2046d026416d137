using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Scheduler;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Tests.Scheduler;

/// <summary>
/// What a real kube-scheduler (v1.20.2, its filters in the order of v1.36) did with drawn clusters: taints, selectors, affinities, spread, ports
/// and resources all at once. Where a pod went has to be a place that fits here, too; that it went nowhere has to have the same reasons for as many nodes.
/// Its texts are recorded in the words of v1.36, and without preemption, of which v1.20 says nothing.
/// </summary>
public sealed class RecordedDecisionTests
{
    [Fact]
    public void Drawn_clusters_are_filtered_as_kube_scheduler_filters_them()
    {
        List<string> different = [];
        MapNode[] recorded = [.. Recorded()];
        Assert.True(recorded.Length >= 150);
        foreach (MapNode entry in recorded)
        {
            SchedulerCase given = new(entry);
            PodNeeds pod = given.Needs((MapNode)entry["pod"]!);
            if (entry["goes"]?.AsString() is { } node)
            {
                IReadOnlyList<Refusal> refusals = given.Placement.Refuse(pod, VolumeDecision.None, given.Cluster.Find(node)!);
                if (refusals.Count > 0 || given.Decide(pod).Node is null)
                {
                    different.Add($"{entry.Text("name")}: went to {node}; here: {string.Join(", ", refusals.Select(refusal => refusal.Reason))}");
                }

                continue;
            }

            PlacementDecision decision = given.Decide(pod);
            if (decision.Node is not null || decision.Reasons != entry.Text("says"))
            {
                different.Add($"{entry.Text("name")}: {entry.Text("says")}\n  here: {decision.Node?.Name ?? decision.Reasons}");
            }
        }

        Assert.True(different.Count == 0, string.Join("\n", different));
    }

    private static IEnumerable<MapNode> Recorded()
    {
        using Stream stream = typeof(RecordedDecisionTests).Assembly.GetManifestResourceStream("recorded.jsonl")!;
        using StreamReader reader = new(stream);
        while (reader.ReadLine() is { } line)
        {
            yield return (MapNode)JsonReader.Read(line);
        }
    }
}
