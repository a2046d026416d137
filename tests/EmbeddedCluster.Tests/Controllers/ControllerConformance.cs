using Bowline.EmbeddedCluster.Hosting;
using Bowline.EmbeddedCluster.Tests.ApiServer;

namespace Bowline.Tests.Controllers;

/// <summary>Replays what kube-controller-manager 1.36 made of recorded requests.</summary>
public sealed class ControllerConformance
{
    // Only goes up: steps that matched when this was last raised.
    private const int Floor = 140;

    // Takes more than a minute of real time; CronJobTests cover it with a clock of their own.
    private static readonly HashSet<string> TooSlow = ["kcm-cronjob"];

    // Something has to run out here, in real time.
    private static readonly HashSet<string> Deadlines = ["kcm-deployment-rollout-stuck", "kcm-job-complete", "kcm-job-failed"];

    [SharedFact]
    public async Task Recorded_scenarios_end_as_kube_controller_manager_ends_them()
    {
        ScenarioReport report = new();
        foreach (string file in Directory.GetFiles(Path.Combine(SharedFolder.Goldens("apiserver"), "controllers"), "*.json").Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileNameWithoutExtension(file);
            if (TooSlow.Contains(name))
            {
                continue;
            }

            await using RunningCluster cluster = await RunningCluster.StartAsync(
                new ControllerManagerOptions { SimulateNodes = false, Strict = true },
                new EmbeddedClusterOptions { ServiceSubnet = "10.0.0.0/24" });
            using StandInKubelet kubelet = new(cluster.Cluster, name);
            using ScenarioReplay replay = new(cluster.Host, file, report) { Kubelet = kubelet.StepAsync, PollAttempts = Deadlines.Contains(name) ? 90 : 12, BeforeRequest = polls => polls ? Task.CompletedTask : SettleAsync(cluster) };
            await replay.RunAsync();
        }

        Report(report);
    }

    // The recordings were made with pauses: each request met a cluster at rest.
    private static async Task SettleAsync(RunningCluster cluster)
    {
        for (int still = 0, i = 0; still < 4 && i < 100; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(25), TimeProvider.System);
            still = cluster.Manager.IsIdle ? still + 1 : 0;
        }
    }

    private static void Report(ScenarioReport report)
    {
        string summary = $"controllers: {report.Matched}/{report.Total} steps, {report.CleanScenarios}/{report.Scenarios} scenarios";
        string output = Path.Combine(AppContext.BaseDirectory, "conformance-controllers.txt");
        File.WriteAllText(output, summary + "\n" + string.Join("\n", report.Mismatches));
        Assert.True(report.Matched >= Floor, $"{summary}; see {output}\n{string.Join("\n", report.Mismatches.Take(40))}");
    }
}
