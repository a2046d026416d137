using System.Text.RegularExpressions;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>What makes a CRD's schema structural.</summary>
internal static class StructuralRules
{
    private static readonly string[] Types = ["array", "boolean", "integer", "number", "object", "string"];

    public static void Check(Checks check, Node schema, string path)
    {
        if (schema["type"]?.AsString() is null or "")
        {
            check.Add(FieldError.Required($"{path}.type", "must not be empty at the root"));
        }

        if (schema["additionalProperties"] is not null)
        {
            check.Add(FieldError.Forbidden($"{path}.additionalProperties", "must not be used at the root"));
        }

        CheckNode(check, schema, path, isRoot: true);
    }

    private static void CheckNode(Checks check, Node schema, string path, bool isRoot)
    {
        string type = schema["type"]?.AsString() ?? string.Empty;
        bool untyped = schema["x-kubernetes-int-or-string"]?.AsBool() == true || schema["x-kubernetes-preserve-unknown-fields"]?.AsBool() == true;
        if (!isRoot && type.Length == 0 && !untyped)
        {
            check.Add(FieldError.Required($"{path}.type", "must not be empty for specified object fields"));
        }

        if (type.Length > 0 && !Types.Contains(type))
        {
            check.Add(FieldError.NotSupported($"{path}.type", type, Types));
        }

        if (schema["$ref"] is not null)
        {
            check.Add(FieldError.Forbidden($"{path}.$ref", "$ref is not supported"));
        }

        if (schema["uniqueItems"]?.AsBool() == true)
        {
            check.Add(FieldError.Forbidden($"{path}.uniqueItems", "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"));
        }

        if (type == "array" && schema["items"] is null)
        {
            check.Add(FieldError.Required($"{path}.items", "must be specified"));
        }

        CheckPattern(check, schema, path);
        CheckLists(check, schema, path);
        foreach ((string name, Node property) in schema["properties"] as MapNode ?? [])
        {
            if (!isRoot || name is not ("metadata" or "apiVersion" or "kind"))
            {
                CheckNode(check, property, $"{path}.properties[{name}]", isRoot: false);
            }
        }

        if (schema["items"] is MapNode items)
        {
            CheckNode(check, items, $"{path}.items", isRoot: false);
        }

        if (!isRoot && schema["additionalProperties"] is MapNode additional)
        {
            CheckNode(check, additional, $"{path}.additionalProperties", isRoot: false);
        }
    }

    private static void CheckPattern(Checks check, Node schema, string path)
    {
        if (schema["pattern"]?.AsString() is not { } pattern)
        {
            return;
        }

        try
        {
            _ = new Regex(pattern, RegexOptions.NonBacktracking);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            check.Add(FieldError.Invalid($"{path}.pattern", pattern, $"must be a valid regular expression, but isn't: {e.Message}"));
        }
    }

    private static void CheckLists(Checks check, Node schema, string path)
    {
        string? kind = schema["x-kubernetes-list-type"]?.AsString();
        if (kind == "map" && schema["x-kubernetes-list-map-keys"] is not ListNode { Count: > 0 })
        {
            check.Add(FieldError.Required($"{path}.x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map"));
        }
    }
}
