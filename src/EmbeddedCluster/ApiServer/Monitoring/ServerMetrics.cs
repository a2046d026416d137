using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Bowline.EmbeddedCluster.Kinds;

namespace Bowline.EmbeddedCluster.ApiServer.Monitoring;

/// <summary>What kube-apiserver's request metrics tell requests apart by; empty for what is no request for a resource that is served.</summary>
internal readonly record struct RequestLabels(string Verb, string DryRun, string Group, string Version, string Resource, string Subresource, string Scope)
{
    public static RequestLabels Of(ApiRequest request, RequestTarget target, KindCatalog kinds)
    {
        string dryRun = request.Parameter("dryRun");

        // Names that clients make up must not become labels.
        if (!target.IsResource || kinds.Find(target.Group, target.Version, target.Resource) is not { } kind)
        {
            return new RequestLabels(request.Method is "GET" or "HEAD" or "POST" or "PUT" or "PATCH" or "DELETE" or "OPTIONS" ? request.Method : "OTHER", string.Empty, string.Empty, string.Empty, string.Empty, string.Empty, string.Empty);
        }

        bool connects = target.Subresource is "exec" or "attach" or "portforward" or "proxy";
        string verb = target.Verb switch
        {
            _ when connects => "CONNECT",
            "create" => "POST",
            "update" => "PUT",
            "patch" => request.ContentType.StartsWith("application/apply-patch", StringComparison.Ordinal) ? "APPLY" : "PATCH",
            "get" or "list" or "watch" or "delete" or "deletecollection" => target.Verb.ToUpperInvariant(),
            _ => "OTHER",
        };
        string scope = target.Name.Length > 0 || target.Verb == "create" ? "resource" : target.Namespace is not null ? "namespace" : "cluster";
        string subresource = kind.Subresource(target.Subresource) is null ? string.Empty : target.Subresource;
        return new RequestLabels(verb, dryRun == "All" ? dryRun : string.Empty, target.Group, target.Version, target.Resource, subresource, scope);
    }

    public bool IsMutating => Verb is "POST" or "PUT" or "PATCH" or "APPLY" or "DELETE" or "DELETECOLLECTION";
}

/// <summary>A histogram in Prometheus' sense: counts up to each bound, all of them and their sum.</summary>
internal sealed class Histogram(double[] bounds)
{
    private readonly long[] counts = new long[bounds.Length + 1];
    private double sum;

    public double[] Bounds => bounds;

    public void Add(double value)
    {
        int at = Array.FindIndex(bounds, bound => value <= bound);
        Interlocked.Increment(ref counts[at < 0 ? bounds.Length : at]);
        for (double before = sum; Interlocked.CompareExchange(ref sum, before + value, before) is var seen && !seen.Equals(before);)
        {
            before = seen;
        }
    }

    /// <summary>How many values were up to each bound, and at the end how many there were.</summary>
    public (long[] Cumulated, double Sum) Read()
    {
        long total = 0;
        long[] cumulated = new long[counts.Length];
        for (int i = 0; i < counts.Length; i++)
        {
            cumulated[i] = total += Interlocked.Read(ref counts[i]);
        }

        return (cumulated, Volatile.Read(ref sum));
    }
}

/// <summary>Counts requests as kube-apiserver does, for <c>/metrics</c>.</summary>
internal sealed class ServerMetrics(TimeProvider time)
{
    private static readonly double[] Seconds = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];
    private static readonly double[] Bytes = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
    private long reading;
    private long mutating;

    public ConcurrentDictionary<(RequestLabels Labels, int Code), StrongBox<long>> Requests { get; } = new();

    public ConcurrentDictionary<RequestLabels, Histogram> Durations { get; } = new();

    public ConcurrentDictionary<RequestLabels, Histogram> Sizes { get; } = new();

    /// <summary>Watches that are open.</summary>
    public ConcurrentDictionary<RequestLabels, StrongBox<long>> LongRunning { get; } = new();

    public ConcurrentDictionary<(string Group, string Version, string Resource), StrongBox<long>> WatchEvents { get; } = new();

    public long Reading => Interlocked.Read(ref reading);

    public long Mutating => Interlocked.Read(ref mutating);

    /// <summary>Answers the request and counts it; a watch is counted when it ends.</summary>
    public async Task<ApiResponse> ObserveAsync(RequestLabels labels, Func<Task<ApiResponse>> answer)
    {
        long begun = time.GetTimestamp();
        bool mutates = labels.IsMutating;
        Interlocked.Increment(ref (mutates ? ref mutating : ref reading));
        ApiResponse response;
        try
        {
            response = await answer().ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref (mutates ? ref mutating : ref reading));
        }

        if (response.Stream is { } stream)
        {
            return response with { Stream = Follow(labels, response.Code, stream, begun, default) };
        }

        Count(labels, response.Code, begun);
        if (labels.Verb is "GET" or "LIST")
        {
            Sizes.GetOrAdd(labels, static _ => new Histogram(Bytes)).Add(response.Body.Length);
        }

        return response;
    }

    private void Count(RequestLabels labels, int code, long begun)
    {
        Interlocked.Increment(ref Requests.GetOrAdd((labels, code), static _ => new StrongBox<long>()).Value);
        Durations.GetOrAdd(labels, static _ => new Histogram(Seconds)).Add(time.GetElapsedTime(begun).TotalSeconds);
    }

    private async IAsyncEnumerable<Frame> Follow(RequestLabels labels, int code, IAsyncEnumerable<Frame> stream, long begun, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        StrongBox<long> open = LongRunning.GetOrAdd(labels, static _ => new StrongBox<long>());
        StrongBox<long>? events = labels.Verb == "WATCH" ? WatchEvents.GetOrAdd((labels.Group, labels.Version, labels.Resource), static _ => new StrongBox<long>()) : null;
        Interlocked.Increment(ref open.Value);
        try
        {
            await foreach (Frame frame in stream.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                if (events is not null)
                {
                    Interlocked.Increment(ref events.Value);
                }

                yield return frame;
            }
        }
        finally
        {
            Interlocked.Decrement(ref open.Value);
            Count(labels, code, begun);
        }
    }
}
