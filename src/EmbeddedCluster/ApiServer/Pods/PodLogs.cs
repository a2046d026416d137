using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Kubelet;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Pods;

/// <summary>The options of a request for a log, checked as the API server does.</summary>
internal sealed record PodLogOptions(string Container, bool Follow, bool Previous, bool Timestamps, DateTimeOffset? Since, long? TailLines, long? LimitBytes)
{
    public static PodLogOptions Parse(ApiRequest request, DateTimeOffset now)
    {
        long? sinceSeconds = Number(request, "sinceSeconds");
        string sinceTime = request.Parameter("sinceTime");
        DateTimeOffset? since = sinceSeconds is { } seconds ? now - TimeSpan.FromSeconds(Math.Min(seconds, 3e9)) : Moment(sinceTime);
        return new PodLogOptions(request.Parameter("container"), Flag(request, "follow"), Flag(request, "previous"), Flag(request, "timestamps"), since, Number(request, "tailLines"), Number(request, "limitBytes"));
    }

    private static bool Flag(ApiRequest request, string name) => request.Parameter(name) is "true" or "1" or "True" or "t";

    private static long? Number(ApiRequest request, string name)
    {
        string text = request.Parameter(name);
        return text.Length == 0 ? null
            : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value
            : throw ApiErrors.BadRequest($"strconv.ParseInt: parsing \"{text}\": invalid syntax");
    }

    private static DateTimeOffset? Moment(string text) => text.Length == 0 ? null
        : StringNode.Of(text).Time() ?? throw ApiErrors.BadRequest($"parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{text}\" as \"2006\"");
}

/// <summary>Logs of pods: nothing really runs here, so they are what was declared, or made up from what the pod's status says happened.</summary>
internal sealed class PodLogs(ResourceService service)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);

    public ApiResponse Answer(ServedKind kind, string @namespace, string name, ApiRequest request, CancellationToken cancellationToken)
    {
        MapNode pod = service.Get(kind, @namespace, name).Node;
        if (PodLogChecks.ContainerProblem(pod, name, request) is { } wrong)
        {
            throw wrong;
        }

        PodLogChecks.CheckOptions(name, request);
        PodLogOptions options = PodLogOptions.Parse(request, service.Time.GetUtcNow());
        string container = Choose(pod, options.Container);
        string node = pod.Spec().Text("nodeName");
        if (node.Length == 0)
        {
            return new ApiResponse(204, string.Empty, default);
        }

        if (service.Store.Get("nodes", string.Empty, node) is null)
        {
            // The reference asks its node store through the pods' resource.
            throw ApiErrors.NotFound(string.Empty, "pods", node);
        }

        ContainerRun run = ContainerRun.Of(pod, container, options.Previous, out string problem) ?? throw ApiErrors.BadRequest(problem);
        LogReader reader = new(pod, container, service.Simulation.Behaviours.Of(pod, container).Logs, options);
        byte[] now = reader.Read(run, service.Time.GetUtcNow());
        return options.Follow && !options.Previous && run.Ended is null && !reader.IsFull
            ? new ApiResponse(200, "text/plain", default) { Stream = Follow(kind, pod, reader, now, cancellationToken) }
            : new ApiResponse(200, "text/plain", now);
    }

    private static string Choose(MapNode pod, string asked)
    {
        List<string> own = [.. pod.Spec()["containers"].Maps().Select(item => item.Text("name"))];
        string? usual = pod.Annotation("kubectl.kubernetes.io/default-container");
        return asked.Length > 0 ? asked : usual is not null && own.Contains(usual) ? usual : own.FirstOrDefault() ?? string.Empty;
    }

    private async IAsyncEnumerable<Frame> Follow(ServedKind kind, MapNode pod, LogReader reader, byte[] first, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (first.Length > 0)
        {
            yield return Frame.Of(first);
        }

        while (!cancellationToken.IsCancellationRequested && !reader.IsFull)
        {
            await Task.Delay(LookAgain, service.Time, cancellationToken).ConfigureAwait(false);
            MapNode? live = service.Find(kind, pod.Namespace(), pod.Name())?.Node;
            bool same = live?.Uid() == pod.Uid();
            ContainerRun? run = same ? reader.RunIn(live!) : null;
            byte[] more = run is null ? [] : reader.Read(run, service.Time.GetUtcNow());
            if (more.Length > 0)
            {
                yield return Frame.Of(more);
            }

            if (run?.Ended is not null || !same || run is null)
            {
                yield break;
            }
        }
    }

    /// <summary>One reading of one run's log, which goes on where it stopped.</summary>
    private sealed class LogReader(MapNode pod, string container, string? declared, PodLogOptions options)
    {
        private DateTimeOffset? readTo;
        private DateTimeOffset started;
        private long left = options.LimitBytes ?? long.MaxValue;

        public bool IsFull => left <= 0;

        /// <summary>The run that is read, as a later state of the pod tells it; null when another has begun long ago.</summary>
        public ContainerRun? RunIn(MapNode live)
        {
            if (ContainerRun.Of(live, container, previous: false, out _) is { } current && current.Started == started)
            {
                return current;
            }

            return ContainerRun.Of(live, container, previous: true, out _) is { } before && before.Started == started ? before : null;
        }

        public byte[] Read(ContainerRun run, DateTimeOffset now)
        {
            started = run.Started;
            DateTimeOffset from = readTo is { } last ? last + TimeSpan.FromTicks(1) : options.Since ?? DateTimeOffset.MinValue;
            IEnumerable<LogLine> lines = ContainerLog.Lines(pod, container, run, declared, from, now);
            if (readTo is null && options.TailLines is { } tail)
            {
                lines = lines.TakeLast((int)Math.Min(tail, int.MaxValue));
            }

            readTo = now;
            StringBuilder text = new();
            foreach (LogLine line in lines)
            {
                if (options.Timestamps)
                {
                    text.Append(line.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z '", CultureInfo.InvariantCulture));
                }

                text.Append(line.Text).Append('\n');
            }

            byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
            bytes = bytes.Length > left ? bytes[..(int)left] : bytes;
            left -= bytes.Length;
            return bytes;
        }
    }
}
