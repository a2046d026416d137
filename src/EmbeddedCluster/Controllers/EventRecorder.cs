using System.Globalization;
using System.Threading.Channels;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers;

/// <summary>
/// Writes core/v1 Events in the background with client-go's rules: the same event counts up, more than ten alike are
/// combined, a source may speak 25 times about one object, and what does not fit in the queue is lost.
/// </summary>
internal sealed partial class EventRecorder(ICluster cluster, TimeProvider time)
{
    private const int QueueLength = 1000;
    private const int MaxSimilar = 10;
    private const int Burst = 25;
    private const int MaxRemembered = 4096;

    // An event costs as much as a pod; a swarm of pods must not wait for the story of its making.
    private const int GlobalBurst = 500;
    private const double PerSecond = 200;
    private static readonly TimeSpan SimilarWithin = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Refill = TimeSpan.FromMinutes(5);

    private readonly Channel<Pending> queue = Channel.CreateBounded<Pending>(new BoundedChannelOptions(QueueLength)
    {
        FullMode = BoundedChannelFullMode.DropWrite,
        SingleReader = true,
    });

    private readonly Dictionary<string, Similar> similar = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Written> written = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (double Tokens, DateTimeOffset At)> budgets = new(StringComparer.Ordinal);
    private KindInfo? kind;
    private (double Tokens, DateTimeOffset At) budget = (GlobalBurst, time.GetUtcNow());
    private long sequence;

    public void Normal(MapNode about, string component, string reason, string message, string host = "", string fieldPath = "") =>
        Record(about, component, "Normal", reason, message, host, fieldPath);

    public void Warning(MapNode about, string component, string reason, string message, string host = "", string fieldPath = "") =>
        Record(about, component, "Warning", reason, message, host, fieldPath);

    public void Record(MapNode about, string component, string type, string reason, string message) =>
        Record(about, component, type, reason, message, string.Empty, string.Empty);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            kind = await cluster.FindKindAsync(new ResourceKind(string.Empty, "v1", "Event"), cancellationToken).ConfigureAwait(false);
            seriesKind = await cluster.FindKindAsync(new ResourceKind("events.k8s.io", "v1", "Event"), cancellationToken).ConfigureAwait(false);
            await foreach (Pending pending in queue.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                await (pending.Action.Length > 0 ? WriteToSeriesAsync(pending, cancellationToken) : WriteAsync(pending, cancellationToken)).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private void Record(MapNode about, string component, string type, string reason, string message, string host, string fieldPath) =>
        queue.Writer.TryWrite(new Pending(about, fieldPath, component, host, type, reason, message, time.GetUtcNow()));

    private async Task WriteAsync(Pending pending, CancellationToken cancellationToken)
    {
        if (kind is null)
        {
            return;
        }

        string aggregate = string.Join('\n', pending.Component, pending.Host, pending.About.Text("kind"), pending.About.Namespace(), pending.About.Name(), pending.About.Uid(), pending.FieldPath, pending.Type, pending.Reason);
        bool combined = IsOneTooMany(aggregate, pending);
        if (!TrySpend(pending) || (pending.Type == "Normal" && !TrySpendOverall(pending.At)))
        {
            return;
        }

        string key = combined ? aggregate : aggregate + "\n" + pending.Message;
        try
        {
            if (written.TryGetValue(key, out Written? earlier) && await CountUpAsync(earlier, pending, combined, cancellationToken).ConfigureAwait(false))
            {
                return;
            }

            MapNode body = Compose(pending, combined);
            await cluster.CreateAsync(kind, body.Namespace(), body, new WriteOptions { FieldManager = pending.Manager }, cancellationToken).ConfigureAwait(false);
            Trim(written);
            written[key] = new Written(new ObjectKey(kind, body.Namespace(), body.Name()));
        }
        catch (ClusterException)
        {
            // Events are a courtesy: a namespace that is going refuses them.
        }
    }

    private async Task<bool> CountUpAsync(Written earlier, Pending pending, bool combined, CancellationToken cancellationToken)
    {
        MapNode patch = new()
        {
            ["count"] = earlier.Count + 1,
            ["lastTimestamp"] = pending.At.Stamp(),
            ["message"] = combined ? Combined(pending.Message) : pending.Message,
        };
        try
        {
            await cluster.PatchAsync(earlier.Key, PatchKind.Merge, patch, new WriteOptions { FieldManager = pending.Manager }, cancellationToken).ConfigureAwait(false);
            earlier.Count++;
            return true;
        }
        catch (ClusterException error) when (error.IsNotFound)
        {
            return false;
        }
    }

    private bool IsOneTooMany(string aggregate, Pending pending)
    {
        if (!similar.TryGetValue(aggregate, out Similar? group) || pending.At - group.Last > SimilarWithin)
        {
            Trim(similar);
            similar[aggregate] = group = new Similar();
        }

        group.Last = pending.At;
        group.Messages.Add(pending.Message);
        if (group.Messages.Count < MaxSimilar)
        {
            return false;
        }

        group.Messages.Remove(group.Messages.First());
        return true;
    }

    private bool TrySpend(Pending pending)
    {
        string key = string.Join('\n', pending.Component, pending.About.Text("kind"), pending.About.Namespace(), pending.About.Name(), pending.About.Uid());
        (double tokens, DateTimeOffset at) = budgets.GetValueOrDefault(key, (Burst, pending.At));
        tokens = Math.Min(Burst, tokens + ((pending.At - at) / Refill));
        Trim(budgets);
        budgets[key] = (tokens >= 1 ? tokens - 1 : tokens, pending.At);
        return tokens >= 1;
    }

    private bool TrySpendOverall(DateTimeOffset now)
    {
        double tokens = Math.Min(GlobalBurst, budget.Tokens + (Math.Max(0, (now - budget.At).TotalSeconds) * PerSecond));
        budget = (tokens >= 1 ? tokens - 1 : tokens, now > budget.At ? now : budget.At);
        return tokens >= 1;
    }

    private MapNode Compose(Pending pending, bool combined)
    {
        MapNode involved = Reference(pending.About);
        Put(involved, "fieldPath", pending.FieldPath);
        MapNode source = new() { ["component"] = pending.Component };
        Put(source, "host", pending.Host);
        return new MapNode
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Event",
            ["metadata"] = new MapNode { ["name"] = NameOf(pending), ["namespace"] = NamespaceOf(pending.About) },
            ["involvedObject"] = involved,
            ["reason"] = pending.Reason,
            ["message"] = combined ? Combined(pending.Message) : pending.Message,
            ["source"] = source,
            ["firstTimestamp"] = pending.At.Stamp(),
            ["lastTimestamp"] = pending.At.Stamp(),
            ["count"] = 1,
            ["type"] = pending.Type,
            ["reportingComponent"] = combined ? string.Empty : pending.Component,
            ["reportingInstance"] = combined ? string.Empty : pending.Host,
        };
    }

    // Nanoseconds since 1970, as client-go names events; the sequence tells apart two of one tick.
    private string NameOf(Pending pending) =>
        $"{pending.About.Name()}.{(((pending.At - DateTimeOffset.UnixEpoch).Ticks * 100) + (sequence++ % 100)).ToString("x", CultureInfo.InvariantCulture)}";

    private static string NamespaceOf(MapNode about) => about.Namespace().Length == 0 ? "default" : about.Namespace();

    private static MapNode Reference(MapNode about)
    {
        MapNode reference = new() { ["kind"] = about.Text("kind") };
        Put(reference, "namespace", about.Namespace());
        Put(reference, "name", about.Name());
        Put(reference, "uid", about.Uid());
        Put(reference, "apiVersion", about.Text("apiVersion"));
        Put(reference, "resourceVersion", about.ResourceVersion());
        return reference;
    }

    private static void Put(MapNode map, string key, string value)
    {
        if (value.Length > 0)
        {
            map[key] = value;
        }
    }

    private static string Combined(string message) => "(combined from similar events): " + message;

    private static void Trim<T>(Dictionary<string, T> remembered)
    {
        if (remembered.Count >= MaxRemembered)
        {
            remembered.Clear();
        }
    }

    private sealed record Pending(MapNode About, string FieldPath, string Component, string Host, string Type, string Reason, string Message, DateTimeOffset At)
    {
        /// <summary>Empty for an event of the core API.</summary>
        public string Action { get; init; } = string.Empty;

        public MapNode? Related { get; init; }

        public string Manager => Component switch
        {
            "kubelet" => "kubelet",
            "default-scheduler" => "kube-scheduler",
            _ => "kube-controller-manager",
        };
    }

    private sealed class Similar
    {
        public HashSet<string> Messages { get; } = new(StringComparer.Ordinal);

        public DateTimeOffset Last { get; set; }
    }

    private sealed class Written(ObjectKey key)
    {
        public ObjectKey Key { get; } = key;

        public int Count { get; set; } = 1;

        public DateTimeOffset Last { get; set; }
    }
}
