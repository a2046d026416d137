using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions;

/// <summary>Lists of custom resources whose items are told apart: no two the same in a set or a map.</summary>
internal static class CustomLists
{
    private static readonly JsonWriteOptions Canonical = new() { SortKeys = true };

    public static void Check(MapNode node, MapNode? live, MapNode schema, List<FieldError> errors)
    {
        List<FieldError> found = [];
        Walk(node, schema, string.Empty, found);
        if (found.Count > 0 && live is not null)
        {
            List<FieldError> before = [];
            Walk(live, schema, string.Empty, before);
            if (before.Count > 0)
            {
                return;
            }
        }

        errors.AddRange(found);
    }

    /// <summary>The item of the live list that a new one continues; null where items have no identity.</summary>
    public static Node? SameItem(Node item, ListNode? live, Node schema)
    {
        if (live is null || schema["x-kubernetes-list-type"]?.AsString() != "map")
        {
            return null;
        }

        string[] keys = Keys(schema);
        string wanted = JsonWriter.ToText(Identity(item, keys, schema), Canonical);
        return live.FirstOrDefault(other => JsonWriter.ToText(Identity(other, keys, schema), Canonical) == wanted);
    }

    private static void Walk(Node node, Node schema, string path, List<FieldError> errors)
    {
        switch (node)
        {
            case MapNode map:
                foreach ((string key, Node value) in map)
                {
                    Node? property = schema["properties"]?[key] ?? schema["additionalProperties"] as MapNode;
                    if (property is not null)
                    {
                        Walk(value, property, path.Length == 0 ? key : $"{path}.{key}", errors);
                    }
                }

                break;
            case ListNode list:
                CheckUnique(list, schema, path, errors);
                for (int i = 0; i < list.Count && schema["items"] is MapNode items; i++)
                {
                    Walk(list[i], items, $"{path}[{i}]", errors);
                }

                break;
            default:
                break;
        }
    }

    private static void CheckUnique(ListNode list, Node schema, string path, List<FieldError> errors)
    {
        string? kind = schema["x-kubernetes-list-type"]?.AsString();
        if (kind is not ("set" or "map"))
        {
            return;
        }

        if (kind == "map" && list.Select((item, i) => (item, i)).FirstOrDefault(pair => pair.item is not (MapNode or NullNode)) is { item: { } scalar } wrong)
        {
            errors.Add(FieldError.Invalid($"{path}[{wrong.i}]", scalar, "must be an object for an array of list-type map"));
            return;
        }

        string[] keys = Keys(schema);
        HashSet<string> seen = new(StringComparer.Ordinal);
        HashSet<string> told = new(StringComparer.Ordinal);
        for (int i = 0; i < list.Count; i++)
        {
            Node identity = kind == "set" ? list[i] : Identity(list[i], keys, schema);
            string text = JsonWriter.ToText(identity, Canonical);
            if (!seen.Add(text) && told.Add(text))
            {
                errors.Add(FieldError.Duplicate($"{path}[{i}]", identity));
            }
        }
    }

    private static string[] Keys(Node schema) => [.. (schema["x-kubernetes-list-map-keys"]?.AsList() ?? []).Select(key => key.AsString()!)];

    private static MapNode Identity(Node item, string[] keys, Node schema)
    {
        MapNode identity = [];
        foreach (string key in keys)
        {
            if ((item[key] ?? schema.At("items", "properties", key, "default")) is { } value)
            {
                identity[key] = value;
            }
        }

        return identity;
    }
}
