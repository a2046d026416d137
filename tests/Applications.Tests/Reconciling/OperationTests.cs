using Bowline.Applications.Hub;
using Bowline.Applications.Model;
using Bowline.Applications.Reconciling;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Inventories;
using Bowline.Delivery.Syncing;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Applications.Tests.Reconciling;

/// <summary>Syncs that somebody asks for by way of an Application's <c>operation</c>.</summary>
public sealed class OperationTests
{
    private static readonly KindInfo ConfigMaps = new(new ResourceKind(string.Empty, "v1", "ConfigMap"), "configmaps", Namespaced: true);
    private static readonly string Hook = FaultBench.ConfigMap("ran").Replace("name: ran", "generateName: ran-, annotations: {argocd.argoproj.io/hook: PreSync}", StringComparison.Ordinal);

    [Fact]
    public async Task One_that_fails_is_tried_again_as_often_as_it_says_and_is_under_way_until_then()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        int tries = 0;
        List<AttemptPhase> between = [];
        bench.Front.Fault = context =>
        {
            bool refused = context.Request.Path.Value!.EndsWith("/configmaps/one", StringComparison.Ordinal) && context.Request.Method == "PATCH" && context.Request.Query["dryRun"].Count == 0 && ++tries <= 2;
            return refused ? FaultyFront.RefuseAsync(context, 400, "BadRequest", "not yet") : Task.FromResult(false);
        };
        bench.Context = bench.Context with { Reported = Collect(bench.Context.Reported, report => between.Add(report.Attempt?.Phase ?? AttemptPhase.Running)) };
        ApplicationRunner runner = bench.Run("a", FaultBench.ConfigMap("one"), Manual);
        HubRequest request = Request("{operation: {retry: {limit: 2, backoff: {duration: 100ms, factor: 1}}, sync: {}}}");
        runner.Answer(request.Order, request.Refusal, terminate: false);
        await FaultBench.UntilAsync(() => bench.Report("a")?.Attempt is { Phase: AttemptPhase.Succeeded }, () => $"{bench.Report("a")?.Attempt}");
        Assert.Equal(2, bench.Report("a")!.Attempt!.Retries);
        Assert.Equal(3, tries);
        Assert.DoesNotContain(AttemptPhase.Failed, between);
    }

    [Fact]
    public async Task One_that_keeps_failing_ends_and_says_how_often_it_was_tried_and_without_a_retry_it_is_tried_once()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        bench.Front.Fault = context => FaultBench.IsWrite(context) && context.Request.Path.Value!.EndsWith("/configmaps/one", StringComparison.Ordinal) ? FaultyFront.RefuseAsync(context, 400, "BadRequest", "never") : Task.FromResult(false);
        ApplicationRunner runner = bench.Run("a", FaultBench.ConfigMap("one"), Manual);
        HubRequest once = Request("{operation: {sync: {}}}");
        runner.Answer(once.Order, once.Refusal, terminate: false);
        await FaultBench.UntilAsync(() => bench.Report("a")?.Attempt is { Phase: AttemptPhase.Failed }, () => $"{bench.Report("a")?.Attempt}");
        Assert.DoesNotContain("retried", bench.Report("a")!.Attempt!.Message);
        HubRequest often = Request("{operation: {retry: {limit: 3, backoff: {duration: 20ms, factor: 1}}, sync: {}}}");
        runner.Answer(often.Order, often.Refusal, terminate: false);
        await FaultBench.UntilAsync(() => bench.Report("a")?.Attempt is { Phase: AttemptPhase.Failed, Retries: 3 }, () => $"{bench.Report("a")?.Attempt}");
        Assert.EndsWith("(retried 3 times).", bench.Report("a")!.Attempt!.Message);
        Assert.Contains("never", bench.Report("a")!.Attempt!.Message);
    }

    [Fact]
    public async Task One_that_waits_to_be_tried_again_can_be_terminated()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        int tries = 0;
        bench.Front.Fault = context => FaultBench.IsWrite(context) && context.Request.Path.Value!.EndsWith("/configmaps/one", StringComparison.Ordinal) && ++tries > 0 ? FaultyFront.RefuseAsync(context, 400, "BadRequest", "never") : Task.FromResult(false);
        ApplicationRunner runner = bench.Run("a", FaultBench.ConfigMap("one"), Manual);
        HubRequest request = Request("{operation: {retry: {limit: -1, backoff: {duration: 1h}}, sync: {}}}");
        runner.Answer(request.Order, request.Refusal, terminate: false);
        await FaultBench.UntilAsync(() => bench.Report("a")?.Attempt is { Phase: AttemptPhase.Running, Retries: 1 } attempt && attempt.Message.Contains("Retrying attempt #1", StringComparison.Ordinal), () => $"{bench.Report("a")?.Attempt}");
        int before = tries;
        runner.Answer(null, string.Empty, terminate: true);
        await FaultBench.UntilAsync(() => bench.Report("a")?.Attempt is { Phase: AttemptPhase.Failed, Message: "Operation terminated" }, () => $"{bench.Report("a")?.Attempt}");
        Assert.Equal(before, tries);
    }

    [Fact]
    public async Task Options_of_the_operation_go_before_those_of_the_application()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        ApplicationRunner runner = await bench.DeliverAsync("a", FaultBench.ConfigMap("one"));
        MapNode foreign = new() { ["data"] = new MapNode { ["added"] = "by hand" } };
        await bench.Server.PatchAsync(new ObjectKey(ConfigMaps, "a", "one"), PatchKind.Merge, foreign, new WriteOptions { FieldManager = "somebody" }, default);
        HubRequest request = Request("{operation: {sync: {syncOptions: [Replace=true]}}}");
        runner.Answer(request.Order, request.Refusal, terminate: false);
        await FaultBench.UntilAsync(() => Value(bench, "added") is null, () => "what the repository does not say is still there: it was not replaced");
        Assert.Equal("right", Value(bench, "value"));
    }

    [Fact]
    public async Task What_was_under_way_when_the_program_ended_goes_on_and_what_it_had_done_is_not_done_again()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        string manifests = FaultBench.ConfigMap("one") + Hook;
        HubRequest asked = Request("{operation: {initiatedBy: {username: ann}, sync: {}}}");
        ApplicationRunner first = bench.Run("a", manifests, Manual, runner => runner.Answer(asked.Order, asked.Refusal, terminate: false));
        await FaultBench.UntilAsync(() => bench.Report("a")?.Attempt is { Phase: AttemptPhase.Succeeded }, () => first.Status.Message);
        Assert.Equal(1, await RanAsync(bench));

        // The last word was lost: the object still says that it runs.
        MapNode left = Running(asked);
        ApplicationRunner second = bench.Run("a", manifests, Manual, runner => Resume(runner, left));
        await FaultBench.UntilAsync(() => bench.Report("a")?.Attempt is { Phase: AttemptPhase.Succeeded, Order.IsResumed: true }, () => second.Status.Message);
        Assert.Equal(1, await RanAsync(bench));
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), bench.Report("a")!.Attempt!.Started);
        Assert.Equal("ann", bench.Report("a")!.Attempt!.Order.By);
    }

    [Fact]
    public async Task What_had_not_been_done_when_the_program_ended_is_done_though_nothing_is_automated()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        MapNode left = Running(Request("{operation: {sync: {}}}"));
        ApplicationRunner runner = bench.Run("a", FaultBench.ConfigMap("one") + Hook, Manual, runner => Resume(runner, left));
        await FaultBench.UntilAsync(() => bench.Report("a")?.Attempt is { Phase: AttemptPhase.Succeeded }, () => runner.Status.Message);
        Assert.Equal("right", Value(bench, "value"));
        Assert.Equal(1, await RanAsync(bench));
    }

    [Theory]
    [InlineData("{status: {operationState: {phase: Succeeded, operation: {sync: {}}}}}")]
    [InlineData("{status: {operationState: {phase: Terminating, operation: {sync: {}}}}}")]
    [InlineData("{status: {}}")]
    public void Nothing_is_resumed_that_is_over(string application) => Assert.Null(HubRequest.Interrupted((MapNode)YamlReader.Read(application)));

    [Fact]
    public async Task A_rollback_brings_its_own_source_and_an_application_that_is_synced_automatically_refuses_it()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        SyncOrder? rendered = null;
        bench.Context = bench.Context with
        {
            RenderWithAsync = (name, order, _) =>
            {
                rendered = order;
                return Task.FromResult(FaultBench.Render(name, FaultBench.ConfigMap("earlier"), Manual));
            },
        };
        ApplicationRunner runner = bench.Run("a", FaultBench.ConfigMap("one"), Manual);
        HubRequest request = Request("{spec: {source: {repoURL: now, targetRevision: main}}, operation: {sync: {revision: abc, source: {repoURL: then, path: old, targetRevision: main}}}}");
        runner.Answer(request.Order, request.Refusal, terminate: false);
        await FaultBench.UntilAsync(() => bench.Report("a")?.Attempt is { Phase: AttemptPhase.Succeeded }, () => runner.Status.Message);
        Assert.Equal(("then", "old", "abc"), (rendered!.Sources[0].RepoUrl, rendered.Sources[0].Path, rendered.Revisions[0]));
        Assert.NotNull(await bench.Server.GetAsync(new ObjectKey(ConfigMaps, "a", "earlier"), default));
        Assert.Contains("synced automatically", Request("{spec: {syncPolicy: {automated: {}}}, operation: {sync: {source: {repoURL: then}}}}").Refusal);
    }

    private static Action<ApplicationReport> Collect(Action<ApplicationReport> then, Action<ApplicationReport> first) => report =>
    {
        first(report);
        then(report);
    };

    private static ApplicationSpec Manual(ApplicationSpec spec) => spec with { Policy = spec.Policy with { Automated = false, IsManual = true, SelfHeal = false } };

    private static HubRequest Request(string application) => HubRequest.Of((MapNode)YamlReader.Read(application))!;

    private static MapNode Running(HubRequest request) => new()
    {
        ["status"] = new MapNode { ["operationState"] = new MapNode { ["phase"] = "Running", ["operation"] = request.Order!.Operation!, ["startedAt"] = "2026-01-02T03:04:05Z" } },
    };

    private static void Resume(ApplicationRunner runner, MapNode held)
    {
        HubRequest left = HubRequest.Interrupted(held)!;
        runner.Answer(left.Order, left.Refusal, terminate: false);
    }

    private static string? Value(FaultBench bench, string key) =>
        bench.Server.GetAsync(new ObjectKey(ConfigMaps, "a", "one"), default).GetAwaiter().GetResult()?.At("data", key)?.AsString();

    private static async Task<int> RanAsync(FaultBench bench) =>
        (await bench.Server.ListAsync(ConfigMaps, "a", ListOptions.All, default)).Items.Count(item => new Resource(item).Name.StartsWith("ran-", StringComparison.Ordinal));
}
