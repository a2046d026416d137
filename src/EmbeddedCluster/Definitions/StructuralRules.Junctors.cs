using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions;

internal static partial class StructuralRules
{
    private static void CheckJunctors(Checks check, Node schema, string path)
    {
        bool intOrString = schema["x-kubernetes-int-or-string"]?.AsBool() == true;
        foreach (string junctor in Junctors)
        {
            foreach ((Node part, string at) in Checks.Each(schema[junctor], $"{path}.{junctor}"))
            {
                bool isPattern = intOrString && (IsIntOrString(schema, junctor) || (junctor == "allOf" && at.EndsWith("[0]", StringComparison.Ordinal) && IsIntOrString(part, "anyOf")));
                if (!isPattern)
                {
                    CheckNested(check, part, at);
                }
            }
        }

        if (schema["not"] is MapNode not)
        {
            CheckNested(check, not, $"{path}.not");
        }
    }

    private static bool IsIntOrString(Node schema, string junctor) =>
        junctor == "anyOf" && schema["anyOf"] is ListNode { Count: 2 } two && two[0]["type"]?.AsString() == "integer" && two[1]["type"]?.AsString() == "string";

    /// <summary>A junctor may restrict values but neither type, default nor describe them.</summary>
    private static void CheckNested(Checks check, Node schema, string path)
    {
        CheckPattern(check, schema, path);
        foreach ((string key, string detail) in ((string, string)[])
        [
            ("type", "must be empty to be structural"), ("description", "must be empty to be structural"), ("title", "must be empty to be structural"),
            ("default", "must be undefined to be structural"), ("additionalProperties", "must be undefined to be structural"), ("nullable", "must be false to be structural"),
            ("x-kubernetes-preserve-unknown-fields", "must be false to be structural"), ("x-kubernetes-embedded-resource", "must be false to be structural"),
            ("x-kubernetes-int-or-string", "must be false to be structural"), ("x-kubernetes-list-map-keys", "must be empty to be structural"),
            ("x-kubernetes-list-type", "must be undefined to be structural"), ("x-kubernetes-map-type", "must be undefined to be structural"), ("x-kubernetes-validations", "must be empty to be structural"),
        ])
        {
            if (schema[key] is not (null or NullNode or StringNode { Value.Length: 0 } or BoolNode { Value: false } or ListNode { Count: 0 }))
            {
                check.Add(FieldError.Forbidden($"{path}.{key}", detail));
            }
        }

        if (schema["properties"]?["metadata"] is not null)
        {
            check.Add(FieldError.Forbidden($"{path}.properties[metadata]", "must not be specified in a nested context"));
        }

        foreach ((string name, Node property) in schema["properties"] as MapNode ?? [])
        {
            CheckNested(check, property, $"{path}.properties[{name}]");
        }

        foreach (string key in (ReadOnlySpan<string>)["items", "not"])
        {
            if (schema[key] is MapNode inner)
            {
                CheckNested(check, inner, $"{path}.{key}");
            }
        }

        foreach (string junctor in Junctors)
        {
            foreach ((Node part, string at) in Checks.Each(schema[junctor], $"{path}.{junctor}"))
            {
                CheckNested(check, part, at);
            }
        }
    }

    /// <summary>What a junctor at the root restricts has to be specified outside of it too. The reference does not look at junctors further inside.</summary>
    private static void CheckComplete(Checks check, Node schema, string path)
    {
        if (schema["not"] is MapNode not)
        {
            CheckComplete(check, not, schema, $"{path}.not", path);
        }

        foreach (string junctor in Junctors)
        {
            foreach ((Node part, string at) in Checks.Each(schema[junctor], $"{path}.{junctor}"))
            {
                CheckComplete(check, part, schema, at, path);
            }
        }
    }

    private static void CheckComplete(Checks check, Node part, Node outer, string path, string outerPath)
    {
        foreach ((string name, Node property) in part["properties"] as MapNode ?? [])
        {
            string at = $"{path}.properties[{name}]";
            if (outer["properties"]?[name] is { } known)
            {
                CheckComplete(check, property, known, at, $"{outerPath}.properties[{name}]");
            }
            else
            {
                check.Add(FieldError.Required($"{outerPath}.properties[{name}]", $"because it is defined in {at}"));
            }
        }

        if (part["items"] is MapNode items)
        {
            if (outer["items"] is MapNode known)
            {
                CheckComplete(check, items, known, $"{path}.items", $"{outerPath}.items");
            }
            else
            {
                check.Add(FieldError.Required($"{outerPath}.items", $"because it is defined in {path}.items"));
            }
        }

        foreach (string junctor in Junctors)
        {
            foreach ((Node inner, string at) in Checks.Each(part[junctor], $"{path}.{junctor}"))
            {
                CheckComplete(check, inner, outer, at, outerPath);
            }
        }
    }
}
