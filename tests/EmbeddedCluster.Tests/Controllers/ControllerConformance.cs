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
        ["kcm-deployment-recreate-paused#9"] = "the recording sent two patches without waiting for the controller",
        ["kcm-deployment-rollout#15"] = "API server: annotations of a Deployment raise its generation",
        ["kcm-endpointslice#2"] = EmptySlice,
        ["kcm-endpointslice#6"] = EmptySlice,
        ["kcm-hpa-no-metrics#7"] = Rounds,
        ["kcm-job-complete#10"] = "the recording leaves out who finished the pod",
        ["kcm-pdb#14"] = "API server: an eviction writes the budget's status as kube-apiserver",
        ["kcm-replicaset-adoption#13"] = "of two pods made in the same second either may go",
        ["kcm-resourcequota#5"] = QuotaWriter,
        ["kcm-resourcequota#13"] = QuotaWriter,
        ["kcm-resourcequota#15"] = QuotaWriter,
        ["kcm-resourcequota#17"] = QuotaWriter,
        ["kcm-statefulset#9"] = ClaimWarning,
        ["kcm-statefulset#12"] = ClaimWarning,
        ["kcm-statefulset#11"] = TwoEvents,
        ["kcm-statefulset#15"] = TwoEvents,
        ["kcm-statefulset#18"] = TwoEvents,
        ["kcm-statefulset#20"] = Rounds,
        ["kcm-volume-binding#6"] = PhaseTime,
        ["kcm-volume-binding#14"] = PhaseTime,
        ["kcm-volume-binding#15"] = Rounds,
    };

    private const string EmptySlice = "API server: null endpoints and ports of an EndpointSlice are shown";
    private const string QuotaWriter = "admission: the quota's usage is written by kube-apiserver as requests are let in";
    private const string ClaimWarning = "API server: warns of apiVersion and kind of claim templates";
    private const string TwoEvents = "API server: a pod without a node is marked before it is removed, which makes two events";
    private const string PhaseTime = "API server: stamps lastPhaseTransitionTime itself, so that no manager owns it (shows when a volume is older than a second)";
    private const string Rounds = "how often an event is repeated depends on how many rounds the recording waited";

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
        TimeProvider time = Hurried.TryGetValue(name, out int speed) ? new HurriedTime(speed) : TimeProvider.System;
        await using RunningCluster cluster = await RunningCluster.StartAsync(
            new ControllerManagerOptions { SimulateNodes = false, Strict = true, NodeGrace = TimeSpan.FromSeconds(20) },
            new EmbeddedClusterOptions { ServiceSubnet = "10.0.0.0/24", Time = time });
        using StandInKubelet kubelet = new(cluster.Cluster, name);
        KindInfo namespaces = await cluster.KindAsync("v1", "Namespace");
        ScenarioReplay? replaying = null;
        using ScenarioReplay replay = replaying = new(cluster.Host, name, ControllerScenario.Load(file), report)
        {
            Kubelet = kubelet.StepAsync,
            PollAttempts = Deadlines.Contains(name) ? 60 : 15,
            BeforeRequest = async _ =>
            {
                await SettleAsync(cluster);
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

    // The recordings were made with pauses: each request met a cluster at rest.
    private static async Task SettleAsync(RunningCluster cluster)
    {
        for (int still = 0, i = 0; still < 2 && i < 100; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            still = cluster.Manager.IsIdle ? still + 1 : 0;
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
