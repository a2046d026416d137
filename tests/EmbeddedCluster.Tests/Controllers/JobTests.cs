using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Controllers.Workloads;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Tests.Controllers;

/// <summary>Decisions on Jobs, as kubernetes.io/docs/concepts/workloads/controllers/job describes them.</summary>
public sealed class JobTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    // Pods: "name phase[ exit][ index][ failures]", separated by ";".
    [Theory]
    [InlineData("parallelism: 3", "", 3)]
    [InlineData("parallelism: 3, completions: 2", "", 2)]
    [InlineData("parallelism: 3, completions: 5", "a Succeeded;b Running", 2)]
    [InlineData("parallelism: 3", "a Succeeded;b Running", 0)]
    [InlineData("parallelism: 2, completions: 4, completionMode: Indexed", "a Running 0 1", 1)]
    [InlineData("parallelism: 1, completions: 1, suspend: true", "", 0)]
    public void As_many_pods_run_as_the_job_wants(string spec, string pods, int created) =>
        Assert.Equal(created, Decide(spec, pods).Create.Count);

    [Fact]
    public void Missing_indexes_are_filled_and_twins_removed()
    {
        Assert.Equal([0, 2], Decide("parallelism: 3, completions: 3, completionMode: Indexed", "a Running 0 1").Create.Select(pod => pod.Index));
        Assert.Single(Decide("parallelism: 3, completions: 3, completionMode: Indexed", "a Running 0 1;b Running 0 1;c Running 0 0").Delete);
    }

    [Fact]
    public void A_failure_waits_longer_each_time_and_a_success_forgets_it()
    {
        JobPlan plan = Decide("parallelism: 1, completions: 3", "a Failed 1;b Failed 1");
        Assert.Empty(plan.Create);
        Assert.Equal(TimeSpan.FromSeconds(20), plan.RequeueAfter);
        Assert.Single(Decide("parallelism: 1, completions: 3", "a Failed 1;b Failed 1;c Succeeded").Create);
    }

    [Theory]
    [InlineData("backoffLimit: 1, completions: 1", "a Failed 1;b Failed 1", "BackoffLimitExceeded")]
    [InlineData("backoffLimit: 2, completions: 1", "a Failed 1;b Failed 1", "")]
    [InlineData("completions: 1, podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: In, values: [42]}}]}", "a Failed 42", "PodFailurePolicy")]
    [InlineData("completions: 1, podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: In, values: [42]}}]}", "a Failed 1", "")]
    [InlineData("completions: 1, podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: NotIn, values: [1]}}]}", "a Failed 7", "PodFailurePolicy")]
    [InlineData("backoffLimit: 0, completions: 1, podFailurePolicy: {rules: [{action: Ignore, onPodConditions: [{type: DisruptionTarget}]}]}", "a Failed 1 disrupted", "")]
    [InlineData("backoffLimit: 0, completions: 1, podFailurePolicy: {rules: [{action: Count, onPodConditions: [{type: DisruptionTarget}]}]}", "a Failed 1 disrupted", "BackoffLimitExceeded")]
    [InlineData("activeDeadlineSeconds: 60, completions: 1", "a Running", "DeadlineExceeded")]
    [InlineData("completions: 2, completionMode: Indexed, backoffLimitPerIndex: 0, maxFailedIndexes: 0", "a Failed 1 0 0", "MaxFailedIndexesExceeded")]
    [InlineData("completions: 2, completionMode: Indexed, backoffLimitPerIndex: 0", "a Failed 1 0 0;b Succeeded 0 1", "FailedIndexes")]
    [InlineData("completions: 2, completionMode: Indexed, backoffLimitPerIndex: 1", "a Failed 1 0 0;b Running 0 1", "")]
    [InlineData("completions: 2, completionMode: Indexed, backoffLimitPerIndex: 5, podFailurePolicy: {rules: [{action: FailIndex, onExitCodes: {operator: In, values: [42]}}]}", "a Failed 42 0 0;b Succeeded 0 1", "FailedIndexes")]
    public void A_job_fails_for_the_documented_reasons(string spec, string pods, string reason) =>
        Assert.Equal(reason, Decide(spec, pods).Status.Condition("FailureTarget").Text("reason"));

    [Fact]
    public void A_policy_names_the_pod_and_the_rule() => Assert.Equal(
        "Container c for pod default/a failed with exit code 42 matching FailJob rule at index 0",
        Decide("completions: 1, podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: In, values: [42]}}]}", "a Failed 42").Status.Condition("FailureTarget").Text("message"));

    [Theory]
    [InlineData("{succeededIndexes: '0,2'}", "a Succeeded 0 0;b Running 0 1;c Succeeded 0 2", true)]
    [InlineData("{succeededIndexes: '0-2', succeededCount: 1}", "a Succeeded 0 0;b Running 0 1", true)]
    [InlineData("{succeededIndexes: '1,2'}", "a Succeeded 0 0;b Running 0 1", false)]
    [InlineData("{succeededCount: 2}", "a Succeeded 0 0;b Succeeded 0 1;c Running 0 2", true)]
    public void A_success_policy_ends_a_job_early(string rule, string pods, bool met)
    {
        JobPlan plan = Decide($"completions: 3, parallelism: 3, completionMode: Indexed, successPolicy: {{rules: [{rule}]}}", pods);
        Assert.Equal(met ? "SuccessPolicy" : string.Empty, plan.Status.Condition("SuccessCriteriaMet").Text("reason"));
        Assert.Equal(met ? "Matched rules at index 0" : string.Empty, plan.Status.Condition("SuccessCriteriaMet").Text("message"));
        Assert.Equal(met, plan.Delete.Count > 0);
        Assert.Equal(0, plan.Status.Int("failed"));
    }

    [Fact]
    public void The_last_failure_of_an_index_stays_until_its_successor_takes_over_the_count()
    {
        const string Spec = "completions: 2, parallelism: 2, completionMode: Indexed, backoffLimitPerIndex: 2";
        JobPlan waiting = Decide(Spec, "a Failed 1 0 0;b Running 0 1");
        Assert.Empty(waiting.Release);
        Assert.Equal(0, waiting.Status.Int("failed"));
        Assert.Empty(waiting.Create);
        JobPlan later = Decide(Spec, "a Failed 1 0 0;b Running 0 1", Now.AddSeconds(11));
        Assert.Equal([new JobPod(0, 1, 0)], later.Create);
        JobPlan replaced = Decide(Spec, "a Failed 1 0 0;b Running 0 1;c Running 0 0 1", Now.AddSeconds(11));
        Assert.Single(replaced.Release);
        Assert.Equal(1, replaced.Status.Int("failed"));
    }

    [Fact]
    public void Nothing_is_counted_twice_over_a_crash()
    {
        MapNode job = Job("completions: 3, parallelism: 1");
        List<MapNode> pods = Pods("a Succeeded");
        JobPlan first = Jobs.Decide(job, pods, Now);
        Assert.Equal(1, first.Status.Int("succeeded"));
        job["status"] = first.Status;
        // The finalizer was not lifted yet.
        JobPlan again = Jobs.Decide(job, pods, Now);
        Assert.Equal(1, again.Status.Int("succeeded"));
        Assert.Single(again.Release);
    }

    [Fact]
    public void Only_failed_pods_are_replaced_when_the_policy_says_so()
    {
        Assert.Single(Decide("completions: 1", "a Running deleted").Create);
        Assert.Empty(Decide("completions: 1, podReplacementPolicy: Failed", "a Running deleted").Create);
    }

    [Fact]
    public void Suspending_lets_pods_go_and_resuming_starts_the_clock_anew()
    {
        MapNode job = Job("completions: 1, suspend: true");
        JobPlan plan = Jobs.Decide(job, Pods("a Running"), Now);
        Assert.Single(plan.Delete);
        Assert.Equal("JobSuspended", plan.Status.Condition("Suspended").Text("reason"));
        Assert.Equal([("Normal", "Suspended", "Job suspended")], plan.Events);
        job["status"] = plan.Status;
        job.EnsureMap("spec")["suspend"] = false;
        JobPlan resumed = Jobs.Decide(job, [], Now.AddHours(1));
        Assert.Equal(Now.AddHours(1).Stamp(), resumed.Status.Text("startTime"));
        Assert.Equal("JobResumed", resumed.Status.Condition("Suspended").Text("reason"));
        Assert.Single(resumed.Create);
    }

    private static JobPlan Decide(string spec, string pods, DateTimeOffset? now = null) => Jobs.Decide(Job(spec), Pods(pods), now ?? Now);

    private static MapNode Job(string spec) => Read($$"""
        apiVersion: batch/v1
        kind: Job
        metadata: {name: j, namespace: default, uid: j}
        spec: { {{spec}} }
        status: {startTime: '{{Now.AddMinutes(-5).Stamp()}}'}
        """);

    private static List<MapNode> Pods(string pods) => [.. pods.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(text =>
    {
        string[] parts = text.Split(' ');
        int[] numbers = [.. parts.Skip(2).Where(part => char.IsDigit(part[0])).Select(int.Parse)];
        string index = numbers.Length > 1 ? $"'{Jobs.IndexKey}': '{numbers[1]}'" : string.Empty;
        string failures = numbers.Length > 2 ? $", '{Jobs.FailuresKey}': '{numbers[2]}'" : string.Empty;
        string deleted = parts.Contains("deleted") ? $"deletionTimestamp: '{Now.Stamp()}'" : string.Empty;
        string conditions = parts.Contains("disrupted") ? "{type: DisruptionTarget, status: 'True'}" : string.Empty;
        string state = parts[1] is "Succeeded" or "Failed" ? $"terminated: {{exitCode: {(numbers.Length > 0 ? numbers[0] : 0)}, finishedAt: '{Now.Stamp()}'}}" : "running: {}";
        return Read($$"""
            metadata:
              name: {{parts[0]}}
              namespace: default
              uid: {{parts[0]}}
              finalizers: [batch.kubernetes.io/job-tracking]
              annotations: { {{index}}{{failures}} }
              {{deleted}}
            status:
              phase: {{parts[1]}}
              conditions: [{{conditions}}]
              containerStatuses: [{name: c, state: { {{state}} } }]
            """);
    })];

    private static MapNode Read(string yaml) => (MapNode)YamlReader.ReadAll(yaml).Single().Root;
}
