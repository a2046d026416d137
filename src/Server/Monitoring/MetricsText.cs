using System.Globalization;
using System.Text;

namespace Bowline.Server.Monitoring;

/// <summary>Metrics in Prometheus' text format 0.0.4; those of applications have the names and labels of Argo CD's.</summary>
internal static class MetricsText
{
    public static string Write(IMonitored replica)
    {
        StringBuilder text = new();
        Head(text, "argocd_app_info", "gauge", "Information about application.");
        foreach (DeliveredStanding standing in replica.Applications)
        {
            Sample(text, "argocd_app_info", 1, ("dest_namespace", standing.Status.Namespace), ("dest_server", standing.Server), ("health_status", standing.Status.Health.ToString()),
                ("name", standing.Status.Name), ("project", standing.Project), ("repo", standing.Repository), ("sync_status", standing.Status.Sync.ToString()));
        }

        Head(text, "argocd_app_sync_total", "counter", "Number of application syncs.");
        foreach (SyncCount syncs in replica.Syncs)
        {
            Sample(text, "argocd_app_sync_total", syncs.Count, ("name", syncs.Application), ("phase", syncs.Phase));
        }

        Head(text, "bowline_replicas", "gauge", "Replicas that live, as this one sees them.");
        Sample(text, "bowline_replicas", replica.Replicas.Count);
        Head(text, "bowline_applications", "gauge", "Applications of this replica's share.");
        Sample(text, "bowline_applications", replica.Applications.Count, ("replica", replica.Identity));
        Head(text, "bowline_lease_held", "gauge", "Whether this replica holds its Lease and knows what to deliver.");
        Sample(text, "bowline_lease_held", replica.IsReady ? 1 : 0, ("replica", replica.Identity));
        return text.ToString();
    }

    private static void Head(StringBuilder text, string name, string type, string help) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private static void Sample(StringBuilder text, string name, long value, params (string Name, string Value)[] labels)
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{').AppendJoin(',', labels.Select(label => $"{label.Name}=\"{Escape(label.Value)}\"")).Append('}');
        }

        text.Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }

    private static string Escape(string value) => value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
