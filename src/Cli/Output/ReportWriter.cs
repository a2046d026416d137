using Bowline.Applications.Model;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Up;

namespace Bowline.Cli.Output;

/// <summary>The end of <c>up</c>: a table with what is wrong and what was assumed, or one JSON document.</summary>
internal static class ReportWriter
{
    private const int Few = 3;

    public static void WriteText(TextWriter output, UpReport report, Action<IReadOnlyList<ApplicationStatus>> table)
    {
        table(report.Applications);
        ApplicationStatus[] troubled = [.. report.Applications.Where(application => application.Message.Length > 0 && !application.IsDelivered)];
        if (troubled.Length > 0)
        {
            output.WriteLine();
            foreach (ApplicationStatus application in troubled)
            {
                output.WriteLine($"{application.Shown}: {application.Message}");
            }
        }

        if (report.Assumed.Count > 0)
        {
            output.WriteLine();
            output.WriteLine("Assumed:");
            foreach (Assumption assumption in report.Assumed)
            {
                string where = assumption.Cluster.Length > 0 ? $" ({assumption.Cluster})" : string.Empty;
                output.WriteLine($"  {assumption.Kind}{where} {assumption.Subject}{Some(" (", assumption.Keys, ")")}: {assumption.Reason}{Some("; needed by ", assumption.NeededBy, string.Empty)}");
            }
        }

        if (report.Kubeconfig.Length > 0)
        {
            output.WriteLine();
            output.WriteLine($"export KUBECONFIG={report.Kubeconfig}");
        }
    }

    /// <summary>A few of many; the JSON document has all of them.</summary>
    private static string Some(string before, IReadOnlyList<string> items, string after) => items.Count switch
    {
        0 => string.Empty,
        <= Few => $"{before}{string.Join(", ", items)}{after}",
        _ => $"{before}{string.Join(", ", items.Take(Few))} and {items.Count - Few} more{after}",
    };

    public static void WriteJson(TextWriter output, UpReport report)
    {
        MapNode document = new()
        {
            ["applications"] = new ListNode(report.Applications.Select(Node (application) => new MapNode
            {
                ["name"] = application.Shown,
                ["cluster"] = application.Cluster,
                ["namespace"] = application.Namespace,
                ["revision"] = application.Revision,
                ["sync"] = application.Sync.ToString(),
                ["health"] = application.Health.ToString(),
                ["resources"] = application.Resources,
                ["seconds"] = Math.Round(application.Duration.TotalSeconds, 3),
                ["message"] = application.Message,
            })),
            ["assumed"] = new ListNode(report.Assumed.Select(Node (assumption) => new MapNode
            {
                ["kind"] = assumption.Kind,
                ["cluster"] = assumption.Cluster,
                ["subject"] = assumption.Subject,
                ["reason"] = assumption.Reason,
                ["keys"] = new ListNode(assumption.Keys.Select(Node (key) => key)),
                ["neededBy"] = new ListNode(assumption.NeededBy.Select(Node (needer) => needer)),
            })),
            ["kubeconfig"] = report.Kubeconfig,
        };
        output.WriteLine(JsonWriter.ToText(document, JsonWriteOptions.Indented));
    }
}
