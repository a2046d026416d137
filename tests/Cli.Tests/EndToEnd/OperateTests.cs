using System.Diagnostics;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>What an operator asks of a running <c>up</c>: rollback, resume, terminate, confirm, sync; each through the record in the cluster.</summary>
public sealed class OperateTests
{
    private const string Staying = "Ctrl-C ends it";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_rollback_delivers_the_earlier_revision_holds_automation_and_ends_with_a_newer_commit()
    {
        using Scratch scratch = Committed("one");
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository);
        await up.WaitForOutputAsync(Staying, Patience);
        Kubectl kubectl = await KubectlAsync(scratch);
        Commit(scratch, "two");
        await ValueAsync(kubectl, "two", up);
        (int exit, string output, string errors) = await AskAsync(scratch, "rollback", "web");
        Assert.True(exit == 0, output + errors + up.Output);
        Assert.Contains("rolling back to 1", output);
        await ValueAsync(kubectl, "one", up);

        // Self-heal keeps to what was rolled back to.
        await kubectl.RunAsync("-n", "web", "patch", "cm", "a", "--type", "merge", "-p", """{"data":{"value":"by hand"}}""");
        await ValueAsync(kubectl, "one", up);
        Node[] history = [.. JsonReader.Read((await AskAsync(scratch, "history", "web", "-o", "json")).Output).AsList()![0]["deliveries"]!.AsList()!];
        Assert.Equal([1L, 2, 3], history.Select(delivery => delivery["id"]!.AsInteger()!.Value));
        Assert.Equal(history[0]["fingerprint"]!.AsString(), history[2]["fingerprint"]!.AsString());
        Assert.StartsWith("rolled back to 1", history[2]["cause"]!.AsString());

        Commit(scratch, "three");
        await ValueAsync(kubectl, "three", up);
        Assert.DoesNotContain("held", (await AskAsync(scratch, "history", "web")).Output);
    }

    [Fact]
    public async Task A_rollback_lasts_over_a_restart_and_resume_ends_it()
    {
        using Scratch scratch = Committed("one");
        string[] arguments = ["up", scratch.Repository, "--state", Path.Combine(scratch.Root, "state")];
        string[] state = ["--state", Path.Combine(scratch.Root, "state")];
        Kubectl kubectl = new(Path.Combine(scratch.Root, "state", "kubeconfig"));
        await using (Bowline up = Bowline.Start(scratch.Home, arguments))
        {
            await up.WaitForOutputAsync(Staying, Patience);
            Commit(scratch, "two");
            await ValueAsync(kubectl, "two", up);
            (int exit, string output, string errors) = await AskAsync(scratch, ["rollback", "web", "1", .. state]);
            Assert.True(exit == 0, output + errors);
            up.Signal("KILL");
        }

        await using Bowline again = Bowline.Start(scratch.Home, arguments);
        await again.WaitForOutputAsync(Staying, Patience);
        await ValueAsync(kubectl, "one", again);
        Assert.Contains("rolled back to 1", again.Output);
        Assert.Equal(0, (await AskAsync(scratch, ["resume", "web", .. state])).Exit);
        await ValueAsync(kubectl, "two", again);
    }

    [Fact]
    public async Task A_git_revert_is_a_commit_that_is_then_delivered_as_any_other()
    {
        using Scratch scratch = Committed("one");
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository);
        await up.WaitForOutputAsync(Staying, Patience);
        Kubectl kubectl = await KubectlAsync(scratch);
        Commit(scratch, "two");
        await ValueAsync(kubectl, "two", up);
        await Until.TrueAsync(async () => (await AskAsync(scratch, "history", "web")).Output.Split('\n').Length > 3, Patience, () => up.Output);
        (int exit, string output, string errors) = await AskAsync(scratch, "rollback", "web", "--git-revert", "--dry-run");
        Assert.True(exit == 0, output + errors + up.Output);
        Assert.Matches(@"would revert on main of .*repository:\s+\w{7} two\s+changes: web/a.yaml", output);
        (exit, output, errors) = await AskAsync(scratch, "rollback", "web", "--git-revert", "--author", "Ann <ann@example.com>", "--reason", "two was one too many");
        Assert.True(exit == 0, output + errors);
        Assert.Contains("committed on main", output);
        await ValueAsync(kubectl, "one", up);
        Assert.DoesNotContain("held", (await AskAsync(scratch, "history", "web")).Output);
    }

    [Fact]
    public async Task Terminate_ends_a_hanging_sync_with_its_hook_within_a_second_and_a_newer_commit_goes_on()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a", "one").Write("web/hook.yaml", Job("PreSync", hangs: true));
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository);
        Kubectl kubectl = await KubectlAsync(scratch);
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "web", "get", "job", "hook")).Exit == 0, Patience, () => up.Output);
        Stopwatch watch = Stopwatch.StartNew();
        (int exit, string output, string errors) = await AskAsync(scratch, "terminate", "web");
        Assert.True(exit == 0, output + errors);
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "web", "get", "job", "hook")).Exit != 0, TimeSpan.FromSeconds(5), () => up.Output);
        // A second for the engine, the rest for two programs that have to start on a very busy machine.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"took {watch.Elapsed}");
        Assert.NotEqual(0, (await kubectl.TryAsync("-n", "web", "get", "cm", "a")).Exit);

        scratch.Write("web/hook.yaml", Job("PreSync", hangs: false));
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "web", "get", "cm", "a")).Exit == 0, Patience, () => up.Output);
    }

    [Fact]
    public async Task A_newer_commit_replaces_a_sync_that_hangs()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a", "one").Write("web/hook.yaml", Job("PreSync", hangs: true));
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository);
        Kubectl kubectl = await KubectlAsync(scratch);
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "web", "get", "job", "hook")).Exit == 0, Patience, () => up.Output);
        scratch.Write("web/hook.yaml", Job("PreSync", hangs: false));
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "web", "get", "cm", "a")).Exit == 0, Patience, () => up.Output);
    }

    [Fact]
    public async Task Deletions_that_ask_for_a_confirmation_wait_for_it()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a").Write("web/b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\n  annotations: {argocd.argoproj.io/sync-options: Prune=confirm}\n");
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository);
        await up.WaitForOutputAsync(Staying, Patience);
        Kubectl kubectl = await KubectlAsync(scratch);
        File.Delete(Path.Combine(scratch.Repository, "web", "b.yaml"));
        await up.WaitForOutputAsync("Prune=confirm asks for a confirmation", Patience);
        Assert.Equal(0, (await kubectl.TryAsync("-n", "web", "get", "cm", "b")).Exit);
        Assert.Equal(0, (await AskAsync(scratch, "confirm", "web")).Exit);
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "web", "get", "cm", "b")).Exit != 0, Patience, () => up.Output);
    }

    [Fact]
    public async Task Delete_hooks_run_around_the_removal_of_an_application()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("keep", "keep").WriteConfigMap("keep/a.yaml", "a").WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a").Write("web/hook.yaml", Job("PreDelete", hangs: false));
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository);
        await up.WaitForOutputAsync(Staying, Patience);
        Kubectl kubectl = await KubectlAsync(scratch);
        Assert.NotEqual(0, (await kubectl.TryAsync("-n", "web", "get", "job", "hook")).Exit);
        File.Delete(Path.Combine(scratch.Repository, "apps", "web.yaml"));
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "web", "get", "cm", "a")).Exit != 0, Patience, () => up.Output);
        Assert.Equal("1", await kubectl.RunAsync("-n", "web", "get", "job", "hook", "-o", "jsonpath={.status.succeeded}"));
    }

    [Fact]
    public async Task A_delete_hook_that_is_a_Secret_is_kept_in_a_Secret()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("keep", "keep").WriteConfigMap("keep/a.yaml", "a").WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a")
            .Write("web/hook.yaml", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: farewell\n  annotations: {argocd.argoproj.io/hook: PostDelete}\nstringData: {key: t0p-s3cret}\n");
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository);
        await up.WaitForOutputAsync(Staying, Patience);
        Kubectl kubectl = await KubectlAsync(scratch);
        string value = Convert.ToBase64String("t0p-s3cret"u8);
        Assert.DoesNotContain(value, await kubectl.RunAsync("-n", "bowline-system", "get", "cm", "inventory-web", "-o", "yaml"));
        Assert.NotEqual(0, (await kubectl.TryAsync("-n", "web", "get", "secret", "farewell")).Exit);
        File.Delete(Path.Combine(scratch.Repository, "apps", "web.yaml"));
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "web", "get", "cm", "a")).Exit != 0, Patience, () => up.Output);
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "web", "get", "secret", "farewell", "-o", "jsonpath={.data.key}")).Output == value, Patience, () => up.Output);
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "bowline-system", "get", "secret", "inventory-web")).Exit != 0, Patience, () => up.Output);
    }

    [Fact]
    public async Task Who_asks_for_what_is_not_there_is_told_so()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a");
        Assert.Equal(2, (await AskAsync(scratch, "history", "web")).Exit);
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository);
        await up.WaitForOutputAsync(Staying, Patience);
        (int exit, _, string errors) = await AskAsync(scratch, "history", "other");
        Assert.Equal(2, exit);
        Assert.Contains("nothing was delivered under the name other", errors);
        (exit, _, errors) = await AskAsync(scratch, "rollback", "web", "99");
        Assert.Equal(1, exit);
        Assert.Contains("there is no delivery 99", errors);
    }

    private static Task<(int Exit, string Output, string Errors)> AskAsync(Scratch scratch, params string[] arguments) =>
        Bowline.RunAsync(scratch.Home, [.. arguments, "--repo", scratch.Repository]);

    private static async Task<Kubectl> KubectlAsync(Scratch scratch)
    {
        string? file = null;
        await Until.TrueAsync(() => Task.FromResult((file = Directory.Exists(scratch.Home) ? Directory.EnumerateFiles(scratch.Home, "kubeconfig", SearchOption.AllDirectories).FirstOrDefault() : null) is not null), Patience, () => "no kubeconfig was written");
        return new Kubectl(file!);
    }

    private static async Task ValueAsync(Kubectl kubectl, string expected, Bowline up) =>
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "web", "get", "cm", "a", "-o", "jsonpath={.data.value}")).Output == expected, Patience, () => up.Output + up.Errors);

    private static Scratch Committed(string value)
    {
        Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a", value);
        scratch.Git("init", "-q", "-b", "main");
        scratch.Git("add", ".");
        scratch.Git("commit", "-qm", value);
        return scratch;
    }

    private static void Commit(Scratch scratch, string value)
    {
        scratch.WriteConfigMap("web/a.yaml", "a", value);
        scratch.Git("commit", "-qam", value);
    }

    /// <summary>A hook that ends at once, or that no node takes.</summary>
    private static string Job(string hook, bool hangs) => $$"""
        apiVersion: batch/v1
        kind: Job
        metadata:
          name: hook
          annotations: {argocd.argoproj.io/hook: {{hook}}}
        spec:
          template:
            spec:
              restartPolicy: Never
              nodeSelector: {{(hangs ? "{no: such-node}" : "{}")}}
              containers: [{name: hook, image: busybox}]
        """;
}
