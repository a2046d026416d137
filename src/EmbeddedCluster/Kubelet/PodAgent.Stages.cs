using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;
using Microsoft.Extensions.Logging;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>Pods for which a user declared Stages.</summary>
internal sealed partial class PodAgent
{
    // A stage that cannot be carried out is tried again when the pod changes, and now and then.
    private static readonly TimeSpan RetryFailed = TimeSpan.FromMinutes(1);

    private async Task<TimeSpan?> PlayAsync(Stage stage, MapNode pod, MapNode node, CancellationToken cancellationToken)
    {
        foreach (MapNode happened in StagePlayer.EventsOf(stage))
        {
            Action<MapNode, string, string, string, string, string> record = happened.Text("type") == "Warning" ? Plane.Events.Warning : Plane.Events.Normal;
            record(pod, Component, happened.Text("reason"), happened.Text("message"), node.Name(), string.Empty);
        }

        if (StagePlayer.FinalizersAfter(stage, pod) is { } finalizers)
        {
            MapNode metadata = new() { ["resourceVersion"] = pod.ResourceVersion(), ["finalizers"] = finalizers.Count == 0 ? Node.Null : finalizers };
            pod = await writer.MergePatchAsync(pods, pod, new MapNode { ["metadata"] = metadata }, cancellationToken).ConfigureAwait(false);
        }

        if (stage.Delete)
        {
            await writer.DeleteAsync(pods, pod, new DeleteOptions { GracePeriodSeconds = 0 }, cancellationToken).ConfigureAwait(false);
            return null;
        }

        try
        {
            MapNode status = settings.Stages.StatusAfter(stage, pod, FunctionsFor(pod, node), Plane.Time);
            MapNode written = await writer.SetStatusAsync(pods, pod, status, cancellationToken).ConfigureAwait(false);
            // A stage that changes nothing would be entered for ever.
            return written.ResourceVersion() == pod.ResourceVersion() ? RetryFailed : null;
        }
        catch (StageException error)
        {
            Log.StageFailed(Plane.Logger, ObjectName.Of(pod).ToString(), error);
            Plane.Events.Warning(pod, Component, "StageFailed", error.Message, node.Name());
            return RetryFailed;
        }
    }

    private IReadOnlyDictionary<string, GoFunction> FunctionsFor(MapNode pod, MapNode node)
    {
        string host = NodeAgent.AddressOf(node);
        string PodIP() => pod.Spec().Flag("hostNetwork") ? host : addresses.Of(pod, node);
        return StageFunctions.For(node.CreatedAt() ?? Plane.Now, Plane.Now, host, (node.Status()["nodeInfo"] as MapNode).Text("kubeletVersion"), PodIP);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "A Stage of {Pod} cannot be carried out")]
        public static partial void StageFailed(ILogger logger, string pod, Exception error);
    }
}
