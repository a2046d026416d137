using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Scheduler;
using Bowline.Resources.Model;

namespace Bowline.Tests.Scheduler;

/// <summary>Every score of kube-scheduler's default profile, computed by hand in <c>scores.yaml</c>, and what each plugin weighs.</summary>
public sealed class ScoreTableTests
{
    // pkg/scheduler/apis/config/v1/default_plugins.go
    private static readonly Dictionary<string, int> Weights = new(StringComparer.Ordinal)
    {
        ["TaintToleration"] = 3,
        ["NodeAffinity"] = 2,
        ["PodTopologySpread"] = 2,
        ["InterPodAffinity"] = 2,
        ["NodeResourcesFit"] = 1,
        ["NodeResourcesBalancedAllocation"] = 1,
        ["ImageLocality"] = 1,
    };

    public static TheoryData<string> Cases => [.. Table().Select(entry => entry.Text("name"))];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Plugins_score_as_computed_by_hand(string name)
    {
        MapNode entry = Table().First(entry => entry.Text("name") == name);
        Assert.NotEmpty(entry.Text("source"));
        SchedulerCase given = new(entry);
        IReadOnlyList<PluginScores> scores = given.Score(given.Needs((MapNode)entry["pod"]!));
        string Text(string plugin, IEnumerable<(string Node, long Score)> all) => $"{plugin}: {string.Join(", ", all.Select(one => $"{one.Node} {one.Score}"))}";
        Assert.Equal(
            ((MapNode)entry["scores"]!).Select(plugin => Text(plugin.Key, ((MapNode)plugin.Value).Select(one => (one.Key, one.Value.AsInteger() ?? 0)))).Order(StringComparer.Ordinal),
            scores.Select(plugin => Text(plugin.Plugin, given.Cluster.Nodes.Select((node, i) => (node.Name, plugin.Scores[i])))).Order(StringComparer.Ordinal));
        Assert.All(scores, plugin => Assert.Equal(Weights[plugin.Plugin], plugin.Weight));
    }

    [Fact]
    public void Every_plugin_is_in_the_table() =>
        Assert.Equal(Weights.Keys.Order(StringComparer.Ordinal), Table().SelectMany(entry => ((MapNode)entry["scores"]!).Select(plugin => plugin.Key)).Distinct().Order(StringComparer.Ordinal));

    private static IEnumerable<MapNode> Table()
    {
        using Stream stream = typeof(ScoreTableTests).Assembly.GetManifestResourceStream("scores.yaml")!;
        using StreamReader reader = new(stream);
        return SchedulerCase.Parse(reader.ReadToEnd())["cases"].Maps().ToList();
    }
}
