using Bowline.Delivery.Explaining;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Server.Composition;
using Bowline.Server.Composition.Verbs;

namespace Bowline.Cli.Output;

/// <summary>Prints chains of causes, the effect first: <c>waiting for wave 2 ← Deployment x ← Pod y ← PersistentVolumeClaim z is unbound ← there is no StorageClass "fast"</c>.</summary>
internal static class ExplanationWriter
{
    public static void WriteText(TextWriter output, Explanation explanation)
    {
        output.WriteLine($"{explanation.Application} is {explanation.Sync} and {explanation.Health.Status}{(explanation.Cluster.Length > 0 ? $" on {explanation.Cluster}" : string.Empty)}");
        foreach (Cause[] chain in explanation.Causes.SelectMany(cause => Chains(cause, [])))
        {
            output.WriteLine();
            output.WriteLine(string.Join(" ← ", chain.Select(Brief)));
            Cause end = chain[^1];
            Cause? placed = chain.LastOrDefault(cause => cause.Origin.File.Length > 0);
            if (placed is not null)
            {
                output.WriteLine($"    at  {placed.Origin}");
            }

            if (end.Fix.Length > 0)
            {
                output.WriteLine($"    fix {end.Fix}");
            }
        }
    }

    public static void WriteJson(TextWriter output, Explanation explanation) => output.WriteLine(JsonWriter.ToText(new MapNode
    {
        ["application"] = explanation.Application,
        ["cluster"] = explanation.Cluster,
        ["sync"] = explanation.Sync.ToString(),
        ["health"] = explanation.Health.Status.ToString(),
        ["causes"] = new ListNode(explanation.Causes.Select(Document)),
    }, JsonWriteOptions.Indented));

    /// <summary>In the middle of a chain the object says enough; its causes follow.</summary>
    private static string Brief(Cause cause, int place) => cause is { Subject: { } id, Because.Count: > 0 } && cause.What != "is unbound" ? $"{id.Kind} {id.Name}" : cause.ToString();

    private static IEnumerable<Cause[]> Chains(Cause cause, Cause[] above)
    {
        Cause[] chain = [.. above, cause];
        return cause.Because.Count == 0 ? [chain] : cause.Because.SelectMany(next => Chains(next, chain));
    }

    private static Node Document(Cause cause)
    {
        MapNode document = new() { ["what"] = cause.What };
        if (cause.Subject is { } id)
        {
            document["subject"] = new MapNode { ["group"] = id.Group, ["kind"] = id.Kind, ["namespace"] = id.Namespace, ["name"] = id.Name };
        }

        if (cause.Origin.File.Length > 0)
        {
            document["file"] = cause.Origin.File;
            document["line"] = cause.Origin.Line;
        }

        if (cause.Fix.Length > 0)
        {
            document["fix"] = cause.Fix;
        }

        document["because"] = new ListNode(cause.Because.Select(Document));
        return document;
    }
}
