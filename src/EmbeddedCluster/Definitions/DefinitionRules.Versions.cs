using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions;

internal static partial class DefinitionRules
{
    private const string OneStorage = "must have exactly one version marked as storage version";

    private static void Versions(Checks check, Node? versions)
    {
        ListNode list = versions?.AsList() ?? [];
        foreach ((Node version, string at) in Checks.Each(list, "spec.versions"))
        {
            if (version.At("schema", "openAPIV3Schema") is null)
            {
                check.Add(FieldError.Required($"{at}.schema.openAPIV3Schema"));
            }
        }

        foreach ((Node version, string at) in Checks.Each(list, "spec.versions"))
        {
            string name = version["name"]?.AsString() ?? string.Empty;
            if (NameRules.Label1035(name).ToArray() is { Length: > 0 } wrong)
            {
                check.Add(FieldError.Invalid($"{at}.name", name, string.Join(',', wrong)));
            }

            if (version["deprecationWarning"]?.AsString() is { } warning)
            {
                DeprecationWarning(check, warning, version["deprecated"]?.AsBool() == true, $"{at}.deprecationWarning");
            }
        }

        if (list.Select(version => version["name"]?.AsString()).Distinct().Count() < list.Count)
        {
            check.Add(OfVersions(list, "must contain unique version names"));
        }

        if (list.Count(version => version["storage"]?.AsBool() == true) != 1)
        {
            check.Add(versions is not ListNode ? FieldError.Invalid("spec.versions", Node.Null, OneStorage) : OfVersions(list, OneStorage));
        }

        if (list.Count > 0 && (list[0]["name"]?.AsString() ?? string.Empty) is { Length: > 0 } first && NameRules.Label1035(first).ToArray() is { Length: > 0 } mistakes)
        {
            check.Add(FieldError.Invalid("spec.version", first, string.Join(',', mistakes)));
        }
    }

    /// <summary>Versions are shown with the internal version's fields, without what all versions have in common, which stands above them there.</summary>
    private static FieldError OfVersions(ListNode versions, string detail)
    {
        Node Own(Node version, string key) => versions.All(other => Node.DeepEquals(other[key], versions[0][key])) ? Node.Null : version[key] ?? Node.Null;
        ListNode shown =
        [
            .. versions.Select(version => (Node)new MapNode
            {
                ["Name"] = version["name"] ?? StringNode.Empty,
                ["Served"] = version["served"] ?? BoolNode.False,
                ["Storage"] = version["storage"] ?? BoolNode.False,
                ["Deprecated"] = version["deprecated"] ?? BoolNode.False,
                ["DeprecationWarning"] = version["deprecationWarning"] ?? Node.Null,
                ["Schema"] = Own(version, "schema"),
                ["Subresources"] = Own(version, "subresources"),
                ["AdditionalPrinterColumns"] = Own(version, "additionalPrinterColumns"),
                ["SelectableFields"] = Own(version, "selectableFields"),
            }),
        ];
        return new FieldError("FieldValueInvalid", "spec.versions", $"Invalid value: {JsonWriter.ToText(shown)}: {detail}");
    }

    private static void DeprecationWarning(Checks check, string warning, bool deprecated, string path)
    {
        if (!deprecated)
        {
            check.Add(FieldError.Invalid(path, warning, "can only be set for deprecated versions"));
            return;
        }

        if (System.Text.Encoding.UTF8.GetByteCount(warning) > 256)
        {
            check.Add(FieldError.Invalid(path, warning, "must be <= 256 characters long"));
        }

        if (warning.Length == 0)
        {
            check.Add(FieldError.Invalid(path, warning, "must not be an empty string"));
        }

        int at = 0;
        foreach (System.Text.Rune rune in warning.EnumerateRunes())
        {
            if (rune.Value != ' ' && (System.Text.Rune.IsControl(rune) || System.Text.Rune.IsWhiteSpace(rune)))
            {
                check.Add(FieldError.Invalid(path, warning, $"must only contain printable UTF-8 characters; non-printable character found at index {at}"));
                break;
            }

            at += rune.Utf8SequenceLength;
        }
    }

    private static void SelectableFields(Checks check, Node version, string path)
    {
        const int most = 8;
        HashSet<string> seen = new(StringComparer.Ordinal);
        ListNode fields = version["selectableFields"]?.AsList() ?? [];
        foreach ((Node field, string at) in Checks.Each(fields, path))
        {
            string text = field["jsonPath"]?.AsString() ?? string.Empty;
            if (text.Length == 0)
            {
                check.Add(FieldError.Required($"{at}.jsonPath"));
            }
            else if (Selected(version.At("schema", "openAPIV3Schema"), text, out Node? schema) is { } wrong)
            {
                check.Add(FieldError.Invalid($"{at}.jsonPath", text, $"is an invalid path: {wrong}"));
            }
            else
            {
                Selectable(check, schema, text, $"{at}.jsonPath", seen);
            }
        }

        if (seen.Count > most)
        {
            check.Add(FieldError.TooMany(path, seen.Count, most));
        }
    }

    /// <summary>The schema that a path of fields leads to, or what is wrong with the path.</summary>
    private static string? Selected(Node? schema, string text, out Node? selected)
    {
        selected = schema;
        for (int at = 0; at < text.Length;)
        {
            if (text[at] == '[')
            {
                return "array notation is not allowed";
            }

            int end = text.AsSpan(at + 1).IndexOfAny('.', '[', ']');
            end = end < 0 ? text.Length : at + 1 + end;
            if (text[at] != '.')
            {
                return $"expected [ or . but got: {(text[at] == ']' ? "]" : text[at..end])}";
            }

            if (at + 1 == text.Length)
            {
                return "unexpected end of JSON path";
            }

            string name = text[(at + 1)..Math.Max(end, at + 2)];
            selected = selected?["properties"] is MapNode properties ? properties[name] : selected?["additionalProperties"] as MapNode;
            if (selected is null)
            {
                return "does not refer to a valid field";
            }

            at += 1 + name.Length;
        }

        return null;
    }

    private static void Selectable(Checks check, Node? schema, string text, string path, HashSet<string> seen)
    {
        if (text.StartsWith(".metadata.", StringComparison.Ordinal) || text == ".metadata")
        {
            check.Add(FieldError.Invalid(path, text, "must not point to fields in metadata"));
        }

        if (schema?["type"]?.AsString() is not ("boolean" or "integer" or "string"))
        {
            check.Add(FieldError.Invalid(path, text, "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed."));
        }

        if (!seen.Add(text))
        {
            check.Add(FieldError.Duplicate(path, text));
        }
    }
}
