using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions;

internal static partial class StructuralRules
{
    private static void CheckExtensions(Checks check, Node schema, string path, string type)
    {
        if (schema["x-kubernetes-map-type"] is { } mapType)
        {
            check.OneOf(mapType, $"{path}.x-kubernetes-map-type", "atomic", "granular");
            Typed(check, type, "object", path, "must be object if x-kubernetes-map-type is specified");
        }

        string? listType = schema["x-kubernetes-list-type"]?.AsString();
        if (listType is not null)
        {
            Typed(check, type, "array", path, "must be array if x-kubernetes-list-type is specified");
            check.OneOf(schema["x-kubernetes-list-type"], $"{path}.x-kubernetes-list-type", "atomic", "set", "map");
        }

        ListNode keys = schema["x-kubernetes-list-map-keys"]?.AsList() ?? [];
        if (keys.Count > 0 && listType != "map")
        {
            const string detail = "must be map if x-kubernetes-list-map-keys is non-empty";
            check.Add(listType is null ? FieldError.Required($"{path}.x-kubernetes-list-type", detail) : FieldError.Invalid($"{path}.x-kubernetes-list-type", listType, detail));
        }

        switch (listType)
        {
            case "map":
                CheckListMap(check, schema, keys, path);
                break;
            case "set":
                CheckListSet(check, schema, path);
                break;
            default:
                break;
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

        if (items["nullable"]?.AsBool() == true)
        {
            check.Add(FieldError.Forbidden($"{path}.items.nullable", "cannot be nullable when x-kubernetes-list-type is map"));
        }

        if (items["type"]?.AsString() != "object")
        {
            check.Add(FieldError.Invalid($"{path}.items.type", items["type"] ?? StringNode.Empty, "must be object if parent array's x-kubernetes-list-type is map"));
        }

        HashSet<string> seen = new(StringComparer.Ordinal);
        for (int i = 0; i < keys.Count; i++)
        {
            string key = keys[i].AsString() ?? string.Empty;
            if (!seen.Add(key))
            {
                check.Add(FieldError.Invalid($"{path}.x-kubernetes-list-map-keys", keys, "must not contain duplicate entries"));
            }

            CheckMapKey(check, items, key, path, i);
        }
    }

    private static void CheckMapKey(Checks check, MapNode items, string key, string path, int i)
    {
        string at = $"{path}.items.properties[{key}]";
        if (items["properties"]?[key] is not { } property)
        {
            check.Add(FieldError.Invalid($"{path}.x-kubernetes-list-map-keys[{i}]", key, "entries must all be names of item properties"));
            return;
        }

        if (property["type"]?.AsString() is "object" or "array")
        {
            check.Add(FieldError.Invalid($"{at}.type", property["type"], "must be a scalar type if parent array's x-kubernetes-list-type is map"));
        }

        if (property["nullable"]?.AsBool() == true)
        {
            check.Add(FieldError.Forbidden($"{at}.nullable", "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"));
        }

        bool required = (items["required"]?.AsList() ?? []).Any(item => item.AsString() == key);
        if (!required && property["default"] is null)
        {
            check.Add(FieldError.Required($"{at}.default", "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"));
        }
    }

    private static void CheckListSet(Checks check, Node schema, string path)
    {
        if (schema["items"] is not MapNode items)
        {
            check.Add(FieldError.Required($"{path}.items", "must have a schema if x-kubernetes-list-type is set"));
            return;
        }

        if (items["nullable"]?.AsBool() == true)
        {
            check.Add(FieldError.Forbidden($"{path}.items.nullable", "cannot be nullable when x-kubernetes-list-type is set"));
        }

        switch (items["type"]?.AsString())
        {
            case "object" when items["x-kubernetes-map-type"]?.AsString() != "atomic":
                check.Add(FieldError.Invalid($"{path}.items.x-kubernetes-map-type", items["x-kubernetes-map-type"] ?? Node.Null, "must be atomic as item of a list with x-kubernetes-list-type=set"));
                break;
            case "array" when items["x-kubernetes-list-type"]?.AsString() is not (null or "atomic"):
                check.Add(FieldError.Invalid($"{path}.items.x-kubernetes-list-type", items["x-kubernetes-list-type"], "must be atomic as item of a list with x-kubernetes-list-type=set"));
                break;
            default:
                break;
        }
    }

    private static void CheckDefaults(Checks check, Node schema, string path, bool isRoot)
    {
        if (schema["default"] is { } value)
        {
            string at = $"{path}.default";
            if (isRoot)
            {
                check.Add(FieldError.Forbidden(at, "must not be set"));
            }

            CheckDefault(check, value, schema, at);
        }

        foreach ((string name, Node property) in schema["properties"] as MapNode ?? [])
        {
            CheckDefaults(check, property, $"{path}.properties[{name}]", isRoot: false);
        }

        foreach (string key in (ReadOnlySpan<string>)["items", "additionalProperties"])
        {
            if (schema[key] is MapNode inner)
            {
                CheckDefaults(check, inner, $"{path}.{key}", isRoot: false);
            }
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
        CustomValidation.CheckValue(pruned, schema, errors);
        foreach (FieldError error in errors)
        {
            check.Add(error with { Field = error.Field.Length == 0 || error.Field == "<nil>" ? path : $"{path}.{error.Field}" });
        }
    }
}
