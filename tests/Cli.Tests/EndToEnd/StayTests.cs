using System.Diagnostics;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary><c>up</c> without <c>--once</c>: it stays, follows the repository and undoes drift.</summary>
public sealed class StayTests
{
    private const string Staying = "Ctrl-C ends it";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_saved_file_is_delivered_within_a_second_and_a_removed_one_is_pruned()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a", "one").WriteConfigMap("web/b.yaml", "b");
        await using Bowline up = Up(scratch, out Kubectl kubectl);
        await up.WaitForOutputAsync(Staying, Patience);
        await kubectl.RunAsync("get", "deploy", "-A");

        Stopwatch watch = Stopwatch.StartNew();
        scratch.WriteConfigMap("web/a.yaml", "a", "two");
        await Until.TrueAsync(async () => await kubectl.RunAsync("-n", "web", "get", "cm", "a", "-o", "jsonpath={.data.value}") == "two", Patience, () => up.Output);
        // The second that users are promised, and what a busy test machine and kubectl's own start add.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(3), $"took {watch.Elapsed}");

        File.Delete(Path.Combine(scratch.Repository, "web", "b.yaml"));
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "web", "get", "cm", "b")).Exit != 0, Patience, () => up.Output);
    }

    [Fact]
    public async Task An_object_that_moves_to_another_application_or_whose_application_is_renamed_is_never_deleted()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("a", "a", @namespace: "shared").WriteApplication("b", "b", @namespace: "shared").WriteConfigMap("a/moving.yaml", "moving").WriteConfigMap("a/other.yaml", "other").WriteConfigMap("b/b.yaml", "b");
        await using Bowline up = Up(scratch, out Kubectl kubectl);
        await up.WaitForOutputAsync(Staying, Patience);
        Task<string> AskAsync(string path) => kubectl.RunAsync("-n", "shared", "get", "cm", "moving", "-o", $"jsonpath={path}");
        Task<string> OwnerAsync() => AskAsync(@"{.metadata.annotations.argocd\.argoproj\.io/tracking-id}");
        string uid = await AskAsync("{.metadata.uid}");
        scratch.Git("init", "-q", "-b", "main");
        scratch.Git("add", ".");
        scratch.Git("commit", "-qm", "one");

        File.Move(Path.Combine(scratch.Repository, "a", "moving.yaml"), Path.Combine(scratch.Repository, "b", "moving.yaml"));
        scratch.Git("commit", "-qam", "two");
        await Until.TrueAsync(async () => await OwnerAsync() == "b:/ConfigMap:shared/moving", Patience, () => up.Output);
        Assert.Equal(uid, await AskAsync("{.metadata.uid}"));

        File.Delete(Path.Combine(scratch.Repository, "apps", "b.yaml"));
        scratch.WriteApplication("c", "b", @namespace: "shared");
        scratch.Git("add", "-A");
        scratch.Git("commit", "-qm", "three");
        await Until.TrueAsync(async () => await OwnerAsync() == "c:/ConfigMap:shared/moving", Patience, () => up.Output);
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "bowline-system", "get", "cm", "inventory-b")).Exit != 0, Patience, () => up.Output);
        Assert.Equal(uid, await AskAsync("{.metadata.uid}"));
        Assert.DoesNotContain("cannot be removed", up.Output);
    }

    [Fact]
    public async Task A_commit_is_delivered_and_becomes_the_revision()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a", "one");
        scratch.Git("init", "-q", "-b", "main");
        scratch.Git("add", ".");
        scratch.Git("commit", "-qm", "one");
        await using Bowline up = Up(scratch, out Kubectl kubectl);
        await up.WaitForOutputAsync(Staying, Patience);
        Assert.DoesNotContain("dirty", up.Output);
        scratch.WriteConfigMap("web/a.yaml", "a", "two");
        scratch.Git("commit", "-qam", "two");
        await Until.TrueAsync(async () => await kubectl.RunAsync("-n", "web", "get", "cm", "a", "-o", "jsonpath={.data.value}") == "two", Patience, () => up.Output);
    }

    [Fact]
    public async Task Live_drift_is_undone()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a", "right");
        await using Bowline up = Up(scratch, out Kubectl kubectl);
        await up.WaitForOutputAsync(Staying, Patience);
        await kubectl.RunAsync("-n", "web", "patch", "cm", "a", "--type", "merge", "-p", """{"data":{"value":"wrong"}}""");
        await Until.TrueAsync(async () => await kubectl.RunAsync("-n", "web", "get", "cm", "a", "-o", "jsonpath={.data.value}") == "right", Patience, () => up.Output);
        await kubectl.RunAsync("-n", "web", "delete", "cm", "a");
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "web", "get", "cm", "a")).Exit == 0, Patience, () => up.Output);
    }

    [Fact]
    public async Task A_broken_commit_leaves_what_runs_alone_and_its_fix_is_delivered()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a", "one");
        await using Bowline up = Up(scratch, out Kubectl kubectl);
        await up.WaitForOutputAsync(Staying, Patience);
        scratch.Write("web/a.yaml", "apiVersion: v1\nkind: [\n");
        await up.WaitForOutputAsync("web/a.yaml:", Patience);
        Assert.Equal("one", await kubectl.RunAsync("-n", "web", "get", "cm", "a", "-o", "jsonpath={.data.value}"));
        scratch.WriteConfigMap("web/a.yaml", "a", "fixed");
        await Until.TrueAsync(async () => await kubectl.RunAsync("-n", "web", "get", "cm", "a", "-o", "jsonpath={.data.value}") == "fixed", Patience, () => up.Output);
    }

    [Fact]
    public async Task An_application_manifest_that_is_added_is_reconciled_and_one_that_goes_takes_its_objects_along()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("one", "one").WriteConfigMap("one/a.yaml", "a").WriteConfigMap("two/a.yaml", "a");
        await using Bowline up = Up(scratch, out Kubectl kubectl);
        await up.WaitForOutputAsync(Staying, Patience);
        scratch.WriteApplication("two", "two");
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "two", "get", "cm", "a")).Exit == 0, Patience, () => up.Output);
        File.Delete(Path.Combine(scratch.Repository, "apps", "one.yaml"));
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "one", "get", "cm", "a")).Exit != 0, Patience, () => up.Output);
    }

    [Fact]
    public async Task Ctrl_C_ends_it_cleanly()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a");
        await using Bowline up = Up(scratch, out _);
        await up.WaitForOutputAsync(Staying, Patience);
        Stopwatch watch = Stopwatch.StartNew();
        up.Signal("INT");
        Assert.Equal(0, await up.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"took {watch.Elapsed}");
        Assert.DoesNotContain("Exception", up.Output + up.Errors);
    }

    [Fact]
    public async Task Killed_in_the_middle_and_started_again_on_the_same_state_nothing_is_lost_or_doubled()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web", @namespace: "web");
        for (int number = 0; number < 40; number++)
        {
            scratch.WriteConfigMap($"web/c{number}.yaml", $"c{number}");
        }

        scratch.Write("web/deployment.yaml", """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            spec:
              replicas: 3
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec: {containers: [{name: web, image: nginx}]}
            """);
        string state = Path.Combine(scratch.Root, "state");
        string[] arguments = ["up", scratch.Repository, "--once", "-o", "json", "--state", state];
        for (int round = 0; round < 6; round++)
        {
            await using Bowline interrupted = Bowline.Start(scratch.Home, arguments);
            await Task.Delay(250 + (round * 120));
            interrupted.Signal("KILL");
        }

        scratch.Write("web/c39.yaml", "# left the repository\n");
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, arguments);
        Assert.True(exit == 0, output + errors);
        await using Bowline stays = Bowline.Start(scratch.Home, "up", scratch.Repository, "--state", state);
        await stays.WaitForOutputAsync(Staying, Patience);
        Kubectl kubectl = new(Path.Combine(state, "kubeconfig"));
        string[] names = (await kubectl.RunAsync("-n", "web", "get", "cm", "-o", "name")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(39, names.Count(name => name.StartsWith("configmap/c", StringComparison.Ordinal)));
        Assert.Equal(3, (await kubectl.RunAsync("-n", "web", "get", "pods", "-o", "name")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Single((await kubectl.RunAsync("-n", "web", "get", "rs", "-o", "name")).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static Bowline Up(Scratch scratch, out Kubectl kubectl)
    {
        string kubeconfig = Path.Combine(scratch.Root, "kubeconfig");
        kubectl = new Kubectl(kubeconfig);
        return Bowline.Start(scratch.Home, "up", scratch.Repository, "--write-kubeconfig", kubeconfig);
    }
}
