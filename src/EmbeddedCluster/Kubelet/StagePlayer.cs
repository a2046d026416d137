using Bowline.EmbeddedCluster.Controllers;
using Bowline.Languages.GoTemplates.Evaluating;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Sprig;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Patching;
using Bowline.Resources.Yaml;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>A stage that is chosen for an object, and how long it is still to wait.</summary>
internal readonly record struct ChosenStage(Stage Stage, TimeSpan Wait);

/// <summary>Chooses among declared stages and works out what they make of an object.</summary>
/// <remarks>Which of several stages, and how much jitter, is drawn once for each version of an object and remembered.</remarks>
internal sealed class StagePlayer(IReadOnlyList<Stage> stages, Random random)
{
    private static readonly TemplateLimits Limits = new() { MaxAllocatedBytes = 8 * 1024 * 1024, MaxOutput = 1024 * 1024, MaxSteps = 1_000_000, MaxDepth = 64 };
    private readonly Lock gate = new();
    private readonly ParseCache parsed = new(maxCharacters: 1024 * 1024);
    private readonly Dictionary<ObjectName, (string Version, Stage Stage, DateTimeOffset Due)> drawn = [];

    public bool HasStagesFor(string kind) => stages.Any(stage => stage.Kind == kind);

    /// <summary>The stage that an object is in front of; null when none is for it.</summary>
    public ChosenStage? Choose(string kind, MapNode node, DateTimeOffset now)
    {
        List<Stage> matching = [.. stages.Where(stage => stage.Kind == kind && stage.Selector.Matches(node))];
        ObjectName name = ObjectName.Of(node);
        lock (gate)
        {
            if (matching.Count == 0)
            {
                drawn.Remove(name);
                return null;
            }

            string version = node.Uid() + "/" + node.ResourceVersion();
            if (!drawn.TryGetValue(name, out (string Version, Stage Stage, DateTimeOffset Due) entry) || entry.Version != version)
            {
                Stage stage = Draw(matching, node);
                entry = (version, stage, now + stage.DelayFor(node, now, random));
                drawn[name] = entry;
            }

            return new ChosenStage(entry.Stage, entry.Due > now ? entry.Due - now : TimeSpan.Zero);
        }
    }

    public void Forget(ObjectName name)
    {
        lock (gate)
        {
            drawn.Remove(name);
        }
    }

    /// <summary>The status that the stage leaves an object with.</summary>
    /// <exception cref="StageException">A template failed, or did not make a map.</exception>
    public MapNode StatusAfter(Stage stage, MapNode node, IReadOnlyDictionary<string, GoFunction> functions, TimeProvider clock)
    {
        MapNode status = node.Status().Clone();
        if (stage.Next["statusTemplate"]?.AsString() is { } template)
        {
            status = Lay(status, Render(stage, template, node, functions, clock));
        }

        foreach (MapNode patch in stage.Next["patches"].Maps().Where(patch => patch.Text("subresource") == "status"))
        {
            MapNode rendered = Render(stage, patch.Text("template"), node, functions, clock);
            status = patch.Text("root") == "status" ? Lay(status, rendered) : Lay(status, rendered["status"] as MapNode ?? new MapNode());
        }

        return status;
    }

    /// <summary>The events of a stage, as type, reason and message.</summary>
    public static IEnumerable<MapNode> EventsOf(Stage stage) => stage.Next["event"] is MapNode single ? [single] : stage.Next["events"].Maps();

    /// <summary>The finalizers after the stage; null when it leaves them alone.</summary>
    public static ListNode? FinalizersAfter(Stage stage, MapNode node)
    {
        if (stage.Next["finalizers"] is not MapNode change)
        {
            return null;
        }

        List<string> present = [.. (node.Metadata()?["finalizers"]).Strings()];
        List<string> after = change.Flag("empty") ? [] : [.. present.Except(change["remove"].Maps().Select(entry => entry.Text("value")))];
        after.AddRange(change["add"].Maps().Select(entry => entry.Text("value")).Where(name => !after.Contains(name)));
        return after.SequenceEqual(present) ? null : new ListNode(after.Select(name => (Node)name));
    }

    private Stage Draw(List<Stage> matching, MapNode node)
    {
        int[] weights = [.. matching.Select(stage => stage.WeightFor(node))];
        long total = weights.Sum(weight => (long)weight);
        if (total == 0)
        {
            return matching[random.Next(matching.Count)];
        }

        long at = random.NextInt64(total);
        for (int i = 0; ; i++)
        {
            at -= weights[i];
            if (at < 0)
            {
                return matching[i];
            }
        }
    }

    private MapNode Render(Stage stage, string template, MapNode node, IReadOnlyDictionary<string, GoFunction> functions, TimeProvider clock)
    {
        try
        {
            FunctionTable table = SprigFunctions.Table.Without("env", "expandenv", "getHostByName").With(functions);
            TemplateSet set = new(table, parsed);
            TemplateRun run = new(table) { Clock = clock, Limits = Limits };
            string text = set.ExecuteText(stage.Name, template, node, run);
            Node made = YamlReader.Read(text);
            return made switch
            {
                MapNode map => map,
                NullNode => new MapNode(),
                _ => throw new StageException($"Stage {stage.Name}: the template makes no map"),
            };
        }
        catch (Exception error) when (error is TemplateException or YamlException or System.Text.Json.JsonException)
        {
            throw new StageException($"Stage {stage.Name}: {error.Message}", error);
        }
    }

    // As a strategic merge does: conditions by type, addresses by type, container statuses as a whole.
    private static MapNode Lay(MapNode status, MapNode over)
    {
        MapNode merged = (MapNode)MergePatch.Apply(status, Without(over, "conditions"));
        if (over["conditions"] is not ListNode conditions)
        {
            return merged;
        }

        merged = merged.IsFrozen ? merged.Clone() : merged;
        ListNode all = new((status["conditions"] as ListNode ?? []).Where(before => !conditions.Maps().Any(now => now.Text("type") == (before as MapNode).Text("type"))).Concat(conditions));
        merged["conditions"] = all;
        return merged;
    }

    private static MapNode Without(MapNode map, string key)
    {
        MapNode rest = new(map.Count);
        foreach ((string name, Node value) in map)
        {
            if (name != key)
            {
                rest[name] = value;
            }
        }

        return rest;
    }
}
