using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions;

/// <summary>
/// Validates custom resources by their OpenAPI schema, in the words of kube-openapi as the API server reports them. On
/// update, parts that did not change are not held to the schema again (ratcheting).
/// </summary>
internal static partial class CustomValidation
{
    /// <param name="live">The object before an update.</param>
    public static void Check(MapNode node, MapNode schema, List<FieldError> errors, MapNode? live = null)
    {
        foreach ((string key, Node property) in schema["properties"] as MapNode ?? [])
        {
            if (key is not ("apiVersion" or "kind" or "metadata") && node[key] is { } value)
            {
                Check(value, live?[key], property, key, errors);
            }
        }

        CheckRequired(node, schema, string.Empty, errors);
        CheckCombinations(node, live, schema, string.Empty, errors);
    }

    /// <summary>A value by itself, as a default in a schema is.</summary>
    public static void CheckValue(Node value, Node schema, List<FieldError> errors) => Check(value, null, schema, string.Empty, errors);

    /// <returns>How many values were looked at: the alternative that fits furthest is the one whose errors are shown.</returns>
    private static int Check(Node value, Node? live, Node schema, string path, List<FieldError> errors)
    {
        if (live is not null && live.DeepEquals(value))
        {
            return 1;
        }

        CheckType(value, schema, path, errors);
        int looked = 1;
        switch (value)
        {
            case NullNode:
                CheckEnum(value, schema, path, errors);
                return 1;
            case StringNode text:
                looked += CheckCombinations(value, live, schema, path, errors);
                CheckText(text, schema, path, errors);
                break;
            case IntegerNode or FloatNode:
                looked += CheckCombinations(value, live, schema, path, errors);
                CheckNumber(value, schema, path, errors);
                break;
            case ListNode list:
                looked += CheckCombinations(value, live, schema, path, errors);
                looked += CheckList(list, live as ListNode, schema, path, errors);
                break;
            case MapNode map:
                looked += CheckCombinations(value, live, schema, path, errors);
                looked += CheckMap(map, live as MapNode, schema, path, errors);
                break;
            default:
                looked += CheckCombinations(value, live, schema, path, errors);
                break;
        }

        CheckEnum(value, schema, path, errors);
        return looked;
    }

    private static int CheckList(ListNode list, ListNode? live, Node schema, string path, List<FieldError> errors)
    {
        if (schema["maxItems"]?.AsInteger() is { } most && list.Count > most)
        {
            errors.Add(FieldError.TooMany(path, list.Count, (int)most));
            return 0;
        }

        if (schema["minItems"]?.AsInteger() is { } least && list.Count < least)
        {
            errors.Add(FieldError.Invalid(path, list.Count, $"{path} in body should have at least {least} items"));
        }

        int looked = 0;
        for (int i = 0; i < list.Count && schema["items"] is MapNode items; i++)
        {
            looked += Check(list[i], CustomLists.SameItem(list[i], live, schema), items, $"{path}[{i}]", errors);
        }

        return looked;
    }

    private static int CheckMap(MapNode map, MapNode? live, Node schema, string path, List<FieldError> errors)
    {
        if (schema["maxProperties"]?.AsInteger() is { } most && map.Count > most)
        {
            errors.Add(FieldError.TooMany(path, map.Count, (int)most));
            return 0;
        }

        if (schema["minProperties"]?.AsInteger() is { } least && map.Count < least)
        {
            errors.Add(FieldError.Invalid(path, map.Count, $"{path} in body should have at least {least} properties"));
        }

        int looked = 0;
        Node? properties = schema["properties"];
        foreach ((string key, Node value) in map)
        {
            Node? property = properties?[key] ?? schema["additionalProperties"] as MapNode;
            if (property is not null)
            {
                looked += Check(value, live?[key], property, path.Length == 0 ? key : $"{path}.{key}", errors);
            }
        }

        CheckRequired(map, schema, path, errors);
        return looked;
    }

    private static void CheckRequired(MapNode map, Node schema, string path, List<FieldError> errors)
    {
        foreach (Node item in schema["required"]?.AsList() ?? [])
        {
            string key = item.AsString() ?? string.Empty;
            if (!map.ContainsKey(key))
            {
                errors.Add(FieldError.Required(path.Length == 0 ? key : $"{path}.{key}"));
            }
        }
    }

    private static int CheckCombinations(Node value, Node? live, Node schema, string path, List<FieldError> errors)
    {
        int looked = 0;
        if (schema["anyOf"] is ListNode { Count: > 0 } any && schema["x-kubernetes-int-or-string"]?.AsBool() != true)
        {
            looked += CheckAny(any, value, live, path, errors);
        }

        if (schema["oneOf"] is ListNode { Count: > 0 } one)
        {
            looked += CheckOne(one, value, live, path, errors);
        }

        int fitting = 0;
        ListNode all = schema["allOf"]?.AsList() ?? [];
        foreach (Node part in all)
        {
            int before = errors.Count;
            looked += Check(value, live, part, path, errors);
            fitting += errors.Count == before ? 1 : 0;
        }

        if (fitting < all.Count)
        {
            errors.Add(Combination($"\"{path}\" must validate all the schemas (allOf){(fitting == 0 ? ". None validated" : string.Empty)}"));
        }

        if (schema["not"] is MapNode not)
        {
            List<FieldError> found = [];
            Check(value, live, not, path, found);
            if (found.Count == 0)
            {
                errors.Add(Combination($"\"{path}\" must not validate the schema (not)"));
            }
        }

        return looked;
    }

    private static int CheckAny(ListNode any, Node value, Node? live, string path, List<FieldError> errors)
    {
        (List<FieldError>? closest, int looked, int fitting) = Closest(any, value, live, path);
        if (fitting == 0)
        {
            errors.Add(Combination($"\"{path}\" must validate at least one schema (anyOf)"));
            errors.AddRange(closest!);
        }

        return looked;
    }

    private static int CheckOne(ListNode one, Node value, Node? live, string path, List<FieldError> errors)
    {
        (List<FieldError>? closest, int looked, int fitting) = Closest(one, value, live, path);
        if (fitting != 1)
        {
            string found = fitting == 0 ? "Found none valid" : $"Found {fitting} valid alternatives";
            errors.Add(Combination($"\"{path}\" must validate one and only one schema (oneOf). {found}"));
            errors.AddRange(closest ?? []);
        }

        return looked;
    }

    /// <summary>How many alternatives fit, and the errors of the one that came closest when none does.</summary>
    private static (List<FieldError>? Errors, int Looked, int Fitting) Closest(ListNode alternatives, Node value, Node? live, string path)
    {
        List<FieldError>? closest = null;
        int most = 0;
        int fitting = 0;
        foreach (Node alternative in alternatives)
        {
            List<FieldError> found = [];
            int looked = Check(value, live, alternative, path, found);
            if (found.Count == 0)
            {
                fitting++;
                closest = null;
                most = Math.Max(most, looked);
            }
            else if (fitting == 0 && (closest is null || looked > most))
            {
                closest = found;
                most = looked;
            }
        }

        return (closest, most, fitting);
    }

    private static FieldError Combination(string detail) => new("FieldValueInvalid", "<nil>", $"Invalid value: \"\": {detail}");
}
