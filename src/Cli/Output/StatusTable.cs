using System.Globalization;
using Bowline.Applications.Model;
using Bowline.Delivery.Health;
using Spectre.Console;

namespace Bowline.Cli.Output;

/// <summary>The table of applications that <c>up</c> draws while it works and ends with.</summary>
internal static class StatusTable
{
    public static Table Of(IReadOnlyList<ApplicationStatus> statuses, bool withActivity)
    {
        Table table = new Table().Border(TableBorder.None);
        foreach (string heading in (ReadOnlySpan<string>)["APPLICATION", "CLUSTER", "NAMESPACE", "REVISION", "SYNC", "HEALTH", "RESOURCES", "DURATION"])
        {
            table.AddColumn(new TableColumn(new Text(heading, new Style(decoration: Decoration.Bold))).NoWrap().PadRight(3));
        }

        if (withActivity)
        {
            table.AddColumn(new TableColumn(string.Empty));
        }

        foreach (ApplicationStatus status in statuses)
        {
            List<Text> cells =
            [
                new(status.Shown), new(Or(status.Cluster)), new(Or(status.Namespace)), new(Or(status.Revision)),
                new(Told(status, status.Sync), StyleOf(status.Sync)), new(Told(status, status.Health), StyleOf(status.Health)),
                new(status.Resources.ToString(CultureInfo.InvariantCulture)), new(Seconds(status.Duration)),
            ];
            if (withActivity)
            {
                cells.Add(new Text(status.Activity.Length > 0 ? status.Activity : status.Message, new Style(Color.Grey)));
            }

            table.AddRow(cells);
        }

        return table;
    }

    /// <summary>The same without a terminal: columns padded with blanks, as kubectl prints them.</summary>
    public static void WritePlain(TextWriter output, IReadOnlyList<ApplicationStatus> statuses)
    {
        string[][] rows =
        [
            ["APPLICATION", "CLUSTER", "NAMESPACE", "REVISION", "SYNC", "HEALTH", "RESOURCES", "DURATION"],
            .. statuses.Select(status => (string[])
            [
                status.Shown, Or(status.Cluster), Or(status.Namespace), Or(status.Revision), Told(status, status.Sync), Told(status, status.Health),
                status.Resources.ToString(CultureInfo.InvariantCulture), Seconds(status.Duration),
            ]),
        ];
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        foreach (string[] row in rows)
        {
            output.WriteLine(string.Join("   ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }
    }

    /// <summary>What is known of it; nothing before anybody has looked.</summary>
    private static string Told<T>(ApplicationStatus status, T state)
        where T : struct, Enum => status.IsKnown ? state.ToString() : Or(string.Empty);

    private static string Or(string text) => text.Length > 0 ? text : "-";

    private static string Seconds(TimeSpan duration) => duration.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) + "s";

    private static Style StyleOf(SyncState sync) => new(sync switch { SyncState.Synced => Color.Green, SyncState.OutOfSync => Color.Yellow, _ => Color.Grey });

    private static Style StyleOf(HealthStatus health) => new(health switch
    {
        HealthStatus.Healthy => Color.Green,
        HealthStatus.Progressing or HealthStatus.Suspended => Color.Blue,
        HealthStatus.Degraded or HealthStatus.Missing => Color.Red,
        _ => Color.Grey,
    });
}
