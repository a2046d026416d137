using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Controllers.Workloads;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Lifecycle;

/// <summary>Removes pods that no kubelet will ever remove: of nodes that are gone or out of service, and those deleted before they got one.</summary>
internal sealed class PodCollector(ControlPlane plane) : Reconciler(plane)
{
    private const string OutOfService = "node.kubernetes.io/out-of-service";
    private const int MaxFinished = 12500;

    // A node that vanishes is often a node that is registered anew.
    private static readonly TimeSpan Quarantine = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(20);
    private static readonly ObjectName Round = new(string.Empty, "finished");
    private readonly KindMirror pods = plane.Mirror(string.Empty, "Pod");
    private readonly KindMirror nodes = plane.Mirror(string.Empty, "Node");
    private readonly Dictionary<string, DateTimeOffset> missing = new(StringComparer.Ordinal);

    public override void Subscribe()
    {
        Watch(nodes, change =>
        {
            if (change.New is null || IsOutOfService(change.New))
            {
                foreach (MapNode pod in pods.Indexed(change.Any.Name()))
                {
                    Queue.Add(ObjectName.Of(pod));
                }
            }
        });
        Watch(pods, change =>
        {
            if (change.New is not { } pod)
            {
                return;
            }

            string node = pod.Spec().Text("nodeName");
            if ((node.Length == 0 && pod.IsDeleting()) || (node.Length > 0 && (pod.IsDeleting() || change.Old?.Spec().Text("nodeName") != node) && IsStranded(nodes.Get(string.Empty, node))))
            {
                Queue.Add(ObjectName.Of(pod));
            }
            else if (pod.IsFinished() && pods.Count > MaxFinished)
            {
                Queue.AddAfter(Round, Period);
            }
        });
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (key == Round)
        {
            await TrimAsync(cancellationToken).ConfigureAwait(false);
            return null;
        }

        if (pods.Get(key) is not { } pod)
        {
            return null;
        }

        string name = pod.Spec().Text("nodeName");
        if (name.Length == 0)
        {
            await (pod.IsDeleting() ? Plane.Writer.DeleteAsync(pods, pod, AtOnce, cancellationToken) : Task.CompletedTask).ConfigureAwait(false);
        }
        else if (nodes.Get(string.Empty, name) is { } node)
        {
            missing.Remove(name);
            if (pod.IsDeleting() && IsOutOfService(node))
            {
                await Plane.Writer.DeleteAsync(pods, pod, AtOnce, cancellationToken).ConfigureAwait(false);
            }
        }
        else
        {
            return await CollectAsync(pod, name, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    private static DeleteOptions AtOnce => DeleteOptions.Background with { GracePeriodSeconds = 0 };

    private async Task<TimeSpan?> CollectAsync(MapNode pod, string node, CancellationToken cancellationToken)
    {
        DateTimeOffset since = missing[node] = missing.TryGetValue(node, out DateTimeOffset known) && known <= Plane.Now ? known : Plane.Now;
        TimeSpan left = since + Quarantine - Plane.Now;
        if (left > TimeSpan.Zero)
        {
            return left;
        }

        await Disruption.DeleteAsync(Plane, pods, pod, "DeletionByPodGC", "PodGC: node no longer exists", AtOnce, cancellationToken, fail: true).ConfigureAwait(false);
        return null;
    }

    // The oldest finished pods beyond what a cluster keeps.
    private async Task TrimAsync(CancellationToken cancellationToken)
    {
        List<MapNode> finished = [.. pods.All().Where(pod => pod.IsFinished() && !pod.IsDeleting())];
        foreach (MapNode pod in finished.OrderBy(pod => pod.CreatedAt()).ThenBy(pod => pod.Name(), StringComparer.Ordinal).Take(Math.Max(0, finished.Count - MaxFinished)))
        {
            await Plane.Writer.DeleteAsync(pods, pod, AtOnce, cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool IsStranded(MapNode? node) => node is null || IsOutOfService(node);

    private static bool IsOutOfService(MapNode node) =>
        !node.Status().ConditionIs("Ready", "True") && node.Spec()["taints"].Maps().Any(taint => taint.Text("key") == OutOfService);
}
