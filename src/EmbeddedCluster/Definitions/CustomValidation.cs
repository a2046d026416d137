using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions;

/// <summary>Validates custom resources by their OpenAPI schema, in the words of go-openapi as the API server reports them.</summary>
internal static class CustomValidation
{
    private static readonly TimeSpan PatternTimeout = TimeSpan.FromMilliseconds(200);

    public static void Check(MapNode node, MapNode schema, List<FieldError> errors)
    {
        foreach ((string key, Node property) in schema["properties"] as MapNode ?? [])
        {
            if (key is not ("apiVersion" or "kind" or "metadata") && node[key] is { } value)
            {
                Check(value, property, key, errors);
            }
        }

        CheckRequired(node, schema, string.Empty, errors);
    }

    private static void Check(Node value, Node schema, string path, List<FieldError> errors)
    {
        if (value.IsNull && schema["nullable"]?.AsBool() == true)
        {
            return;
        }

        if (!CheckType(value, schema, path, errors))
        {
            return;
        }

        CheckEnum(value, schema, path, errors);
        switch (value)
        {
            case StringNode text:
                CheckText(text, schema, path, errors);
                break;
            case IntegerNode or FloatNode:
                CheckNumber(value, schema, path, errors);
                break;
            case ListNode list:
                CheckList(list, schema, path, errors);
                break;
            case MapNode map:
                CheckMap(map, schema, path, errors);
                break;
            default:
                break;
        }

        CheckCombinations(value, schema, path, errors);
    }

    private static bool CheckType(Node value, Node schema, string path, List<FieldError> errors)
    {
        if (schema["x-kubernetes-int-or-string"]?.AsBool() == true)
        {
            if (value is StringNode or IntegerNode)
            {
                return true;
            }

            errors.Add(TypeError(path, "integer,string", TypeOf(value)));
            return false;
        }

        string? type = schema["type"]?.AsString();
        string had = TypeOf(value);
        bool fits = type switch
        {
            null or "" => true,
            "number" => had is "number" or "integer",
            "integer" => had == "integer" || (value is FloatNode number && number.Value == Math.Truncate(number.Value)),
            _ => type == had,
        };
        if (!fits)
        {
            string wanted = type == "integer" && value is FloatNode && schema["format"]?.AsString() is { } format ? format : type!;
            errors.Add(TypeError(path, wanted, value is FloatNode && type == "integer" ? "float64" : had));
        }

        return fits;
    }

    private static FieldError TypeError(string path, string wanted, string had) =>
        new("FieldValueTypeInvalid", path, $"Invalid value: \"{had}\": {path} in body must be of type {wanted}: \"{had}\"");

    private static string TypeOf(Node value) => value switch
    {
        StringNode => "string",
        BoolNode => "boolean",
        IntegerNode => "integer",
        FloatNode => "number",
        ListNode => "array",
        MapNode => "object",
        _ => "null",
    };

    private static void CheckEnum(Node value, Node schema, string path, List<FieldError> errors)
    {
        if (schema["enum"] is ListNode { Count: > 0 } allowed && !allowed.Any(item => item.DeepEquals(value)))
        {
            string list = string.Join(", ", allowed.Select(item => $"\"{item}\""));
            errors.Add(new FieldError("FieldValueNotSupported", path, $"Unsupported value: {JsonWriter.ToText(value)}: supported values: {list}"));
        }
    }

    private static void CheckText(StringNode text, Node schema, string path, List<FieldError> errors)
    {
        int length = text.Value.EnumerateRunes().Count();
        if (schema["maxLength"]?.AsInteger() is { } most && length > most)
        {
            errors.Add(FieldError.TooLong(path, (int)most));
        }

        if (schema["minLength"]?.AsInteger() is { } least && length < least)
        {
            errors.Add(FieldError.Invalid(path, text, $"{path} in body should be at least {least} chars long"));
        }

        if (schema["pattern"]?.AsString() is { } pattern && !Matches(text.Value, pattern))
        {
            errors.Add(FieldError.Invalid(path, text, $"{path} in body should match '{pattern}'"));
        }

        if (schema["format"]?.AsString() is { } format && !HasFormat(text.Value, format))
        {
            errors.Add(new FieldError("FieldValueTypeInvalid", path, $"Invalid value: {JsonWriter.ToText(text)}: {path} in body must be of type {format}: {JsonWriter.ToText(text)}"));
        }
    }

    private static bool Matches(string text, string pattern)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, PatternTimeout);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException or RegexMatchTimeoutException)
        {
            return true;
        }
    }

    private static bool HasFormat(string text, string format) => format switch
    {
        "date" => DateTime.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "date-time" => text.Length >= 20 && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _),
        "ipv4" => text.Count(c => c == '.') == 3 && IPAddress.TryParse(text, out _),
        "ipv6" => text.Contains(':', StringComparison.Ordinal) && IPAddress.TryParse(text, out _),
        "cidr" => IPNetwork.TryParse(text, out _),
        "uri" => Uri.TryCreate(text, UriKind.Absolute, out _) || text.StartsWith('/'),
        "email" => System.Net.Mail.MailAddress.TryCreate(text, out _),
        "uuid" or "uuid3" or "uuid4" or "uuid5" => Guid.TryParse(text, out _),
        "byte" => Convert.TryFromBase64String(text, new byte[text.Length], out _),
        _ => true,
    };

    private static void CheckNumber(Node value, Node schema, string path, List<FieldError> errors)
    {
        double number = value.AsNumber()!.Value;
        string Show(double bound) => bound.ToString("R", CultureInfo.InvariantCulture);
        if (schema["minimum"]?.AsNumber() is { } least && (schema["exclusiveMinimum"]?.AsBool() == true ? number <= least : number < least))
        {
            errors.Add(FieldError.Invalid(path, value, $"{path} in body should be greater than {(schema["exclusiveMinimum"]?.AsBool() == true ? "" : "or equal to ")}{Show(least)}"));
        }

        if (schema["maximum"]?.AsNumber() is { } most && (schema["exclusiveMaximum"]?.AsBool() == true ? number >= most : number > most))
        {
            errors.Add(FieldError.Invalid(path, value, $"{path} in body should be less than {(schema["exclusiveMaximum"]?.AsBool() == true ? "" : "or equal to ")}{Show(most)}"));
        }

        if (schema["multipleOf"]?.AsNumber() is { } factor and > 0 && Math.Abs(Math.IEEERemainder(number, factor)) > 1e-9)
        {
            errors.Add(FieldError.Invalid(path, value, $"{path} in body should be a multiple of {Show(factor)}"));
        }

        if (schema["format"]?.AsString() == "int32" && number is < int.MinValue or > int.MaxValue)
        {
            errors.Add(new FieldError("FieldValueInvalid", "<nil>", $"Invalid value: \"\": Checked value must be of type integer with format int32 in {path}"));
        }
    }

    private static void CheckList(ListNode list, Node schema, string path, List<FieldError> errors)
    {
        if (schema["maxItems"]?.AsInteger() is { } most && list.Count > most)
        {
            errors.Add(FieldError.TooMany(path, list.Count, (int)most));
            return;
        }

        if (schema["minItems"]?.AsInteger() is { } least && list.Count < least)
        {
            errors.Add(FieldError.Invalid(path, list.Count, $"{path} in body should have at least {least} items"));
        }

        for (int i = 0; i < list.Count && schema["items"] is MapNode items; i++)
        {
            Check(list[i], items, $"{path}[{i}]", errors);
        }

        CheckUnique(list, schema, path, errors);
    }

    private static void CheckUnique(ListNode list, Node schema, string path, List<FieldError> errors)
    {
        string? kind = schema["x-kubernetes-list-type"]?.AsString();
        if (kind is not ("set" or "map"))
        {
            return;
        }

        string[] keys = [.. (schema["x-kubernetes-list-map-keys"]?.AsList() ?? []).Select(key => key.AsString()!)];
        HashSet<string> seen = new(StringComparer.Ordinal);
        for (int i = 0; i < list.Count; i++)
        {
            Node identity = kind == "set" ? list[i] : Identity(list[i], keys, schema);
            if (!seen.Add(JsonWriter.ToText(identity, new JsonWriteOptions { SortKeys = true })))
            {
                errors.Add(FieldError.Duplicate($"{path}[{i}]", identity));
            }
        }
    }

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

    private static void CheckMap(MapNode map, Node schema, string path, List<FieldError> errors)
    {
        if (schema["maxProperties"]?.AsInteger() is { } most && map.Count > most)
        {
            errors.Add(FieldError.TooMany(path, map.Count, (int)most));
            return;
        }

        if (schema["minProperties"]?.AsInteger() is { } least && map.Count < least)
        {
            errors.Add(FieldError.Invalid(path, map.Count, $"{path} in body should have at least {least} properties"));
        }

        Node? properties = schema["properties"];
        foreach ((string key, Node value) in map)
        {
            if (properties?[key] is { } property)
            {
                Check(value, property, $"{path}.{key}", errors);
            }
            else if (schema["additionalProperties"] is MapNode additional)
            {
                Check(value, additional, $"{path}.{key}", errors);
            }
        }

        CheckRequired(map, schema, path, errors);
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

    private static void CheckCombinations(Node value, Node schema, string path, List<FieldError> errors)
    {
        foreach (Node part in schema["allOf"]?.AsList() ?? [])
        {
            Check(value, part, path, errors);
        }

        if (schema["anyOf"] is ListNode { Count: > 0 } any && any.All(part => !Fits(value, part, path)) && schema["x-kubernetes-int-or-string"]?.AsBool() != true)
        {
            errors.Add(new FieldError("FieldValueInvalid", "<nil>", $"Invalid value: \"\": \"{path}\" must validate at least one schema (anyOf)"));
        }

        if (schema["oneOf"] is ListNode { Count: > 0 } one && one.Count(part => Fits(value, part, path)) != 1)
        {
            int matching = one.Count(part => Fits(value, part, path));
            string found = matching == 0 ? "Found none valid" : $"Found {matching} valid alternatives";
            errors.Add(new FieldError("FieldValueInvalid", "<nil>", $"Invalid value: \"\": \"{path}\" must validate one and only one schema (oneOf). {found}"));
        }

        if (schema["not"] is MapNode not && Fits(value, not, path))
        {
            errors.Add(new FieldError("FieldValueInvalid", "<nil>", $"Invalid value: \"\": \"{path}\" must not validate the schema (not)"));
        }
    }

    private static bool Fits(Node value, Node schema, string path)
    {
        List<FieldError> errors = [];
        Check(value, schema, path, errors);
        return errors.Count == 0;
    }
}
