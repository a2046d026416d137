using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions;

internal static partial class StructuralRules
{
    private static void CheckExtensions(Checks check, Node schema, string path, string type)
    {
        if (schema["x-kubernetes-map-type"] is { } mapType)
        {
            Typed(check, type, "object", path, "must be object if x-kubernetes-map-type is specified");
            check.OneOf(mapType, $"{path}.x-kubernetes-map-type", "atomic", "granular");
        }

        string? listType = schema["x-kubernetes-list-type"]?.AsString();
        if (listType is not null)
        {
            Typed(check, type, "array", path, "must be array if x-kubernetes-list-type is specified");
            if (type == "array" && listType == "set" && schema["items"] is MapNode itemsOfSet)
            {
                CheckSetItems(check, itemsOfSet, path);
            }

            check.OneOf(schema["x-kubernetes-list-type"], $"{path}.x-kubernetes-list-type", "atomic", "set", "map");
        }

        ListNode keys = schema["x-kubernetes-list-map-keys"]?.AsList() ?? [];
        if (keys.Count > 0 && listType != "map")
        {
            const string detail = "must be map if x-kubernetes-list-map-keys is non-empty";
            check.Add(listType is null ? FieldError.Required($"{path}.x-kubernetes-list-type", detail) : FieldError.Invalid($"{path}.x-kubernetes-list-type", listType, detail));
        }

        if (listType == "map")
        {
            CheckListMap(check, schema, keys, path);
        }

        if (listType is "map" or "set" && schema["items"] is MapNode items)
        {
            CheckItemsOfLists(check, items, listType, keys, path);
        }
    }

    private static void Typed(Checks check, string had, string wanted, string path, string detail)
    {
        if (had != wanted)
        {
            check.Add(had.Length == 0 ? FieldError.Required($"{path}.type", detail) : FieldError.Invalid($"{path}.type", had, detail));
        }
    }

    private static void CheckListMap(Checks check, Node schema, ListNode keys, string path)
    {
        if (keys.Count == 0)
        {
            check.Add(FieldError.Required($"{path}.x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map"));
        }

        if (schema["items"] is not MapNode items)
        {
            check.Add(FieldError.Required($"{path}.items", "must have a schema if x-kubernetes-list-type is map"));
            return;
        }

        if (items["type"]?.AsString() != "object")
        {
            check.Add(FieldError.Invalid($"{path}.items.type", items["type"] ?? StringNode.Empty, "must be object if parent array's x-kubernetes-list-type is map"));
            return;
        }

        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (string key in keys.Select(item => item.AsString() ?? string.Empty))
        {
            if (items["properties"]?[key] is not { } property)
            {
                check.Add(FieldError.Invalid($"{path}.x-kubernetes-list-map-keys", keys, "entries must all be names of item properties"));
            }
            else if (property["type"]?.AsString() is "object" or "array")
            {
                // The type that is named is the items', as the reference has it.
                check.Add(FieldError.Invalid($"{path}.items.properties[{key}].type", "object", "must be a scalar type if parent array's x-kubernetes-list-type is map"));
            }

            if (!seen.Add(key))
            {
                check.Add(FieldError.Invalid($"{path}.x-kubernetes-list-map-keys", keys, "must not contain duplicate entries"));
            }
        }
    }

    /// <summary>Items that are told apart are never null, and every key of a map's items has a value.</summary>
    private static void CheckItemsOfLists(Checks check, MapNode items, string listType, ListNode keys, string path)
    {
        if (items["nullable"]?.AsBool() == true)
        {
            check.Add(FieldError.Forbidden($"{path}.items.nullable", $"cannot be nullable when x-kubernetes-list-type is {listType}"));
        }

        foreach (string key in listType == "map" ? keys.Select(item => item.AsString() ?? string.Empty) : [])
        {
            if (items["properties"]?[key] is not { } property)
            {
                continue;
            }

            string at = $"{path}.items.properties[{key}]";
            bool required = (items["required"]?.AsList() ?? []).Any(item => item.AsString() == key);
            if (!required && property["default"] is null)
            {
                check.Add(FieldError.Required($"{at}.default", "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"));
            }

            if (property["nullable"]?.AsBool() == true)
            {
                check.Add(FieldError.Forbidden($"{at}.nullable", "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"));
            }
        }
    }

    private static void CheckSetItems(Checks check, MapNode items, string path)
    {
        const string detail = "must be atomic as item of a list with x-kubernetes-list-type=set";
        switch (items["type"]?.AsString())
        {
            case "object" when items["x-kubernetes-map-type"]?.AsString() != "atomic":
                // The value that is named is the items' list type, as the reference has it.
                check.Add(FieldError.Invalid($"{path}.items.x-kubernetes-map-type", items["x-kubernetes-list-type"] ?? Node.Null, detail));
                break;
            case "array" when items["x-kubernetes-list-type"]?.AsString() is not (null or "atomic"):
                check.Add(FieldError.Invalid($"{path}.items.x-kubernetes-list-type", items["x-kubernetes-list-type"], detail));
                break;
            default:
                break;
        }
    }

    // Nothing is filled in below additionalProperties' own defaults, so the reference does not look there.
    private static void CheckDefaults(Checks check, Node schema, string path)
    {
        if (schema["default"] is { } value)
        {
            CheckDefault(check, value, schema, $"{path}.default");
        }

        if (schema["items"] is MapNode items)
        {
            CheckDefaults(check, items, $"{path}.items");
        }

        foreach ((string name, Node property) in schema["properties"] as MapNode ?? [])
        {
            CheckDefaults(check, property, $"{path}.properties[{name}]");
        }
    }

    private static void CheckDefault(Checks check, Node value, Node schema, string path)
    {
        Node pruned = value.DeepClone();
        CustomPruning.PruneValue(pruned, schema);
        if (!pruned.DeepEquals(value))
        {
            check.Add(FieldError.Invalid(path, value, "must not have unknown fields"));
            return;
        }

        List<FieldError> errors = [];
        CustomPruning.Default(pruned, schema);
        EmbeddedRules.CheckAll(pruned, schema, errors);
        if (errors.Count == 0)
        {
            CustomValidation.CheckValue(pruned, schema, errors);
        }

        foreach (FieldError error in errors)
        {
            check.Add(error with { Field = error.Field.Length == 0 || error.Field == "<nil>" ? path : $"{path}.{error.Field.TrimStart('.')}" });
        }
    }
}
