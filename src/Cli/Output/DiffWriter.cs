using Bowline.Delivery.Diffing;
using Bowline.Delivery.Planning;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Verbs;

namespace Bowline.Cli.Output;

/// <summary>Prints plans as unified diffs of YAML, one object after the other.</summary>
internal static class DiffWriter
{
    public static void Write(TextWriter output, TextWriter errors, DiffReport report)
    {
        errors.WriteLine($"Compared with {report.Against}.");
        foreach (ApplicationDiff application in report.Applications)
        {
            foreach (PlannedAction action in application.Plan.Actions.Where(action => action.Change != PlannedChange.None))
            {
                WriteAction(output, application, action);
            }

            PlannedAction[] acting = [.. application.Plan.Actions.Where(action => action.Acts)];
            errors.WriteLine(acting.Length == 0
                ? $"{application.Application}: no changes"
                : $"{application.Application} on {application.Cluster}: {Count(acting, PlannedChange.Create)} to create, {Count(acting, PlannedChange.Update)} to change, {Count(acting, PlannedChange.Prune)} to delete, {Count(acting, PlannedChange.RunHook)} hooks to run");
        }

        foreach (Applications.Model.ApplicationFault fault in report.Faults)
        {
            errors.WriteLine($"{fault.Name}: {fault.Message}");
        }
    }

    private static void WriteAction(TextWriter output, ApplicationDiff application, PlannedAction action)
    {
        string from = action.Desired?.Origin is { File.Length: > 0 } origin ? $"  # {origin}" : string.Empty;
        output.WriteLine($"=== {application.Application}: {action.Change} {action.Id}{from}");
        if (!action.Acts || action.Refusal.Length > 0)
        {
            output.WriteLine($"    {(action.Refusal.Length > 0 ? SecretRedaction.Scrub(action.Refusal, action.Id, action.Desired?.Body, action.Live) : action.Reason)}");
            return;
        }

        MapNode? before = action.Live is null ? null : FieldChanges.Stripped(action.Live);
        MapNode? after = action.Change == PlannedChange.Prune ? null : FieldChanges.Stripped(action.After ?? action.Desired!.Body);
        (before, after) = SecretRedaction.Redact(action.Id, before, after, application.Observation.MaskedAnnotations);
        foreach (string line in UnifiedDiff.Of(Lines(before), Lines(after)))
        {
            output.WriteLine(line);
        }
    }

    private static int Count(PlannedAction[] actions, PlannedChange change) => actions.Count(action => action.Change == change);

    private static string[] Lines(MapNode? node) => node is null ? [] : YamlWriter.ToText(node).TrimEnd('\n').Split('\n');
}
