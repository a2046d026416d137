using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>When a probe of a container says what, counted from the container's start.</summary>
internal static class ProbeTimes
{
    /// <summary>When a probe that begins to succeed at a moment has succeeded often enough.</summary>
    /// <param name="from">Not before this the probe is asked at all (the startup probe comes first).</param>
    /// <param name="well">From when on the program answers well.</param>
    public static TimeSpan Success(Node? probe, TimeSpan from, TimeSpan well)
    {
        if (probe is not MapNode)
        {
            return from > well ? from : well;
        }

        TimeSpan first = Max(from, TimeSpan.FromSeconds(probe.Int("initialDelaySeconds")));
        TimeSpan period = TimeSpan.FromSeconds(Math.Max(1, probe.Int("periodSeconds", 10)));
        if (well > first)
        {
            first += period * Math.Ceiling((well - first) / period);
        }

        return first + (period * (Math.Max(1, probe.Int("successThreshold", 1)) - 1));
    }

    /// <summary>When a probe that never succeeds has failed often enough.</summary>
    public static TimeSpan Failure(Node? probe, TimeSpan from)
    {
        TimeSpan first = Max(from, TimeSpan.FromSeconds(probe.Int("initialDelaySeconds")));
        return first + (TimeSpan.FromSeconds(Math.Max(1, probe.Int("periodSeconds", 10))) * (Math.Max(1, probe.Int("failureThreshold", 3)) - 1));
    }

    /// <summary>What the kubelet reports of a probe that failed, by its handler.</summary>
    public static string Complaint(Node? probe) =>
        probe?["exec"] is MapNode ? "command failed" : probe?["grpc"] is MapNode ? "service unhealthy (responded with \"NOT_SERVING\")"
        : probe?["tcpSocket"] is MapNode ? "dial tcp: connection refused" : "HTTP probe failed with statuscode: 503";

    private static TimeSpan Max(TimeSpan left, TimeSpan right) => left > right ? left : right;
}
