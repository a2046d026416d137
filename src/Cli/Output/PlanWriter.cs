using Bowline.Applications.Model;
using Bowline.Delivery.Diffing;
using Bowline.Delivery.Planning;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Verbs;

namespace Bowline.Cli.Output;

/// <summary>Plans for people and, by the schema in docs/plan.schema.json, for programs. Secret values are in neither.</summary>
internal static class PlanWriter
{
    private static readonly (PlannedChange Change, char Mark, string Name)[] Changes =
    [
        (PlannedChange.Create, '+', "create"), (PlannedChange.Update, '~', "update"), (PlannedChange.Prune, '-', "prune"), (PlannedChange.RunHook, '>', "runHook"),
        (PlannedChange.None, ' ', "none"), (PlannedChange.Shared, '!', "shared"), (PlannedChange.MissingKind, '!', "missingKind"), (PlannedChange.Orphan, '!', "orphan"), (PlannedChange.AwaitsConfirmation, '?', "awaitsConfirmation"),
    ];

    public static void WriteText(TextWriter output, DiffReport report)
    {
        output.WriteLine($"Against {report.Against}.");
        foreach (ApplicationDiff application in report.Applications)
        {
            PlannedAction[] actions = [.. application.Plan.Actions];
            string[] counts = [.. Changes.Select(change => (change.Name, Count: actions.Count(action => action.Change == change.Change))).Where(count => count.Count > 0).Select(count => $"{count.Count} {count.Name}")];
            output.WriteLine();
            output.WriteLine($"{application.Application} on {application.Cluster} at {application.Observation.Application.Revision}: {(counts.Length > 0 ? string.Join(", ", counts) : "nothing")}");
            foreach (GateDecision gate in application.Plan.Gates.Where(gate => gate.Verdict != GateVerdict.Allow))
            {
                output.WriteLine($"  {gate.Verdict} by {gate.Gate}: {gate.Reason}");
            }

            foreach (SyncWave wave in application.Plan.Waves.Where(wave => wave.Actions.Any(action => action.Change != PlannedChange.None)))
            {
                output.WriteLine($"  {wave.Phase} wave {wave.Number}");
                foreach (PlannedAction action in wave.Actions.Where(action => action.Change != PlannedChange.None))
                {
                    WriteAction(output, action);
                }
            }
        }

        foreach (ApplicationFault fault in report.Faults)
        {
            output.WriteLine();
            output.WriteLine($"{fault.Name}: {fault.Message}");
        }
    }

    public static void WriteJson(TextWriter output, DiffReport report) => output.WriteLine(JsonWriter.ToText(Document(report), JsonWriteOptions.Indented));

    internal static MapNode Document(DiffReport report) => new()
    {
        ["apiVersion"] = "bowline.dev/v1",
        ["kind"] = "Plan",
        ["against"] = report.Against,
        ["applications"] = new ListNode(report.Applications.Select(Document)),
        ["faults"] = new ListNode(report.Faults.Select(Node (fault) => new MapNode
        {
            ["application"] = fault.Name,
            ["message"] = fault.Message,
            ["file"] = fault.Origin.File,
            ["line"] = fault.Origin.Line,
        })),
    };

    private static void WriteAction(TextWriter output, PlannedAction action)
    {
        string from = action.Desired?.Origin is { File.Length: > 0 } origin ? $"  # {origin}" : string.Empty;
        string reason = action.Refusal.Length > 0 ? $"REFUSED: {Refusal(action)}" : action.Reason;
        output.WriteLine($"    {Changes.First(change => change.Change == action.Change).Mark} {action.Id}{GeneratedName(action)}{(reason.Length > 0 ? $": {reason}" : string.Empty)}{from}");
    }

    /// <summary>What an object without a name will be called, as far as that is known: <c>migrate-*</c>.</summary>
    private static string GeneratedName(PlannedAction action) =>
        action.Id.Name.Length == 0 && action.Desired?.Body.At("metadata", "generateName")?.AsString() is { } beginning ? $"{beginning}*" : string.Empty;

    private static Node Document(ApplicationDiff application)
    {
        SyncPlan plan = application.Plan;
        string verdict = plan.HeldBy is { } gate ? gate.Verdict == GateVerdict.Deny ? "denied" : "waits"
            : plan.Actions.Any(action => action.Refusal.Length > 0) ? "refused"
            : plan.HasChanges ? "syncs" : plan.InSync ? "inSync" : "outOfSync";
        MapNode summary = new();
        foreach ((PlannedChange change, _, string name) in Changes)
        {
            summary[name] = plan.Actions.Count(action => action.Change == change);
        }

        return new MapNode
        {
            ["name"] = application.Application,
            ["cluster"] = application.Cluster,
            ["namespace"] = application.Observation.Application.Spec.Destination.Namespace,
            ["revision"] = application.Observation.Application.Revision,
            ["fingerprint"] = application.Observation.Application.Fingerprint,
            ["delivered"] = application.Observation.IsDelivered,
            ["hold"] = application.Observation.Inventory.Hold?.Reason ?? string.Empty,
            ["verdict"] = verdict,
            ["summary"] = summary,
            ["gates"] = new ListNode(plan.Gates.Select(Node (decision) => new MapNode { ["gate"] = decision.Gate, ["verdict"] = Lower(decision.Verdict.ToString()), ["reason"] = decision.Reason })),
            ["waves"] = new ListNode(plan.Waves.Select(Node (wave) => new MapNode { ["phase"] = wave.Phase.ToString(), ["wave"] = wave.Number, ["actions"] = new ListNode(wave.Actions.Select(action => Document(action, application.Observation.MaskedAnnotations))) })),
        };
    }

    private static Node Document(PlannedAction action, IReadOnlyCollection<string> masked)
    {
        MapNode document = new()
        {
            ["action"] = Changes.First(change => change.Change == action.Change).Name,
            ["apiVersion"] = (action.Desired?.Body ?? action.Live)?["apiVersion"] ?? StringNode.Empty,
            ["kind"] = action.Id.Kind,
            ["namespace"] = action.Id.Namespace,
            ["name"] = action.Id.Name,
            ["reason"] = action.Reason,
            ["refusal"] = Refusal(action),
            ["file"] = action.Desired?.Origin.File ?? string.Empty,
            ["line"] = action.Desired?.Origin.Line ?? 0,
            ["through"] = new ListNode((action.Desired?.Origin.Through ?? []).Select(Node (through) => through)),
        };
        if (action.Hook is { } hook)
        {
            document["hook"] = new MapNode { ["phase"] = hook.Phase.ToString(), ["deletePolicies"] = new ListNode(hook.DeletePolicies.ToString().Split(", ").Select(Node (policy) => policy)) };
        }

        document["changes"] = action.Change == PlannedChange.Update ? Fields(action, masked) : new ListNode();
        return document;
    }

    private static ListNode Fields(PlannedAction action, IReadOnlyCollection<string> masked)
    {
        (MapNode? before, MapNode? after) = SecretRedaction.Redact(action.Id, action.Live, action.After, masked);
        return new ListNode(FieldChanges.Of(before, after).Select(Node (change) =>
        {
            MapNode field = new() { ["path"] = change.Path };
            if (change.Before is { } was)
            {
                field["before"] = was;
            }

            if (change.After is { } becomes)
            {
                field["after"] = becomes;
            }

            return field;
        }));
    }

    private static string Refusal(PlannedAction action) => SecretRedaction.Scrub(action.Refusal, action.Id, action.Desired?.Body, action.Live);

    private static string Lower(string name) => char.ToLowerInvariant(name[0]) + name[1..];
}
