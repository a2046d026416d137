using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Monitoring;

/// <summary><c>/metrics</c> in Prometheus' text format 0.0.4, under the names and labels of kube-apiserver's metrics.</summary>
internal sealed class MetricsPage(ServerMetrics metrics, ObjectStore store, KindRegistry kinds, DateTimeOffset started)
{
    private static readonly (string Label, string Member)[] BuildInfo =
    [
        ("build_date", "buildDate"), ("compiler", "compiler"), ("git_commit", "gitCommit"), ("git_tree_state", "gitTreeState"), ("git_version", "gitVersion"),
        ("go_version", "goVersion"), ("major", "major"), ("minor", "minor"), ("platform", "platform"),
    ];

    public string Write()
    {
        StringBuilder text = new();
        Head(text, "apiserver_current_inflight_requests", "gauge", "[STABLE] Requests that are being answered, by kind.");
        Sample(text, "apiserver_current_inflight_requests", metrics.Mutating, ("request_kind", "mutating"));
        Sample(text, "apiserver_current_inflight_requests", metrics.Reading, ("request_kind", "readOnly"));
        Head(text, "apiserver_longrunning_requests", "gauge", "[STABLE] Watches that are open.");
        Counts(text, "apiserver_longrunning_requests", metrics.LongRunning, static labels => [.. About(labels), ("component", "apiserver")]);
        Head(text, "apiserver_request_total", "counter", "[STABLE] Requests that were answered.");
        Counts(text, "apiserver_request_total", metrics.Requests, static key => [("code", Number(key.Code)), ("component", "apiserver"), ("dry_run", key.Labels.DryRun), .. About(key.Labels)]);
        Head(text, "apiserver_request_duration_seconds", "histogram", "[STABLE] How long requests took, in seconds.");
        Histograms(text, "apiserver_request_duration_seconds", metrics.Durations, static labels => [("component", "apiserver"), ("dry_run", labels.DryRun), .. About(labels)]);
        Head(text, "apiserver_response_sizes", "histogram", "[STABLE] How long the bodies of answers to GET and LIST were, in bytes.");
        Histograms(text, "apiserver_response_sizes", metrics.Sizes, static labels => [("component", "apiserver"), .. About(labels)]);
        Head(text, "apiserver_watch_events_total", "counter", "[ALPHA] Events that were sent to watchers.");
        Counts(text, "apiserver_watch_events_total", metrics.WatchEvents, static key => [("group", key.Group), ("resource", key.Resource), ("version", key.Version)]);
        Objects(text);
        Process(text);
        return text.ToString();
    }

    private void Objects(StringBuilder text)
    {
        ServedKind[] stored = [.. kinds.Current.Kinds.Where(kind => kind.Can("list") && kind.Kind.Group != MetricsEndpoints.Group).DistinctBy(kind => kind.Collection).OrderBy(kind => kind.Collection, StringComparer.Ordinal)];
        Head(text, "apiserver_resource_objects", "gauge", "[ALPHA] Objects that are stored.");
        foreach (ServedKind kind in stored)
        {
            Sample(text, "apiserver_resource_objects", store.Snapshot(kind.Collection).Count, ("group", kind.Kind.Group), ("resource", kind.Plural));
        }

        Head(text, "apiserver_storage_objects", "gauge", "[STABLE] Objects that are stored.");
        foreach (ServedKind kind in stored)
        {
            Sample(text, "apiserver_storage_objects", store.Snapshot(kind.Collection).Count, ("resource", kind.QualifiedPlural));
        }
    }

    private void Process(StringBuilder text)
    {
        Head(text, "kubernetes_build_info", "gauge", "[ALPHA] The version that this server speaks for.");
        Node version = EmbeddedData.Json("version.json");
        Sample(text, "kubernetes_build_info", 1, [.. BuildInfo.Select(pair => (pair.Label, version[pair.Member]?.AsString() ?? string.Empty))]);
        Head(text, "process_cpu_seconds_total", "counter", "User and system time, in seconds.");
        Sample(text, "process_cpu_seconds_total", Environment.CpuUsage.TotalTime.TotalSeconds);
        Head(text, "process_resident_memory_bytes", "gauge", "Resident memory, in bytes.");
        Sample(text, "process_resident_memory_bytes", Environment.WorkingSet);
        Head(text, "process_start_time_seconds", "gauge", "When the server started, in seconds of the Unix epoch.");
        Sample(text, "process_start_time_seconds", started.ToUnixTimeMilliseconds() / 1000.0);
    }

    private static (string, string)[] About(RequestLabels labels) =>
        [("group", labels.Group), ("resource", labels.Resource), ("scope", labels.Scope), ("subresource", labels.Subresource), ("verb", labels.Verb), ("version", labels.Version)];

    private static void Counts<T>(StringBuilder text, string name, IEnumerable<KeyValuePair<T, StrongBox<long>>> counts, Func<T, (string, string)[]> labels)
    {
        foreach ((T key, StrongBox<long> count) in counts)
        {
            Sample(text, name, Interlocked.Read(ref count.Value), labels(key));
        }
    }

    private static void Histograms(StringBuilder text, string name, IEnumerable<KeyValuePair<RequestLabels, Histogram>> histograms, Func<RequestLabels, (string, string)[]> labels)
    {
        foreach ((RequestLabels key, Histogram histogram) in histograms)
        {
            (string, string)[] own = labels(key);
            (long[] cumulated, double sum) = histogram.Read();
            for (int i = 0; i < cumulated.Length; i++)
            {
                Sample(text, name + "_bucket", cumulated[i], [.. own, ("le", i < histogram.Bounds.Length ? Number(histogram.Bounds[i]) : "+Inf")]);
            }

            Sample(text, name + "_sum", sum, own);
            Sample(text, name + "_count", cumulated[^1], own);
        }
    }

    private static void Head(StringBuilder text, string name, string type, string help) => text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private static void Sample(StringBuilder text, string name, double value, params (string Name, string Value)[] labels)
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{').AppendJoin(',', labels.Select(label => $"{label.Name}=\"{label.Value}\"")).Append('}');
        }

        text.Append(' ').Append(Number(value)).Append('\n');
    }

    // As Go prints floats: whole numbers from a million on with an exponent.
    private static string Number(double value) => Math.Abs(value) >= 1e6 && value % 1 == 0 && value % 1e6 == 0
        ? (value / Math.Pow(10, Math.Floor(Math.Log10(value)))).ToString("0.################", CultureInfo.InvariantCulture) + "e+" + ((int)Math.Floor(Math.Log10(value))).ToString("00", CultureInfo.InvariantCulture)
        : value.ToString("0.################", CultureInfo.InvariantCulture);
}
