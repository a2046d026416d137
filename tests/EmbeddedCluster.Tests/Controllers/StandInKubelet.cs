using System.Globalization;
using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.Tests.Controllers;

/// <summary>What marked pods as running while the controllers were recorded: a patch of their status.</summary>
internal sealed class StandInKubelet(ICluster cluster, string @namespace) : IDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly HashSet<string> seen = [];
    private CancellationTokenSource? running;
    private int addresses;

    /// <summary>Whether it marks pods by itself at present.</summary>
    public bool IsRunning => running is { IsCancellationRequested: false };

    /// <summary>How often in a row it looked and found no new pod.</summary>
    public int QuietPasses { get; private set; }

    public async Task StepAsync(MapNode step)
    {
        string note = step["note"]?.AsString() ?? string.Empty;
        switch (step["kind"]?.AsString())
        {
            case "kubelet-start":
                running = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
                _ = LoopAsync(note, running.Token);
                break;
            case "kubelet-stop":
                await (running?.CancelAsync() ?? Task.CompletedTask);
                break;
            case "kubelet-once":
                for (int i = 0; i < 40 && await PatchAllAsync(note, CancellationToken.None) == 0; i++)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
                }

                break;
        }
    }

    public void Dispose()
    {
        stopping.Cancel();
        stopping.Dispose();
    }

    private async Task LoopAsync(string note, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            QuietPasses = await PatchAllAsync(note, cancellationToken) == 0 ? QuietPasses + 1 : 0;
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<int> PatchAllAsync(string note, CancellationToken cancellationToken)
    {
        KindInfo kind = (await cluster.FindKindAsync(new ResourceKind(string.Empty, "v1", "Pod"), cancellationToken))!;
        int patched = 0;
        foreach (MapNode pod in (await cluster.ListAsync(kind, @namespace, ListOptions.All, cancellationToken)).Items)
        {
            if (pod.IsDeleting() || (note.Contains("nginx:1.27", StringComparison.Ordinal) && pod.Spec()["containers"].Maps().First().Text("image") != "nginx:1.27") || !seen.Add(pod.Uid()))
            {
                continue;
            }

            patched++;
            try
            {
                ObjectKey key = new(kind, @namespace, pod.Name()) { Subresource = "status" };
                await cluster.PatchAsync(key, PatchKind.StrategicMerge, new MapNode { ["status"] = Status(note) }, new WriteOptions { FieldManager = "kubelet" }, cancellationToken);
            }
            catch (ClusterException)
            {
                // Gone meanwhile.
            }
        }

        return patched;
    }

    private MapNode Status(string note)
    {
        string? final = note.Contains("Succeeded", StringComparison.Ordinal) ? "Succeeded" : note.Contains("Failed", StringComparison.Ordinal) ? "Failed" : null;
        if (final is not null)
        {
            return new MapNode { ["phase"] = final };
        }

        string address = "10.1.0." + (++addresses).ToString(CultureInfo.InvariantCulture);
        return new MapNode
        {
            ["phase"] = "Running",
            ["podIP"] = address,
            ["podIPs"] = new ListNode(new MapNode { ["ip"] = address }),
            ["startTime"] = "2020-01-01T00:00:00Z",
            ["conditions"] = new ListNode(((string[])["PodScheduled", "Initialized", "ContainersReady", "Ready"]).Select(type => (Node)new MapNode
            {
                ["type"] = type,
                ["status"] = "True",
                ["lastTransitionTime"] = "2020-01-01T00:00:00Z",
            })),
        };
    }
}
