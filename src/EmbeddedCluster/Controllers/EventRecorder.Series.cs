using System.Globalization;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers;

/// <summary>
/// Events of events.k8s.io, as the scheduler writes them: with an action and perhaps a second object, and a series for one that happens again.
/// Where client-go writes the second of a series and then every half hour, each is written here, and one that says something new is an event of its own.
/// </summary>
internal sealed partial class EventRecorder
{
    private const int NoteLimit = 1024;
    private const string Cut = " ...";
    private static readonly TimeSpan SeriesEnds = TimeSpan.FromMinutes(6);
    private readonly Dictionary<string, Written> series = new(StringComparer.Ordinal);
    private KindInfo? seriesKind;

    /// <param name="action">What was tried, as a machine reads it (<c>Binding</c>).</param>
    /// <param name="related">The second object that has to do with it; null when there is none.</param>
    public void Record(MapNode about, string component, string type, string reason, string action, string note, MapNode? related = null) =>
        queue.Writer.TryWrite(new Pending(about, string.Empty, component, string.Empty, type, reason, note.Length > NoteLimit ? note[..(NoteLimit - Cut.Length)] + Cut : note, time.GetUtcNow()) { Action = action, Related = related });

    private async Task WriteToSeriesAsync(Pending pending, CancellationToken cancellationToken)
    {
        if (seriesKind is null || (pending.Type == "Normal" && !TrySpendOverall(pending.At)))
        {
            return;
        }

        string key = string.Join('\n', pending.Component, pending.Type, pending.Action, pending.Reason, pending.About.Uid(), pending.About.Text("kind"), pending.About.Namespace(), pending.About.Name(), pending.Related?.Uid(), pending.Message);
        try
        {
            if (series.TryGetValue(key, out Written? earlier) && pending.At - earlier.Last < SeriesEnds && await ContinueAsync(earlier, pending, cancellationToken).ConfigureAwait(false))
            {
                return;
            }

            MapNode body = ComposeSeries(pending);
            await cluster.CreateAsync(seriesKind, body.Namespace(), body, new WriteOptions { FieldManager = pending.Manager }, cancellationToken).ConfigureAwait(false);
            Trim(series);
            series[key] = new Written(new ObjectKey(seriesKind, body.Namespace(), body.Name())) { Last = pending.At };
        }
        catch (ClusterException)
        {
            // Events are a courtesy: a namespace that is going refuses them.
        }
    }

    private async Task<bool> ContinueAsync(Written earlier, Pending pending, CancellationToken cancellationToken)
    {
        MapNode patch = new() { ["series"] = new MapNode { ["count"] = earlier.Count + 1, ["lastObservedTime"] = MicroStamp(pending.At) } };
        try
        {
            await cluster.PatchAsync(earlier.Key, PatchKind.Merge, patch, new WriteOptions { FieldManager = pending.Manager }, cancellationToken).ConfigureAwait(false);
            earlier.Count++;
            earlier.Last = pending.At;
            return true;
        }
        catch (ClusterException error) when (error.IsNotFound)
        {
            return false;
        }
    }

    private MapNode ComposeSeries(Pending pending)
    {
        MapNode body = new()
        {
            ["apiVersion"] = "events.k8s.io/v1",
            ["kind"] = "Event",
            ["metadata"] = new MapNode { ["name"] = NameOf(pending), ["namespace"] = NamespaceOf(pending.About) },
            ["eventTime"] = MicroStamp(pending.At),
            ["reportingController"] = pending.Component,
            ["reportingInstance"] = $"{pending.Component}-{Environment.MachineName}",
            ["action"] = pending.Action,
            ["reason"] = pending.Reason,
            ["regarding"] = Reference(pending.About),
            ["note"] = pending.Message,
            ["type"] = pending.Type,
        };
        if (pending.Related is { } related)
        {
            body["related"] = Reference(related);
        }

        return body;
    }

    private static string MicroStamp(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
