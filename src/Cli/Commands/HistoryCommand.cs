using System.CommandLine;
using System.Globalization;
using Bowline.Delivery.Inventories;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Verbs;

namespace Bowline.Cli.Commands;

/// <summary><c>bowline history</c>: what was delivered of an application, newest last.</summary>
internal static class HistoryCommand
{
    private const string Examples = """
        # What was delivered, and under which number it can be rolled back to
        bowline history my-app
        """;

    public static Command Create(TimeProvider time)
    {
        TargetFlags target = new();
        Argument<string> application = OperatorCommands.Application(ArgumentArity.ExactlyOne, "The application");
        Option<string> output = Flags.Output("table", "json");
        Command command = new("history", "List what was delivered of an application.") { application, output };
        target.AddWithRepositoryTo(command);
        Flags.Finish(command, Examples);
        command.SetAction(async (parse, cancellationToken) =>
        {
            using OperatorSession session = OperatorSession.Open(target.ReadWithRepository(parse), time);
            IReadOnlyList<ApplicationRecord> records = await session.ReadAsync(parse.GetValue(application)!, cancellationToken).ConfigureAwait(false);
            (parse.GetValue(output) == "json" ? WriteJson : (Action<IReadOnlyList<ApplicationRecord>>)WriteTable)(records);
            return ExitCodes.Success;
        });
        return command;
    }

    private static void WriteTable(IReadOnlyList<ApplicationRecord> records)
    {
        List<string[]> rows = [["ID", "CLUSTER", "REVISION", "DELIVERED", "CAUSE"]];
        foreach (ApplicationRecord record in records)
        {
            rows.AddRange(record.Inventory.History.Select(delivery => (string[])
            [
                delivery.Id.ToString(CultureInfo.InvariantCulture), record.Cluster, delivery.Revision.Length > 0 ? delivery.Revision : "(not committed)", Time(delivery), delivery.Cause,
            ]));
        }

        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        foreach (string[] row in rows)
        {
            Console.Out.WriteLine(string.Join("   ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }

        foreach (ApplicationRecord record in records.Where(record => record.Inventory.Hold is not null))
        {
            Console.Out.WriteLine($"automation is held on {record.Cluster}: {record.Inventory.Hold!.Reason}");
        }
    }

    private static void WriteJson(IReadOnlyList<ApplicationRecord> records) => Console.Out.WriteLine(JsonWriter.ToText(new ListNode(records.Select(Node (record) => new MapNode
    {
        ["cluster"] = record.Cluster,
        ["hold"] = record.Inventory.Hold?.Reason ?? string.Empty,
        ["deliveries"] = new ListNode(record.Inventory.History.Select(Node (delivery) => new MapNode
        {
            ["id"] = delivery.Id,
            ["delivered"] = Time(delivery),
            ["fingerprint"] = delivery.Fingerprint,
            ["sources"] = new ListNode(delivery.Sources.Select(Node (source) => new MapNode { ["url"] = source.Url, ["revision"] = source.Revision })),
            ["cause"] = delivery.Cause,
        })),
    })), JsonWriteOptions.Indented));

    private static string Time(DeliveredRevision delivery) => Timestamp.Text(delivery.At);
}
