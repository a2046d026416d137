using System.Globalization;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>A line of a log and when it was written.</summary>
internal readonly record struct LogLine(DateTimeOffset At, string Text);

/// <summary>One run of a container, as its status tells it.</summary>
/// <param name="Ended">Null while it runs.</param>
internal sealed record ContainerRun(DateTimeOffset Started, DateTimeOffset? Ended, string Ending)
{
    /// <summary>The run whose log is asked for.</summary>
    /// <param name="problem">Why there is none, as the kubelet words it.</param>
    public static ContainerRun? Of(MapNode pod, string container, bool previous, out string problem)
    {
        MapNode? status = ((string[])["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"])
            .SelectMany(list => pod.Status()[list].Maps()).FirstOrDefault(status => status.Text("name") == container);
        MapNode? last = status?["lastState"]?["terminated"] as MapNode;
        MapNode? state = status?["state"] as MapNode;
        problem = string.Empty;
        if (previous)
        {
            problem = last is null ? $"previous terminated container \"{container}\" in pod \"{pod.Name()}\" not found" : string.Empty;
            return last is null ? null : OfEnded(last);
        }

        if (state?["running"] is MapNode running)
        {
            return new ContainerRun(running["startedAt"].Time() ?? default, null, string.Empty);
        }

        if ((state?["terminated"] as MapNode ?? last) is { } ended)
        {
            return OfEnded(ended);
        }

        problem = $"container \"{container}\" in pod \"{pod.Name()}\" is waiting to start" + (state?["waiting"] as MapNode).Text("reason") switch
        {
            "" => " - no logs yet",
            "ErrImagePull" => ": image can't be pulled",
            "ImagePullBackOff" => ": trying and failing to pull image",
            { } reason => ": " + reason,
        };
        return null;
    }

    private static ContainerRun OfEnded(MapNode terminated) => new(
        terminated["startedAt"].Time() ?? default,
        terminated["finishedAt"].Time() ?? default,
        string.Create(CultureInfo.InvariantCulture, $"ended with exit code {terminated.Int("exitCode")} ({terminated.Text("reason")})"));
}

/// <summary>What a simulated container writes: the lines that were declared for it, or some that say that nothing runs.</summary>
internal static class ContainerLog
{
    private const int MostLines = 10_000;
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    /// <summary>The lines of a run from one moment to another, the oldest first; of very many the last.</summary>
    public static IEnumerable<LogLine> Lines(MapNode pod, string container, ContainerRun run, string? declared, DateTimeOffset from, DateTimeOffset to) =>
        All(pod, container, run, declared, from, run.Ended is { } ended && ended < to ? ended : to).Where(line => line.At >= from && line.At <= to);

    private static IEnumerable<LogLine> All(MapNode pod, string container, ContainerRun run, string? declared, DateTimeOffset from, DateTimeOffset end)
    {
        IEnumerable<string> first = declared is not null ? Split(declared) :
        [
            $"container {container} of pod {pod.Namespace()}/{pod.Name()} started",
            "This node is simulated by Bowline: nothing runs here. The annotation bowline.dev/logs gives lines of your own.",
        ];
        int number = 0;
        foreach (string line in first.TakeLast(MostLines))
        {
            yield return new LogLine(run.Started + TimeSpan.FromMilliseconds(number++), line);
        }

        if (declared is null)
        {
            // Only those that can be asked for: a pod may have run for years.
            long begin = Math.Max(1, Math.Max((from - run.Started).Ticks / Every.Ticks, ((end - run.Started).Ticks / Every.Ticks) - MostLines));
            for (DateTimeOffset at = run.Started + TimeSpan.FromTicks(begin * Every.Ticks); at < end; at += Every)
            {
                yield return new LogLine(at, $"running for {GoDuration.Format((at - run.Started).Ticks * 100)}");
            }
        }

        if (run.Ended is { } ended)
        {
            yield return new LogLine(ended, run.Ending);
        }
    }

    private static IEnumerable<string> Split(string text) => (text.EndsWith('\n') ? text[..^1] : text).Split('\n');
}
