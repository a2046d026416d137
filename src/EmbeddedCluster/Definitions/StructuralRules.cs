using System.Text.RegularExpressions;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Languages.GoTemplates;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions;

/// <summary>What makes a CRD's schema structural: every field typed once, logical junctors only narrowing it.</summary>
internal static partial class StructuralRules
{
    private static readonly string[] Types = ["array", "boolean", "integer", "number", "object", "string"];
    private static readonly string[] Junctors = ["allOf", "oneOf", "anyOf"];
    private static readonly string[] Unsupported = ["id", "additionalItems", "patternProperties", "definitions", "dependencies"];

    private enum Level
    {
        Root,
        Field,
        Item,
    }

    /// <summary>
    /// First what keeps the schema from being structural (in the order of its texts, as the reference sorts them), or else the defaults that do not fit;
    /// then what no schema may say. A schema with members that no structural one can hold is only told of those.
    /// </summary>
    public static void Check(Checks check, Node schema, string path)
    {
        List<FieldError> found = [];
        if (IsRepresentable(schema))
        {
            Checks structure = new(found);
            CheckStructure(structure, schema, path, Level.Root);
            CheckComplete(structure, schema, path);
            found.Sort((left, right) => string.CompareOrdinal(left.ToString(), right.ToString()));
            if (found.Count == 0)
            {
                CheckDefaults(structure, schema, path);
            }
        }

        check.Errors.AddRange(found);
        CheckNode(check, schema, path, new Place(IsRoot: true));
    }

    /// <param name="IsRoot">The schema of a whole object.</param>
    /// <param name="InMetadata">Below the kind, apiVersion or metadata of an object.</param>
    /// <param name="NoDefaults">Why no default may be set here; null where one may.</param>
    private readonly record struct Place(bool IsRoot = false, bool InMetadata = false, string? NoDefaults = null);

    private static bool IsRepresentable(Node schema)
    {
        bool own = Unsupported.All(key => schema[key] is null or MapNode { Count: 0 }) && schema["$ref"] is null && schema["$schema"]?.AsString() is null or ""
            && schema["items"] is not ListNode && schema["x-kubernetes-preserve-unknown-fields"]?.AsBool() != false;
        return own && Inner(schema, string.Empty).All(inner => IsRepresentable(inner.Schema));
    }

    /// <summary>The schemas right below one, junctors included, with their paths.</summary>
    private static IEnumerable<(Node Schema, string Path)> Inner(Node schema, string path)
    {
        if (schema["additionalProperties"] is MapNode additional)
        {
            yield return (additional, $"{path}.additionalProperties");
        }

        foreach ((string name, Node property) in schema["properties"] as MapNode ?? [])
        {
            yield return (property, $"{path}.properties[{name}]");
        }

        if (schema["not"] is MapNode not)
        {
            yield return (not, $"{path}.not");
        }

        foreach (string junctor in Junctors)
        {
            foreach ((Node part, string at) in Checks.Each(schema[junctor], $"{path}.{junctor}"))
            {
                yield return (part, at);
            }
        }

        if (schema["items"] is MapNode items)
        {
            yield return (items, $"{path}.items");
        }
    }

    /// <summary>What no schema may say, junctors included.</summary>
    private static void CheckNode(Checks check, Node schema, string path, Place place)
    {
        string type = schema["type"]?.AsString() ?? string.Empty;
        if (type.Length > 0 && !Types.Contains(type))
        {
            check.Add(FieldError.NotSupported($"{path}.type", type, Types));
        }

        if (schema["default"] is not null and not NullNode && place.NoDefaults is { } why)
        {
            check.Add(FieldError.Forbidden($"{path}.default", $"must not be set {why}"));
        }

        CheckForbidden(check, schema, path, type, place);
        if (schema["additionalProperties"] is MapNode or BoolNode { Value: false } && schema["properties"] is MapNode { Count: > 0 })
        {
            check.Add(FieldError.Forbidden($"{path}.additionalProperties", "additionalProperties and properties are mutual exclusive"));
        }

        bool isObject = place.IsRoot || schema["x-kubernetes-embedded-resource"]?.AsBool() == true;
        foreach ((Node inner, string at) in Inner(schema, path))
        {
            Place below = place with { IsRoot = false };
            string name = at[path.Length..];
            if (name == ".additionalProperties" && place.InMetadata)
            {
                below = below with { NoDefaults = "inside additionalProperties applying to object metadata" };
            }
            else if (isObject && name is ".properties[metadata]" or ".properties[kind]" or ".properties[apiVersion]")
            {
                below = new Place(InMetadata: true, NoDefaults: place.IsRoot ? $"in top-level {name[12..^1]}" : place.NoDefaults);
            }

            CheckNode(check, inner, at, below);
        }

        if (schema["x-kubernetes-preserve-unknown-fields"]?.AsBool() == false)
        {
            check.Add(FieldError.Invalid($"{path}.x-kubernetes-preserve-unknown-fields", false, "must be true or undefined"));
        }

        CheckExtensions(check, schema, path, type);
    }

    private static void CheckForbidden(Checks check, Node schema, string path, string type, Place place)
    {
        foreach (string key in Unsupported)
        {
            if (schema[key] is not null and not MapNode { Count: 0 })
            {
                check.Add(FieldError.Forbidden($"{path}.{key}", $"{key} is not supported"));
            }
        }

        if (schema["$ref"] is not null)
        {
            check.Add(FieldError.Forbidden($"{path}.$ref", "$ref is not supported"));
        }

        if (type == "null")
        {
            check.Add(FieldError.Forbidden($"{path}.type", "type cannot be set to null, use nullable as an alternative"));
        }

        if (schema["items"] is ListNode)
        {
            check.Add(FieldError.Forbidden($"{path}.items", "items must be a schema object and not an array"));
        }

        if (place.InMetadata && schema["x-kubernetes-embedded-resource"]?.AsBool() == true)
        {
            check.Add(FieldError.Forbidden($"{path}.x-kubernetes-embedded-resource", "must not be used inside of resource meta"));
        }

        if (schema["uniqueItems"]?.AsBool() == true)
        {
            check.Add(FieldError.Forbidden($"{path}.uniqueItems", "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"));
        }
    }

    private static void CheckPattern(Checks check, Node schema, string path)
    {
        if (schema["pattern"]?.AsString() is { Length: > 0 } pattern && !Re2.TryCompile(pattern, out Regex? _, out string? error))
        {
            check.Add(FieldError.Invalid($"{path}.pattern", pattern, $"must be a valid regular expression, but isn't: {error}"));
        }
    }

    private static void CheckStructure(Checks check, Node schema, string path, Level level)
    {
        CheckLevel(check, schema, path, level);
        if (schema["items"] is MapNode items)
        {
            CheckStructure(check, items, $"{path}.items", Level.Item);
        }

        foreach ((string name, Node property) in schema["properties"] as MapNode ?? [])
        {
            CheckStructure(check, property, $"{path}.properties[{name}]", Level.Field);
        }

        if (level != Level.Root && schema["additionalProperties"] is MapNode additional)
        {
            CheckStructure(check, additional, $"{path}.additionalProperties", Level.Field);
        }

        CheckJunctors(check, schema, path);
        if (level == Level.Root || schema["x-kubernetes-embedded-resource"]?.AsBool() == true)
        {
            CheckObject(check, schema, path);
        }

        if (level == Level.Root && schema["properties"]?["metadata"] is MapNode metadata && RestrictsMetadata(metadata))
        {
            check.Add(FieldError.Forbidden($"{path}.properties[metadata]", "must not specify anything other than name and generateName, but metadata is implicitly specified"));
        }
    }

    private static void CheckLevel(Checks check, Node schema, string path, Level level)
    {
        string type = schema["type"]?.AsString() ?? string.Empty;
        bool embedded = schema["x-kubernetes-embedded-resource"]?.AsBool() == true;
        bool intOrString = schema["x-kubernetes-int-or-string"]?.AsBool() == true;
        if (embedded && type != "object")
        {
            const string detail = "must be object if x-kubernetes-embedded-resource is true";
            check.Add(type.Length == 0 ? FieldError.Required($"{path}.type", detail) : FieldError.Invalid($"{path}.type", type, detail));
        }
        else if (type.Length == 0 && !intOrString && schema["x-kubernetes-preserve-unknown-fields"]?.AsBool() != true)
        {
            check.Add(FieldError.Required($"{path}.type", level switch
            {
                Level.Root => "must not be empty at the root",
                Level.Item => "must not be empty for specified array items",
                _ => "must not be empty for specified object fields",
            }));
        }

        CheckIntOrString(check, schema, path, intOrString, embedded);
        CheckPattern(check, schema, path);

        if (level == Level.Root)
        {
            CheckRoot(check, schema, path, type);
        }

        if (type == "array" && schema["items"] is null or NullNode)
        {
            check.Add(FieldError.Required($"{path}.items", "must be specified"));
        }

        if (embedded && schema["additionalProperties"] is not null)
        {
            check.Add(FieldError.Forbidden($"{path}.additionalProperties", "must not be used if x-kubernetes-embedded-resource is set"));
        }

        if (embedded && schema["x-kubernetes-preserve-unknown-fields"]?.AsBool() != true && schema["properties"] is not MapNode { Count: > 0 })
        {
            check.Add(FieldError.Required($"{path}.properties", "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"));
        }
    }

    private static void CheckIntOrString(Checks check, Node schema, string path, bool intOrString, bool embedded)
    {
        const string detail = "must be false if x-kubernetes-int-or-string is true";
        if (intOrString && schema["x-kubernetes-preserve-unknown-fields"]?.AsBool() == true)
        {
            check.Add(FieldError.Invalid($"{path}.x-kubernetes-preserve-unknown-fields", true, detail));
        }

        if (intOrString && embedded)
        {
            check.Add(FieldError.Invalid($"{path}.x-kubernetes-embedded-resource", true, detail));
        }
    }

    private static void CheckRoot(Checks check, Node schema, string path, string type)
    {
        if (type.Length > 0 && type != "object")
        {
            check.Add(FieldError.Invalid($"{path}.type", type, "must be object at the root"));
        }

        if (schema["additionalProperties"] is not null)
        {
            check.Add(FieldError.Forbidden($"{path}.additionalProperties", "must not be used at the root"));
        }

        if (schema["nullable"]?.AsBool() == true)
        {
            check.Add(FieldError.Forbidden($"{path}.nullable", "nullable cannot be true at the root"));
        }
    }

    /// <summary>Every object has its kind, apiVersion and metadata already.</summary>
    private static void CheckObject(Checks check, Node schema, string path)
    {
        foreach ((string name, string wanted) in ((string, string)[])[("kind", "string"), ("apiVersion", "string"), ("metadata", "object")])
        {
            if (schema["properties"]?[name] is { } header && (header["type"]?.AsString() ?? string.Empty) is { } type && type != wanted)
            {
                check.Add(FieldError.Invalid($"{path}.properties[{name}].type", type, $"must be {wanted}"));
            }
        }
    }

    // Its default is told of where defaults are; validations of names are all that may be there besides.
    private static bool RestrictsMetadata(MapNode metadata) => metadata.Keys.Any(key => key is not ("type" or "properties" or "default"))
        || (metadata["properties"] as MapNode ?? []).Keys.Any(key => key is not ("name" or "generateName"));
}
