using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Scheduler;
using Bowline.Resources.Model;

namespace Bowline.Tests.Scheduler;

/// <summary>What kube-scheduler decides, one line of <c>decisions.yaml</c> for each rule, with where the rule stands.</summary>
public sealed class DecisionTableTests
{
    public static TheoryData<string> Cases => [.. Table().Select(entry => entry.Text("name"))];

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_scheduler_decides_as_the_rule_says(string name)
    {
        MapNode entry = Table().First(entry => entry.Text("name") == name);
        Assert.NotEmpty(entry.Text("source"));
        SchedulerCase given = new(entry);
        PodNeeds pod = given.Needs((MapNode)entry["pod"]!);
        PlacementDecision decision = given.Decide(pod);
        if (entry["goes"] is { } goes)
        {
            Assert.True(decision.Node is not null, decision.Reasons);
            Assert.Contains(decision.Node!.Name, goes is ListNode several ? several.Strings() : [goes.AsString()!]);
            return;
        }

        Assert.Null(decision.Node);
        PreemptionDecision preemption = given.Preempt(pod, decision);
        if (entry["preempts"] is MapNode preempts)
        {
            Assert.Equal(preempts.Text("node"), preemption.Node?.Name ?? preemption.Message);
            Assert.Equal(preempts["victims"].Strings().Order(StringComparer.Ordinal), preemption.Victims.Select(victim => victim.Name.Name).Order(StringComparer.Ordinal));
            return;
        }

        Assert.Equal(entry.Text("says"), $"{decision.Reasons} {preemption.Message}".TrimEnd());
    }

    private static IEnumerable<MapNode> Table()
    {
        using Stream stream = typeof(DecisionTableTests).Assembly.GetManifestResourceStream("decisions.yaml")!;
        using StreamReader reader = new(stream);
        return SchedulerCase.Parse(reader.ReadToEnd())["cases"].Maps().ToList();
    }
}
