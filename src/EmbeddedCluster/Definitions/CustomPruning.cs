using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions;

/// <summary>Removes what a structural schema does not know, and fills in its defaults.</summary>
internal static class CustomPruning
{
    /// <param name="unknown">Gets the paths that were dropped.</param>
    public static void Prune(MapNode node, MapNode schema, List<string> unknown) => PruneMap(node, schema, string.Empty, isRoot: true, unknown);

    /// <summary>Whether a schema has such objects anywhere.</summary>
    public static bool Embeds(Node? schema) => schema is not null
        && (schema["x-kubernetes-embedded-resource"]?.AsBool() == true
            || (schema["properties"] as MapNode ?? []).Values.Append(schema["items"]).Append(schema["additionalProperties"]).Any(Embeds));

    /// <summary>Every object that is embedded in another with metadata, and where it stands.</summary>
    public static IEnumerable<(MapNode Owner, string Path)> Embedded(Node node, Node? schema, string path = "")
    {
        if (node is MapNode map)
        {
            if (schema?["x-kubernetes-embedded-resource"]?.AsBool() == true)
            {
                yield return (map, path);
            }

            foreach ((string key, Node value) in map.ToArray())
            {
                bool isProperty = schema?["properties"]?[key] is not null;
                foreach ((MapNode, string) inner in Embedded(value, schema?["properties"]?[key] ?? schema?["additionalProperties"] as MapNode, isProperty ? path.Length == 0 ? key : $"{path}.{key}" : $"{path}[{key}]"))
                {
                    yield return inner;
                }
            }
        }
        else if (node is ListNode list && schema?["items"] is MapNode items)
        {
            for (int i = 0; i < list.Count; i++)
            {
                foreach ((MapNode, string) inner in Embedded(list[i], items, $"{path}[{i}]"))
                {
                    yield return inner;
                }
            }
        }
    }

    /// <summary>A value by itself, as a default in a schema is.</summary>
    public static void PruneValue(Node node, Node schema) => PruneNode(node, schema, string.Empty, []);

    public static void Default(Node node, Node? schema)
    {
        switch (node)
        {
            case MapNode map:
                DefaultMap(map, schema);
                break;
            case ListNode list when schema?.At("items") is MapNode items:
                foreach (Node item in list)
                {
                    Default(item, items);
                }

                break;
            default:
                break;
        }
    }

    private static void DefaultMap(MapNode map, Node? schema)
    {
        if (schema?["properties"] is MapNode properties)
        {
            foreach ((string key, Node property) in properties)
            {
                bool absent = map[key] is null || (map[key] is NullNode && property["nullable"]?.AsBool() != true);
                if (absent && property["default"] is { } value)
                {
                    map[key] = value.DeepClone();
                }
                else if (absent && map.ContainsKey(key))
                {
                    map.Remove(key);
                }

                if (map[key] is { } present)
                {
                    Default(present, property);
                }
            }
        }

        if (schema?["additionalProperties"] is MapNode additional)
        {
            foreach ((string key, Node value) in map.ToArray())
            {
                if (value is NullNode && additional["nullable"]?.AsBool() != true)
                {
                    map.Remove(key);
                }
                else
                {
                    Default(value, additional);
                }
            }
        }
    }

    private static void PruneNode(Node node, Node? schema, string path, List<string> unknown)
    {
        switch (node)
        {
            case MapNode map:
                PruneMap(map, schema, path, isRoot: schema?["x-kubernetes-embedded-resource"]?.AsBool() == true, unknown);
                break;
            case ListNode list:
                for (int i = 0; i < list.Count; i++)
                {
                    PruneNode(list[i], schema?["items"], $"{path}[{i}]", unknown);
                }

                break;
            default:
                break;
        }
    }

    private static void PruneMap(MapNode map, Node? schema, string path, bool isRoot, List<string> unknown)
    {
        bool preserves = schema?["x-kubernetes-preserve-unknown-fields"]?.AsBool() == true;
        Node? properties = schema?["properties"];
        Node? additional = schema?["additionalProperties"];
        foreach (string key in map.Keys.ToArray())
        {
            if (isRoot && key is ("apiVersion" or "kind" or "metadata"))
            {
                continue;
            }

            string at = path.Length == 0 ? key : $"{path}.{key}";
            if (properties?[key] is { } property)
            {
                PruneNode(map[key]!, property, at, unknown);
            }
            else if (additional is MapNode values)
            {
                PruneNode(map[key]!, values, at, unknown);
            }
            else if (!preserves && additional?.AsBool() != true)
            {
                map.Remove(key);
                unknown.Add(at);
            }
        }
    }
}
