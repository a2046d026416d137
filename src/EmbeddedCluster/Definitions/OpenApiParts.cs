using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions;

/// <summary>Takes parts of OpenAPI v2 documents out and puts them into another, as kube-aggregator does.</summary>
internal static class OpenApiParts
{
    private const string References = "#/definitions/";

    /// <summary>The paths below a prefix, and the definitions that they need.</summary>
    /// <param name="prefix">With a slash at its end.</param>
    public static MapNode Below(MapNode document, string prefix)
    {
        MapNode paths = [];
        foreach ((string path, Node item) in document["paths"] as MapNode ?? [])
        {
            if (path.StartsWith(prefix, StringComparison.Ordinal))
            {
                paths[path] = item.DeepClone();
            }
        }

        MapNode all = document["definitions"] as MapNode ?? [];
        MapNode needed = [];
        Queue<Node> open = new([paths]);
        while (open.TryDequeue(out Node? node))
        {
            foreach (string name in Referenced(node).Where(name => !needed.ContainsKey(name) && all.ContainsKey(name)))
            {
                needed[name] = all[name]!.DeepClone();
                open.Enqueue(needed[name]!);
            }
        }

        return new MapNode { ["paths"] = paths, ["definitions"] = needed };
    }

    /// <summary>Adds a part; what is there already stays as it is, and a definition that has its name and says something else gets another one.</summary>
    public static void Add(MapNode document, MapNode part)
    {
        MapNode definitions = document.EnsureMap("definitions");
        MapNode added = part["definitions"] as MapNode ?? [];
        Dictionary<string, string> names = added.Keys.ToDictionary(name => name, name => NameFor(name, added, definitions), StringComparer.Ordinal);
        foreach ((string name, Node definition) in added)
        {
            definitions[names[name]] = Renamed(definition, names);
        }

        MapNode paths = document.EnsureMap("paths");
        foreach ((string path, Node item) in (part["paths"] as MapNode ?? []).Where(pair => !paths.ContainsKey(pair.Key)))
        {
            paths[path] = Renamed(item, names);
        }
    }

    private static string NameFor(string name, MapNode added, MapNode definitions)
    {
        string free = name;
        for (int number = 2; definitions[free] is { } taken && !Node.DeepEquals(taken, added[name]); number++)
        {
            free = $"{name}_v{number}";
        }

        return free;
    }

    private static IEnumerable<string> Referenced(Node node) => node switch
    {
        MapNode map => map.SelectMany(pair => pair is { Key: "$ref", Value: StringNode { Value: var to } } && to.StartsWith(References, StringComparison.Ordinal) ? [to[References.Length..]] : Referenced(pair.Value)),
        ListNode list => list.SelectMany(Referenced),
        _ => [],
    };

    private static Node Renamed(Node node, Dictionary<string, string> names) => node switch
    {
        MapNode map => Renamed(map, names),
        ListNode list => new ListNode(list.Select(item => Renamed(item, names))),
        _ => node,
    };

    private static MapNode Renamed(MapNode map, Dictionary<string, string> names)
    {
        MapNode renamed = [];
        foreach ((string key, Node value) in map)
        {
            renamed[key] = key == "$ref" && value is StringNode { Value: var to } && to.StartsWith(References, StringComparison.Ordinal) && names.TryGetValue(to[References.Length..], out string? name)
                ? References + name
                : Renamed(value, names);
        }

        return renamed;
    }
}
