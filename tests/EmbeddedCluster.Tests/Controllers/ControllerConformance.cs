using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.EmbeddedCluster.Tests.ApiServer;
using Xunit.Abstractions;

namespace Bowline.Tests.Controllers;

/// <summary>Replays what kube-controller-manager 1.36 made of recorded requests.</summary>
public sealed class ControllerConformance(ITestOutputHelper output)
{
    // Steps that are known to differ, with the reason. The list only gets shorter: a step that is not in it fails the test.
    private static readonly Dictionary<string, string> Known = new()
    {
        ["kcm-deployment-recreate-paused#9"] = "the recording sent two patches at once: its second shows the observedGeneration from before the first, which this replay waits for",
        ["kcm-hpa-no-metrics#7"] = Rounds,
        ["kcm-replicaset-adoption#13"] = "of two pods about as old the one with the smaller uid goes, and uids are chance",
        ["kcm-statefulset#20"] = Rounds,
        ["kcm-volume-binding#15"] = Rounds,
    };

    private const string Rounds = "how often an event is repeated depends on how many rounds (15 s each, 3 s for autoscalers) the recording waited";

    // Its kubelet is said to have stopped, yet a Job made afterwards finished: it went on.
    private const string NeverStopped = "kcm-job-complete";

    // A minute has to pass here.
    private static readonly Dictionary<string, int> Hurried = new()
    {
        ["kcm-cronjob"] = 15,
        ["kcm-node-lifecycle"] = 8,
    };

    private static readonly HashSet<string> Deadlines = ["kcm-deployment-rollout-stuck", "kcm-job-complete", "kcm-job-failed", "kcm-cronjob", "kcm-node-lifecycle"];

    [SharedFact]
    public async Task Recorded_scenarios_end_as_kube_controller_manager_ends_them()
    {
        ScenarioReport report = new();
        string? only = Environment.GetEnvironmentVariable("BOWLINE_SCENARIO");
        foreach (string file in Directory.GetFiles(Path.Combine(SharedFolder.Goldens("apiserver"), "controllers"), "*.json").Order(StringComparer.Ordinal))
        {
            if (only is null || Path.GetFileName(file).Contains(only, StringComparison.Ordinal))
            {
                await ReplayAsync(file, report);
            }
        }

        Judge(report);
    }

    private static async Task ReplayAsync(string file, ScenarioReport report)
    {
        string name = Path.GetFileNameWithoutExtension(file);
        bool isHurried = Hurried.TryGetValue(name, out int speed);
        HurriedTime time = new(isHurried ? speed : 1);
        await using RunningCluster cluster = await RunningCluster.StartAsync(
            new ControllerManagerOptions { SimulateNodes = false, Strict = true, NodeGrace = TimeSpan.FromSeconds(20) },
            new EmbeddedClusterOptions { ServiceSubnet = "10.0.0.0/24", Time = time });
        using StandInKubelet kubelet = new(cluster.Cluster, name);
        KindInfo namespaces = await cluster.KindAsync("v1", "Namespace");
        ScenarioReplay? replaying = null;
        using ScenarioReplay replay = replaying = new(cluster.Host, name, ControllerScenario.Load(file), report)
        {
            Kubelet = step => name == NeverStopped && step["kind"]?.AsString() == "kubelet-stop" ? Task.CompletedTask : kubelet.StepAsync(step),
            PollAttempts = Deadlines.Contains(name) ? 60 : 15,
            BeforeRequest = async polls =>
            {
                await SettleAsync(cluster, kubelet);
                if (!polls && !isHurried)
                {
                    time.Jump(TimeSpan.FromSeconds(1));
                }

                ObjectList list = await cluster.Cluster.ListAsync(namespaces, string.Empty, ListOptions.All, CancellationToken.None);
                replaying!.Bind(ControllerScenario.Present, list.ResourceVersion);
            },
            EventContract = ControllerScenario.Contract,
        };
        for (int i = 1; i < 10; i++)
        {
            replay.Bind($"<podIP-{i}>", $"10.1.9.{i}");
        }

        await replay.RunAsync();
    }

    // The recordings were made with pauses: each request met a cluster at rest, a second or more after the one before.
    private static async Task SettleAsync(RunningCluster cluster, StandInKubelet kubelet)
    {
        int passes = 0;
        for (int still = 0, i = 0; still < 2 && i < 500; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            bool isQuiet = !kubelet.IsRunning || kubelet.QuietPasses > passes;
            passes = kubelet.QuietPasses;
            still = cluster.Manager.IsIdle && isQuiet ? still + 1 : 0;
        }
    }

    private void Judge(ScenarioReport report)
    {
        string summary = $"controllers: {report.Matched}/{report.Total} steps, {report.CleanScenarios}/{report.Scenarios} scenarios";
        output.WriteLine(summary);
        string file = Path.Combine(AppContext.BaseDirectory, "conformance-controllers.txt");
        File.WriteAllText(file, summary + "\n" + string.Join("\n", report.Mismatches));
        string[] unexpected = [.. report.Mismatches.Where(mismatch => !Known.ContainsKey(mismatch.Split(' ')[0]))];
        foreach (string stale in Known.Keys.Except(report.Differing).Where(_ => report.Scenarios > 1))
        {
            output.WriteLine($"no longer differs: {stale}");
        }

        Assert.True(unexpected.Length == 0, $"{summary}; see {file}\n{string.Join("\n", unexpected.Take(40))}");
    }
}
