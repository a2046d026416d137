using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>How fast simulated pods move.</summary>
public enum StageTiming
{
    /// <summary>Every stage at once: delays and probes are skipped.</summary>
    Immediate,

    /// <summary>Stages take their delays, and readiness follows initialDelaySeconds of the probes.</summary>
    Probes,
}

/// <summary>One step in the life of a simulated pod, declared in YAML (see Stages.yaml for the form).</summary>
internal sealed record Stage(string Name, IReadOnlyList<StageCondition> When, Node? Delay, MapNode? Status, IReadOnlyList<MapNode> Events)
{
    public bool Delete { get; private init; }

    /// <summary>A stage to stay in: later ones are not looked at.</summary>
    public bool Rest { get; private init; }

    public static IReadOnlyList<Stage> LoadDefaults()
    {
        using Stream stream = typeof(Stage).Assembly.GetManifestResourceStream("Stages.yaml")
            ?? throw new InvalidOperationException("Stages.yaml is not embedded");
        using StreamReader reader = new(stream);
        return Parse(reader.ReadToEnd());
    }

    public static IReadOnlyList<Stage> Parse(string yaml)
    {
        MapNode root = (MapNode)YamlReader.Read(yaml).Freeze();
        return [.. root["stages"].Maps().Select(Of)];
    }

    private static Stage Of(MapNode stage) => new(
        stage.Text("name"),
        [.. stage["when"].Maps().Select(StageCondition.Of)],
        stage["delay"],
        stage["status"] as MapNode,
        [.. stage["events"].Maps()])
    {
        Delete = stage.Flag("delete"),
        Rest = stage.Flag("rest"),
    };
}

/// <summary>A test on a place in the pod (JSON pointer) or on a variable.</summary>
internal sealed record StageCondition(IReadOnlyList<string> Path, string Variable, IReadOnlyList<string>? In, IReadOnlyList<string>? NotIn, bool? Exists)
{
    public static StageCondition Of(MapNode condition) => new(
        [.. condition.Text("path").Split('/').Skip(1).Select(part => part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))],
        condition.Text("var"),
        condition["in"] is ListNode within ? [.. within.Strings()] : null,
        condition["notIn"] is ListNode without ? [.. without.Strings()] : null,
        condition["exists"]?.AsBool());

    public bool Holds(MapNode pod, IStageVariables variables)
    {
        Node? value = Variable.Length > 0 ? variables.Get(Variable) : Follow(pod);
        string text = value switch
        {
            null or NullNode => string.Empty,
            StringNode scalar => scalar.Value,
            _ => value.ToString() ?? string.Empty,
        };
        return (In is null || In.Contains(text))
            && (NotIn is null || !NotIn.Contains(text))
            && (Exists is null || Exists == value is not (null or NullNode));
    }

    private Node? Follow(MapNode pod)
    {
        Node? at = pod;
        foreach (string part in Path)
        {
            at = at is ListNode list ? int.TryParse(part, out int index) && index < list.Count ? list[index] : null : at?[part];
        }

        return at;
    }
}

/// <summary>What <c>$name</c> means to a stage: of the pod, or of one of its containers.</summary>
internal interface IStageVariables
{
    Node? Get(string name);

    /// <summary>The variables of each container of a list, with its restart policy.</summary>
    IEnumerable<(IStageVariables Variables, string RestartPolicy)> Each(string list);
}
