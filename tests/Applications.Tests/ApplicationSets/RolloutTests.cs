using Bowline.Applications.ApplicationSets.Rollouts;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Applications.Tests.ApplicationSets;

public sealed class RolloutTests
{
    private const string Steps = "{spec: {strategy: {type: RollingSync, rollingSync: {steps: [{matchExpressions: [{key: env, operator: In, values: [dev]}]}, {matchExpressions: [{key: env, operator: In, values: [prod]}], maxUpdate: MAX}]}}}}";
    private readonly Dictionary<string, MapNode> live = new(StringComparer.Ordinal);
    private IReadOnlyList<ApplicationProgress> progress = [];
    private DateTimeOffset now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private string most = "10";

    [Fact]
    public void Steps_are_taken_one_after_the_other_and_each_is_waited_for()
    {
        Add("dev", "dev", "OutOfSync", "Missing");
        Add("prod", "prod", "OutOfSync", "Missing");
        Assert.Equal(["dev"], Decide().Sync);
        Assert.Equal("dev Pending 1, prod Waiting 2", Said());
        Set("dev", "operationState: {phase: Running, startedAt: '2026-01-01T00:00:10Z'}, sync: {status: OutOfSync, revision: one}");
        Assert.Empty(Decide().Sync);
        Assert.Equal("dev Progressing 1, prod Waiting 2", Said());
        Set("dev", "sync: {status: Synced, revision: one}, health: {status: Progressing}");
        Assert.Equal(1, Decide().Step);
        Set("dev", "sync: {status: Synced, revision: one}, health: {status: Healthy}");
        RolloutDecision next = Decide();
        Assert.Equal((2, "prod"), (next.Step, Assert.Single(next.Sync)));
        Assert.Equal("dev Healthy 1, prod Pending 2", Said());
        Set("prod", "sync: {status: Synced, revision: one}, health: {status: Healthy}");
        Assert.Null(Decide().Step);
        Assert.Equal("dev Healthy 1, prod Healthy 2", Said());
    }

    [Fact]
    public void A_first_step_that_never_gets_healthy_holds_the_second_and_a_new_commit_goes_on()
    {
        Add("dev", "dev", "OutOfSync", "Healthy");
        Add("prod", "prod", "OutOfSync", "Healthy");
        Decide();
        Set("dev", "operationState: {phase: Failed, startedAt: '2026-01-01T00:00:05Z', finishedAt: '2026-01-01T00:00:06Z'}, sync: {status: OutOfSync, revision: one}, health: {status: Degraded}");
        for (int i = 0; i < 100; i++)
        {
            now += TimeSpan.FromMinutes(5);
            Assert.Empty(Decide().Sync);
            Assert.Equal("dev Progressing 1, prod Waiting 2", Said());
        }

        // What fixes it is released at once.
        Set("dev", "operationState: {phase: Failed, startedAt: '2026-01-01T00:00:05Z'}, sync: {status: OutOfSync, revision: two}, health: {status: Degraded}");
        Assert.Equal(["dev"], Decide().Sync);

        // A hook that failed when all was in place leaves it Synced, but not done.
        Set("dev", "operationState: {phase: Failed, startedAt: '2026-01-01T08:30:00Z'}, sync: {status: Synced, revision: two}, health: {status: Healthy}");
        Set("prod", "sync: {status: OutOfSync, revision: two}");
        Assert.Empty(Decide().Sync);
        Set("dev", "operationState: {phase: Succeeded, startedAt: '2026-01-01T08:30:00Z'}, sync: {status: Synced, revision: two}, health: {status: Healthy}");
        Assert.Equal(["prod"], Decide().Sync);
    }

    [Theory]
    [InlineData("1", 1)]
    [InlineData("2", 2)]
    [InlineData("0", 0)]
    [InlineData("'0%'", 0)]
    [InlineData("'10%'", 1)]
    [InlineData("'50%'", 2)]
    [InlineData("'100%'", 4)]
    public void At_most_so_many_of_a_step_move_at_once(string atMost, int moving)
    {
        most = atMost;
        foreach (int number in Enumerable.Range(1, 4))
        {
            Add($"p{number}", "prod", "OutOfSync", "Healthy");
        }

        Assert.Equal(moving, Decide().Sync.Count);
        now += TimeSpan.FromSeconds(10);
        // Those that move are synced until they are known to have started; no others join them.
        Assert.Equal(moving, Decide().Sync.Count);
    }

    [Fact]
    public void An_application_that_no_step_selects_is_left_alone()
    {
        Add("other", "test", "OutOfSync", "Healthy");
        RolloutDecision decision = Decide();
        Assert.Empty(decision.Sync);
        Assert.Null(decision.Step);
        Assert.Equal("other Waiting -1", Said());
    }

    [Fact]
    public void One_that_is_in_sync_needs_no_sync()
    {
        Add("dev", "dev", "Synced", "Healthy");
        Add("prod", "prod", "OutOfSync", "Healthy");
        Assert.Equal(["prod"], Decide().Sync);
        Assert.Equal("dev Healthy 1, prod Pending 2", Said());
    }

    [Fact]
    public void A_step_whose_application_is_still_to_be_made_holds_the_next()
    {
        Add("prod", "prod", "OutOfSync", "Healthy");
        RolloutDecision decision = Rollout.Decide(Of(), new Dictionary<string, MapNode> { ["dev"] = Application("dev", "dev"), ["prod"] = live["prod"] }, live, new HashSet<string>(), progress, now);
        Assert.Equal(1, decision.Step);
        Assert.Empty(decision.Sync);
    }

    [Fact]
    public void One_that_sees_a_commit_first_waits_a_while_for_those_of_earlier_steps_to_see_it()
    {
        Add("dev", "dev", "Synced", "Healthy");
        Add("prod", "prod", "Synced", "Healthy");
        Decide();
        Set("prod", "sync: {status: OutOfSync, revision: two}, health: {status: Healthy}");
        Assert.Empty(Decide().Sync);
        Set("dev", "sync: {status: OutOfSync, revision: two}, health: {status: Healthy}");
        Assert.Equal(["dev"], Decide().Sync);
        Set("dev", "sync: {status: Synced, revision: one}, health: {status: Healthy}");
        now += TimeSpan.FromMinutes(1);
        Assert.Equal(["prod"], Decide().Sync);
    }

    [Fact]
    public void One_that_is_out_of_sync_again_at_the_same_commit_takes_its_turn()
    {
        Add("dev", "dev", "Synced", "Healthy");
        Add("prod", "prod", "Synced", "Healthy");
        Decide();
        Set("dev", "sync: {status: OutOfSync, revision: one}, health: {status: Healthy}");
        Set("prod", "sync: {status: OutOfSync, revision: one}, health: {status: Healthy}");
        Assert.Equal(["dev"], Decide().Sync);
        Assert.Equal("dev Pending 1, prod Waiting 2", Said());
    }

    [Fact]
    public void An_application_that_its_set_changes_waits_its_turn_however_healthy_it_was()
    {
        Add("dev", "dev", "Synced", "Healthy");
        Decide();
        RolloutDecision changed = Rollout.Decide(Of(), live, live, new HashSet<string> { "dev" }, progress, now);
        Assert.Equal("Pending", Assert.Single(changed.Progress).Status);
        Assert.Equal(1, changed.Step);
    }

    [Fact]
    public void Steps_that_cannot_be_meant_are_named()
    {
        most = "some";
        Assert.Equal("step 2 has maxUpdate \"some\", which is neither a number nor a percentage", Of().Problem());
        Assert.Equal("step 1 has a match expression with operator \"Like\"; there are In and NotIn", RolloutSteps.Of((MapNode)YamlReader.Read(Steps.Replace("operator: In, values: [dev]", "operator: Like, values: [dev]")))!.Problem());
        Assert.Null(RolloutSteps.Of((MapNode)YamlReader.Read(Steps.Replace("RollingSync", "AllAtOnce"))));
    }

    private RolloutSteps Of() => RolloutSteps.Of((MapNode)YamlReader.Read(Steps.Replace("MAX", most)))!;

    private void Add(string name, string environment, string sync, string health)
    {
        live[name] = Application(name, environment);
        Set(name, $"sync: {{status: {sync}, revision: one}}, health: {{status: {health}}}");
    }

    private static MapNode Application(string name, string environment) =>
        (MapNode)YamlReader.Read($"{{metadata: {{name: {name}, labels: {{env: {environment}}}}}, spec: {{source: {{repoURL: u, path: {name}}}}}}}");

    private void Set(string name, string status)
    {
        live[name] = (MapNode)live[name].DeepClone();
        live[name].Set("status", YamlReader.Read($"{{{status}}}"));
    }

    private RolloutDecision Decide()
    {
        RolloutDecision decision = Rollout.Decide(Of(), live, live, new HashSet<string>(), progress, now);
        progress = ApplicationProgress.Read(new ListNode(decision.Progress.Select(item => item.ToNode())));
        return decision;
    }

    private string Said() => string.Join(", ", progress.Select(item => $"{item.Application} {item.Status} {item.Step}"));
}
