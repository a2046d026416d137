using Bowline.Languages.Cel;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions.Rules;

/// <summary>A value as its schema's type has it: whole numbers of type number as doubles, times, bytes, lists that are sets. What needs no change is not copied.</summary>
internal static class SchemaValue
{
    /// <summary>Whether any value below can differ from the data.</summary>
    public static bool Changes(MapNode schema) =>
        schema["type"]?.AsString() is "number"
        || schema["format"]?.AsString() is "byte" or "duration" or "date" or "date-time"
        || schema["x-kubernetes-list-type"]?.AsString() is "set" or "map"
        || (schema["items"] is MapNode items && Changes(items))
        || (schema["additionalProperties"] is MapNode values && Changes(values))
        || (schema["properties"] as MapNode ?? []).Any(property => property.Value is MapNode inner && Changes(inner));

    public static Node Of(Node value, MapNode schema)
    {
        if (schema["x-kubernetes-int-or-string"]?.AsBool() == true || value.IsNull || !Changes(schema))
        {
            return value;
        }

        return (value, schema["type"]?.AsString()) switch
        {
            (IntegerNode number, "number") => new FloatNode(number.Value),
            (StringNode text, "string") => Text(text, schema["format"]?.AsString()),
            (ListNode list, "array") => List(list, schema),
            (MapNode map, "object") => Map(map, schema),
            _ => value,
        };
    }

    private static Node Text(StringNode text, string? format) => format switch
    {
        "byte" => CelNodes.Bytes(text.Value) ?? CelNodes.Failure($"Invalid base64: {text.Value}"),
        "duration" => CelNodes.Duration(text.Value) ?? CelNodes.Failure($"Invalid duration {text.Value}"),
        "date" => CelNodes.Date(text.Value) ?? CelNodes.Failure($"Invalid date formatted string {text.Value}"),
        "date-time" => CelNodes.Timestamp(text.Value) ?? CelNodes.Failure($"Invalid date formatted string {text.Value}"),
        _ => text,
    };

    private static Node List(ListNode list, MapNode schema)
    {
        Node[] items = schema["items"] is MapNode item ? [.. list.Select(value => Of(value, item))] : [.. list];
        return schema["x-kubernetes-list-type"]?.AsString() switch
        {
            "set" => CelNodes.Unordered(items, []),
            "map" => CelNodes.Unordered(items, [.. (schema["x-kubernetes-list-map-keys"]?.AsList() ?? []).Select(key => key.AsString()!)]),
            _ => new ListNode(items.AsEnumerable()),
        };
    }

    private static MapNode Map(MapNode map, MapNode schema)
    {
        MapNode converted = new(map.Count);
        foreach ((string key, Node value) in map)
        {
            MapNode? inner = schema["properties"]?[key] as MapNode ?? schema["additionalProperties"] as MapNode;
            converted[key] = inner is null ? value : Of(value, inner);
        }

        return converted;
    }
}
