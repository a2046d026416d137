using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Controllers.Workloads;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Lifecycle;

/// <summary>Deletes pods for reasons of their node, and says so in the pod's conditions first.</summary>
internal static class Disruption
{
    /// <param name="fail">Whether the pod counts as failed from now on: nobody is left who could say how it ended.</param>
    public static async Task DeleteAsync(ControlPlane plane, KindMirror pods, MapNode pod, string reason, string message, DeleteOptions options, CancellationToken cancellationToken, bool fail = false)
    {
        MapNode status = pod.Status().Clone();
        ListNode conditions = Counting.CopyConditions(status);
        Counting.SetCondition(conditions, new MapNode
        {
            ["type"] = "DisruptionTarget",
            ["status"] = "True",
            ["observedGeneration"] = pod.Generation(),
            ["lastProbeTime"] = Node.Null,
            ["lastTransitionTime"] = plane.Now.Stamp(),
            ["reason"] = reason,
            ["message"] = message,
        });
        status["conditions"] = conditions;
        if (fail && !pod.IsFinished())
        {
            status["phase"] = "Failed";
        }

        pod = await plane.Writer.SetStatusAsync(pods, pod, status, cancellationToken).ConfigureAwait(false);
        await plane.Writer.DeleteAsync(pods, pod, options, cancellationToken).ConfigureAwait(false);
    }
}
