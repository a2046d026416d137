using System.Globalization;
using System.Text.RegularExpressions;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Tests.Controllers;

/// <summary>A recording of the controller manager, made comparable: generated names that it holds literally become placeholders.</summary>
internal static partial class ControllerScenario
{
    private static readonly string[] Compared = ["name", "generation", "deletionTimestamp", "annotations", "ownerReferences", "finalizers"];

    /// <summary>Stands for the store's present revision, where a watch begins.</summary>
    public const string Present = "<rv-9999>";

    public static MapNode Load(string file)
    {
        string text = File.ReadAllText(file);
        HashSet<string> generated = [];
        MapNode scenario = (MapNode)JsonReader.Read(text);
        CollectNames(scenario, generated);
        foreach (Node step in scenario["steps"]!.AsList()!.Where(step => step["request"]?["path"]?.AsString()?.Contains("/pods", StringComparison.Ordinal) ?? false))
        {
            generated.UnionWith(((step.At("response", "body", "items") as ListNode) ?? []).Select(item => item["metadata"]?["name"]?.AsString() ?? string.Empty).Where(name => Suffix().IsMatch(name)));
        }

        foreach (Match match in QuotedName().Matches(text))
        {
            generated.Add(match.Groups[1].Value);
        }

        // Numbers far above those of the recording's own placeholders.
        int number = 9000;
        foreach (string name in generated.Order(StringComparer.Ordinal))
        {
            string placeholder = string.Create(CultureInfo.InvariantCulture, $"<rand-{++number}>");
            text = Regex.Replace(text, $"(?<![a-z0-9-]){Regex.Escape(name)}(?![a-z0-9-])", name[..^5] + placeholder);
        }

        return Unversioned((MapNode)JsonReader.Read(Minutes().Replace(text, "$1<minutes>")), version => text.Contains("resourceVersion=" + version, StringComparison.Ordinal));
    }

    // A watch that began at a revision of the recorded server begins at the present one here. What a list answers as its own revision moves with writes that have nothing to do with it.
    private static MapNode Unversioned(MapNode scenario, Func<string, bool> isAsked)
    {
        foreach (Node step in scenario["steps"]!.AsList()!)
        {
            if (step["kind"]?.AsString() == "watch-start" && step["request"] is MapNode request)
            {
                request["path"] = Literal().Replace(request["path"]!.AsString()!, "resourceVersion=" + Present);
            }

            // Which of several merged status writes an event saw is nobody's promise.
            foreach (MapNode about in ((step.At("response", "body", "items") as ListNode) ?? []).Select(item => item["involvedObject"]).OfType<MapNode>().Where(about => about.ContainsKey("resourceVersion")))
            {
                about["resourceVersion"] = "<rv>";
            }

            if (step.At("response", "body", "items") is ListNode && step.At("response", "body", "metadata") is MapNode metadata
                && metadata["resourceVersion"]?.AsString() is { } version && !isAsked(version))
            {
                metadata["resourceVersion"] = "<rv>";
            }
        }

        return scenario;
    }

    /// <summary>
    /// Status events may be merged or split, so what is left of an event is its object's identity, deletion and spec, and of
    /// equal ones in a row only the first. Between ReplicaSets the order is nobody's promise; that of pods is.
    /// </summary>
    public static (Node Recorded, Node Real) Contract(ListNode recorded, IReadOnlyList<Node> real)
    {
        HashSet<string> members = [.. Compared.Where(member => recorded.Any(item => item["object"]?["metadata"]?[member] is not null))];
        return (Reduce(recorded, members), Reduce(real, members));
    }

    private static ListNode Reduce(IEnumerable<Node> events, HashSet<string> members)
    {
        List<(string Name, bool Ordered, Node Event)> reduced = [];
        Dictionary<string, Node> last = [];
        foreach (MapNode item in events.OfType<MapNode>())
        {
            MapNode node = (MapNode)item["object"]!;
            MapNode metadata = new();
            foreach (string member in members.Where(member => node["metadata"]?[member] is not null))
            {
                metadata[member] = member == "deletionTimestamp" ? "set" : node["metadata"]![member]!;
            }

            MapNode kept = new() { ["type"] = item["type"]!, ["kind"] = node["kind"]!, ["metadata"] = metadata };
            bool isPod = node["kind"]?.AsString() == "Pod";
            if (!isPod && node["spec"]?["replicas"] is { } replicas)
            {
                kept["replicas"] = replicas;
            }

            string name = metadata["name"]!.AsString()!;
            if (last.TryGetValue(name, out Node? before) && before.DeepEquals(kept))
            {
                continue;
            }

            last[name] = kept;
            reduced.Add((name, isPod, kept));
        }

        return new ListNode(reduced.OrderBy(entry => entry.Ordered ? string.Empty : entry.Name, StringComparer.Ordinal).Select(entry => entry.Event));
    }

    private static void CollectNames(Node node, HashSet<string> found)
    {
        if (node is MapNode map)
        {
            if (map["generateName"]?.AsString() is { } prefix && map["name"]?.AsString() is { } name && !name.Contains('<', StringComparison.Ordinal)
                && name.StartsWith(prefix, StringComparison.Ordinal) && name.Length == prefix.Length + 5)
            {
                found.Add(name);
            }

            foreach ((_, Node value) in map)
            {
                CollectNames(value, found);
            }
        }
        else if (node is ListNode list)
        {
            foreach (Node item in list)
            {
                CollectNames(item, found);
            }
        }
    }

    [GeneratedRegex("(?:Created pod: |Deleted pod: )([a-z0-9<>-]+-[bcdfghjklmnpqrstvwxz2456789]{5})\"")]
    private static partial Regex QuotedName();

    [GeneratedRegex("-[bcdfghjklmnpqrstvwxz2456789]{5}$")]
    private static partial Regex Suffix();

    [GeneratedRegex("resourceVersion=[0-9]+")]
    private static partial Regex Literal();

    // One message of the CronJob's recording kept its minute number.
    [GeneratedRegex("(every-)2\\d{7}(?=,)")]
    private static partial Regex Minutes();
}
