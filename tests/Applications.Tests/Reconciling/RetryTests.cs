using Bowline.Applications.Hub;
using Bowline.Applications.Model;
using Bowline.Applications.Reconciling;
using Bowline.Resources.Model;

namespace Bowline.Applications.Tests.Reconciling;

/// <summary>A newer commit while a sync fails and is tried again.</summary>
public sealed class RetryTests
{
    [Fact]
    public async Task It_takes_the_place_of_the_sync_unless_the_retry_says_that_it_has_to_wait()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        int refused = 0;
        bench.Front.Fault = context => FaultBench.IsWrite(context) && context.Request.Path.Value!.EndsWith("/configmaps/one", StringComparison.Ordinal) && Interlocked.Increment(ref refused) > 0
            ? FaultyFront.RefuseAsync(context, 400, "BadRequest", "never") : Task.FromResult(false);
        ApplicationRunner runner = bench.Run("a", FaultBench.ConfigMap("one"), spec => Retrying(spec, keeps: false));
        await FaultBench.UntilAsync(() => refused > 0, () => runner.Status.Message);
        runner.Update(FaultBench.Render("a", FaultBench.ConfigMap("two"), spec => Retrying(spec, keeps: false)));
        await FaultBench.UntilAsync(() => runner.Status.IsDelivered, () => runner.Status.Message);
    }

    [Fact]
    public async Task It_waits_for_the_end_of_the_attempts_where_the_retry_says_so()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        int refused = 0, early = 0;
        bool allowed = false;
        bench.Front.Fault = context =>
        {
            string path = FaultBench.IsWrite(context) ? context.Request.Path.Value! : string.Empty;
            early += path.EndsWith("/configmaps/two", StringComparison.Ordinal) && !Volatile.Read(ref allowed) ? 1 : 0;
            bool refuse = path.EndsWith("/configmaps/one", StringComparison.Ordinal) && !Volatile.Read(ref allowed);
            refused += refuse ? 1 : 0;
            return refuse ? FaultyFront.RefuseAsync(context, 400, "BadRequest", "not yet") : Task.FromResult(false);
        };
        ApplicationRunner runner = bench.Run("a", FaultBench.ConfigMap("one"), spec => Retrying(spec, keeps: true));
        await FaultBench.UntilAsync(() => runner.Settling.Failures > 0, () => runner.Status.Message);
        runner.Update(FaultBench.Render("a", FaultBench.ConfigMap("two"), spec => Retrying(spec, keeps: true)));
        int before = refused;
        await FaultBench.UntilAsync(() => refused > before + 2, () => "the older commit is not tried any more");
        Assert.Equal(0, early);
        Volatile.Write(ref allowed, true);
        await FaultBench.UntilAsync(() => runner.Status.IsDelivered && runner.Application.Resources.Single().Id.Name == "two", () => $"{runner.Status.Sync}: {runner.Status.Message}");
    }

    [Fact]
    public async Task It_does_not_wait_for_attempts_that_are_used_up_or_for_somebody_who_asks_for_a_sync()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        bench.Front.Fault = context => FaultBench.IsWrite(context) && context.Request.Path.Value!.EndsWith("/configmaps/one", StringComparison.Ordinal)
            ? FaultyFront.RefuseAsync(context, 400, "BadRequest", "never") : Task.FromResult(false);
        ApplicationRunner spent = bench.Run("a", FaultBench.ConfigMap("one"), spec => Retrying(spec, keeps: true, limit: 1));
        await FaultBench.UntilAsync(() => spent.Settling.Failures > 0, () => spent.Status.Message);
        spent.Update(FaultBench.Render("a", FaultBench.ConfigMap("two"), spec => Retrying(spec, keeps: true, limit: 1)));
        await FaultBench.UntilAsync(() => spent.Status.IsDelivered, () => $"{spent.Status.Sync}: {spent.Status.Message}");

        ApplicationRunner asked = bench.Run("b", FaultBench.ConfigMap("one"), spec => Retrying(spec, keeps: true));
        await FaultBench.UntilAsync(() => asked.Settling.Failures > 0, () => asked.Status.Message);
        asked.Update(FaultBench.Render("b", FaultBench.ConfigMap("two"), spec => Retrying(spec, keeps: true)));
        asked.Answer(new SyncOrder { By = "ann" }, string.Empty, terminate: false);
        await FaultBench.UntilAsync(() => asked.Status.IsDelivered, () => $"{asked.Status.Sync}: {asked.Status.Message}");
    }

    [Fact]
    public async Task A_hook_that_keeps_failing_after_everything_is_in_place_is_tried_as_often_as_the_retry_says_and_is_not_called_synced()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        int tries = 0;
        bench.Front.Fault = context => FaultBench.IsWrite(context) && context.Request.Path.Value!.EndsWith("/configmaps/after", StringComparison.Ordinal) && Interlocked.Increment(ref tries) > 0
            ? FaultyFront.RefuseAsync(context, 400, "BadRequest", "never") : Task.FromResult(false);
        string hook = FaultBench.ConfigMap("after").Replace("name: after", "name: after, annotations: {argocd.argoproj.io/hook: PostSync}", StringComparison.Ordinal);
        ApplicationRunner runner = bench.Run("a", FaultBench.ConfigMap("one") + hook, spec => Retrying(spec, keeps: false, limit: 2));
        await FaultBench.UntilAsync(() => runner.Settling.IsExhausted, () => runner.Status.Message);

        // To look again is no reason to try again, and does not make it synced.
        DateTimeOffset? told = null;
        bench.Told = () => told = DateTimeOffset.UtcNow;
        runner.Signal();
        await FaultBench.UntilAsync(() => told is not null, () => "nobody looked again");
        Assert.Equal(3, tries);
        Assert.Equal(SyncState.OutOfSync, runner.Status.Sync);
        Assert.Contains("never", runner.Status.Message);

        // The hub says it in Argo CD's words: the cluster is as the repository says, and the operation failed.
        MapNode status = StatusNode.Of(bench.Report("a")!, new MapNode(), [], "argocd", DateTimeOffset.UnixEpoch);
        Assert.Equal(("Synced", "Failed"), (status.At("sync", "status")!.AsString(), status.At("operationState", "phase")!.AsString()));
    }

    private static ApplicationSpec Retrying(ApplicationSpec spec, bool keeps, int limit = -1) =>
        spec with { Policy = spec.Policy with { Retry = new RetryPolicy(limit, TimeSpan.FromMilliseconds(20), 1, TimeSpan.FromSeconds(1)) { KeepsRevision = keeps } } };
}
