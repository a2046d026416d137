using Bowline.Languages.Lua;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Delivery.Health;

/// <summary>An action that a kind offers, as its discovery script says.</summary>
public sealed record ResourceAction(string Name, bool Disabled)
{
    public string DisplayName { get; init; } = string.Empty;

    /// <summary>What one may tell it (<c>--param NAME=VALUE</c>), with what stands now or is usual.</summary>
    public IReadOnlyList<(string Name, string Default)> Parameters { get; init; } = [];

    public bool Equals(ResourceAction? other) => other is not null && Name == other.Name && Disabled == other.Disabled && DisplayName == other.DisplayName && Parameters.SequenceEqual(other.Parameters);

    public override int GetHashCode() => HashCode.Combine(Name, Disabled, DisplayName, Parameters.Count);
}

/// <summary>What an action script wants done to one object.</summary>
/// <param name="Operation"><c>patch</c> the object that the action was asked of, or <c>create</c> another.</param>
public sealed record ActionEffect(string Operation, MapNode Resource);

/// <summary>
/// The Lua of an Argo CD installation, run as it is: <c>resource.customizations</c> of argocd-cm in both spellings, kinds with
/// wildcards, health.lua and actions.
/// </summary>
public sealed class ResourceCustomizations
{
    private const string Prefix = "resource.customizations";
    private static readonly Lazy<MapNode> Shipped = new(ReadShipped);
    private readonly List<Customization> all = [];
    private readonly TimeProvider time;

    private ResourceCustomizations(TimeProvider time) => this.time = time;

    /// <summary>The actions that Bowline brings itself, for kinds of Kubernetes and of products around it.</summary>
    public static ResourceCustomizations BuiltIn(TimeProvider time) => Read(Shipped.Value, time);

    /// <param name="data">The ConfigMap's data.</param>
    /// <exception cref="YamlException">A value that is to be YAML is none.</exception>
    public static ResourceCustomizations Read(MapNode data, TimeProvider time)
    {
        ResourceCustomizations read = new(time);
        foreach ((string kind, Node said) in Parse(data[Prefix]))
        {
            read.Of(kind.Replace('/', '_')).Take(said);
        }

        foreach ((string key, Node value) in data)
        {
            // resource.customizations.health.argoproj.io_Rollout
            string[] parts = key.StartsWith(Prefix + ".", StringComparison.Ordinal) ? key[(Prefix.Length + 1)..].Split('.', 2) : [];
            if (parts.Length == 2)
            {
                read.Of(parts[1]).Take(parts[0], value);
            }
        }

        return read;
    }

    /// <summary>Null for a kind without a script, or when the script returns nothing. A script that fails makes the health Unknown.</summary>
    public HealthReport? Health(MapNode live)
    {
        if (Find(live, customization => customization.Health) is not { } source)
        {
            return null;
        }

        try
        {
            Node result = Run(source, live);
            return result["status"]?.AsString() is not { } status ? null
                : Enum.TryParse(status, out HealthStatus known) ? new HealthReport(known, result["message"]?.ToString() ?? string.Empty)
                : new HealthReport(HealthStatus.Unknown, $"Lua returned an invalid health status: {status}");
        }
        catch (LuaException exception)
        {
            return new HealthReport(HealthStatus.Unknown, exception.Message);
        }
    }

    /// <summary>Whether actions are written for the kind.</summary>
    public bool HasActions(MapNode live) => Find(live, customization => customization.Actions) is not null;

    /// <exception cref="LuaException">The discovery script fails.</exception>
    public IReadOnlyList<ResourceAction> Actions(MapNode live)
    {
        Node? actions = Find(live, customization => customization.Actions);
        if (actions?["discovery.lua"]?.AsString() is not { } discovery || Run(discovery, live) is not MapNode found)
        {
            return [];
        }

        return
        [
            .. found.Select(action => new ResourceAction(action.Key, action.Value["disabled"]?.AsBool() == true)
            {
                DisplayName = action.Value["displayName"]?.AsString() ?? string.Empty,
                Parameters = [.. (action.Value["params"] as ListNode ?? []).Select(parameter => (parameter["name"]?.ToString() ?? string.Empty, parameter["default"]?.ToString() ?? string.Empty))],
            }),
        ];
    }

    /// <exception cref="LuaException">The script fails, or there is none of this name.</exception>
    /// <param name="parameters">Handed to the script as <c>actionParams</c>.</param>
    public IReadOnlyList<ActionEffect> RunAction(string name, MapNode live, MapNode? parameters = null)
    {
        Node? definitions = Find(live, customization => customization.Actions)?["definitions"];
        string source = (definitions?.AsList() ?? []).FirstOrDefault(definition => definition["name"]?.AsString() == name)?["action.lua"]?.AsString()
            ?? throw new LuaException($"there is no action {name} for {live["kind"]}");
        Node result = Run(source, live, parameters);

        // Old scripts return the object, new ones a list of operations.
        return result is ListNode list && list.All(item => item["operation"] is not null && item["resource"] is MapNode)
            ? [.. list.Select(item => new ActionEffect(item["operation"]!.AsString()!, (MapNode)LikeBefore(item["resource"]!, live)))]
            : result is MapNode map ? [new ActionEffect("patch", (MapNode)LikeBefore(map, live))]
            : throw new LuaException($"the action {name} returns no object");
    }

    /// <summary>Lua has one empty table: an empty list in the object before is one again.</summary>
    private static Node LikeBefore(Node now, Node? before)
    {
        if (now is MapNode { Count: 0 } && before is ListNode { Count: 0 })
        {
            return new ListNode();
        }

        switch (now)
        {
            case MapNode map:
                foreach (string key in map.Keys.ToArray())
                {
                    map[key] = LikeBefore(map[key]!, before?[key]);
                }

                break;
            case ListNode list:
                for (int i = 0; i < list.Count; i++)
                {
                    list[i] = LikeBefore(list[i], before is ListNode old && i < old.Count ? old[i] : null);
                }

                break;
            default:
                break;
        }

        return now;
    }

    private static MapNode ReadShipped()
    {
        using Stream stream = typeof(ResourceCustomizations).Assembly.GetManifestResourceStream("Bowline.Delivery.Health.actions.yaml")!;
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        return (MapNode)YamlReader.Read(bytes.ToArray()).Freeze();
    }

    private Node Run(string source, MapNode live, MapNode? parameters = null) =>
        new LuaScript(source, time).Run(new Dictionary<string, Node> { ["obj"] = live, ["actionParams"] = parameters ?? [] });

    private static MapNode Parse(Node? yaml) => yaml?.AsString() is { Length: > 0 } text ? YamlReader.Read(text) as MapNode ?? [] : [];

    private Customization Of(string kind)
    {
        Customization? known = all.Find(customization => customization.Kind == kind);
        if (known is null)
        {
            known = new Customization(kind);
            all.Add(known);
        }

        return known;
    }

    /// <summary>The kind's own, then the patterns in the order written.</summary>
    private T? Find<T>(MapNode live, Func<Customization, T?> what)
        where T : class
    {
        if (all.Count == 0)
        {
            return null;
        }

        string group = HealthLanguage.GroupOf(live);
        string kind = live["kind"]?.AsString() ?? string.Empty;
        string name = group.Length == 0 ? kind : $"{group}_{kind}";
        return all.Where(customization => customization.Kind == name || customization.Kind == $"{group}_{kind}").Select(what).FirstOrDefault(found => found is not null)
            ?? all.Where(customization => customization.Fits($"{group}_{kind}")).Select(what).FirstOrDefault(found => found is not null);
    }

    private sealed class Customization(string kind)
    {
        public string Kind => kind;

        public string? Health { get; private set; }

        public MapNode? Actions { get; private set; }

        /// <summary>The one-key form: <c>health.lua: …</c>, <c>actions: …</c>.</summary>
        public void Take(Node said)
        {
            Health = said["health.lua"]?.AsString() ?? Health;
            Actions = said["actions"] switch { StringNode text => Parse(text), MapNode map => map, _ => Actions };
        }

        /// <summary>The form of a key for each kind. useOpenLibs changes nothing: the safe libraries are always there, the others never.</summary>
        public void Take(string part, Node value)
        {
            switch (part)
            {
                case "health":
                    Health = value.AsString();
                    break;
                case "actions":
                    Actions = Parse(value);
                    break;
                default:
                    break;
            }
        }

        public bool Fits(string name)
        {
            if (!kind.Contains('*', StringComparison.Ordinal) || !kind.Contains('_', StringComparison.Ordinal))
            {
                return false;
            }

            return System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(kind, name, ignoreCase: false);
        }
    }
}
