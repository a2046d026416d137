using System.Globalization;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>
/// <c>kill -9</c> at random points of deliveries, against an API server that lives on. By default fewer rounds than the hundred that
/// <c>BOWLINE_KILLS=100</c> asks for, since each starts the program anew.
/// </summary>
public sealed class KillTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task After_any_kill_the_cluster_matches_the_repository_nothing_wrong_is_pruned_and_no_hook_ran_twice()
    {
        int rounds = int.Parse(Environment.GetEnvironmentVariable("BOWLINE_KILLS") ?? "6", CultureInfo.InvariantCulture);
        using Scratch scratch = new();
        string kubeconfig = Path.Combine(scratch.Root, "kubeconfig");
        scratch.WriteApplication("keeper", "keeper").WriteConfigMap("keeper/a.yaml", "a", "kept").WriteApplication("web", "web");
        scratch.Write("web/hook.yaml", """
            apiVersion: batch/v1
            kind: Job
            metadata:
              generateName: migrate-
              annotations: {argocd.argoproj.io/hook: PreSync, argocd.argoproj.io/hook-delete-policy: HookFailed}
            spec: {template: {spec: {restartPolicy: Never, containers: [{name: m, image: busybox}]}}}
            """);
        await using Bowline cluster = Bowline.Start(scratch.Home, "cluster", "start", "--state", Path.Combine(scratch.Root, "state"), "--port", "0", "--write-kubeconfig", kubeconfig);
        await cluster.WaitForOutputAsync("Ctrl-C ends it", Patience);
        Kubectl kubectl = new(kubeconfig);
        Random random = new(20261129);
        for (int round = 0; round < rounds; round++)
        {
            // Each round adds objects, changes one and takes others away.
            for (int number = 0; number < 12; number++)
            {
                scratch.WriteConfigMap($"web/c{number}.yaml", $"c{(number < 6 ? number : number + round)}", round.ToString(CultureInfo.InvariantCulture));
            }

            await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository, "--kubeconfig", kubeconfig, "--once");
            await Task.Delay(random.Next(200, 2500));
            up.Signal("KILL");
        }

        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--kubeconfig", kubeconfig, "--once");
        Assert.True(exit == 0, output + errors);
        string[] maps = (await kubectl.RunAsync("-n", "web", "get", "cm", "-l", "app.kubernetes.io/managed-by!=bowline", "-o", "jsonpath={range .items[*]}{.metadata.name}={.data.value} {end}")).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string[] expected = [.. Enumerable.Range(0, 12).Select(number => $"c{(number < 6 ? number : number + rounds - 1)}={rounds - 1}")];
        Assert.Equal(expected.Order(StringComparer.Ordinal), maps.Where(map => map.StartsWith('c')).Order(StringComparer.Ordinal));
        Assert.Equal("kept", await kubectl.RunAsync("-n", "keeper", "get", "cm", "a", "-o", "jsonpath={.data.value}"));

        // A hook's name ends with the desired state that it ran for: one of each, however often that was begun.
        string[] hooks = (await kubectl.RunAsync("-n", "web", "get", "jobs", "-o", "jsonpath={.items[*].metadata.name}")).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.NotEmpty(hooks);
        Assert.All(hooks.GroupBy(name => name.Split('-')[2], StringComparer.Ordinal), same => Assert.Single(same));
    }
}
