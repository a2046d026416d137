using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions;

/// <summary>CustomResourceDefinitions: names, versions, subresources, columns, conversion; schemas are <see cref="StructuralRules"/>'.</summary>
internal static partial class DefinitionRules
{
    private static readonly string[] ColumnTypes = ["boolean", "date", "integer", "number", "string"];
    private static readonly string[] ColumnFormats = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];

    /// <summary>The rules of a create, or of an update when there is a live object.</summary>
    public static void Check(Checks check, MapNode node, MapNode? live)
    {
        if (live is null)
        {
            OnCreate(check, node);
        }
        else
        {
            OnUpdate(check, node, live);
        }
    }

    private static void OnCreate(Checks check, MapNode node)
    {
        string name = node.At("metadata", "name")?.AsString() ?? string.Empty;
        if (name.Length > 0 && name != $"{node.At("spec", "names", "plural")?.AsString()}.{node.At("spec", "group")?.AsString()}")
        {
            check.Add(FieldError.Invalid("metadata.name", name, "must be spec.names.plural+\".\"+spec.group"));
        }

        Spec(check, node);
        StoredVersions(check, node);
        if (DefinitionApproval.IsProtected(node.At("spec", "group")?.AsString() ?? string.Empty) && DefinitionApproval.Of(node) is (false, "MissingAnnotation" or "InvalidAnnotation", string why))
        {
            string path = $"metadata.annotations[{DefinitionApproval.Annotation}]";
            check.Add(node.At("metadata", "annotations", DefinitionApproval.Annotation) is { } value ? FieldError.Invalid(path, value, why) : FieldError.Required(path, why));
        }
    }

    private static void OnUpdate(Checks check, MapNode node, MapNode live)
    {
        Spec(check, node);
        if (DefinitionStatus.IsTrue(live, "Established"))
        {
            Immutable(check, node, live, "spec", "scope");
            Immutable(check, node, live, "spec", "names", "kind");
        }

        Immutable(check, node, live, "spec", "group");
        Immutable(check, node, live, "spec", "names", "plural");
        StoredVersions(check, node);
    }

    private static void Immutable(Checks check, MapNode node, MapNode live, params string[] path)
    {
        if ((node.At(path)?.AsString() ?? string.Empty) != (live.At(path)?.AsString() ?? string.Empty))
        {
            check.Add(FieldError.Invalid(string.Join('.', path), node.At(path) ?? StringNode.Empty, "field is immutable"));
        }
    }

    private static void Spec(Checks check, MapNode node)
    {
        Node? spec = node["spec"];
        Group(check, spec?["group"]?.AsString() ?? string.Empty);
        if (spec?["scope"]?.AsString() is null or "")
        {
            check.Add(FieldError.Required("spec.scope"));
        }
        else
        {
            check.OneOf(spec["scope"], "spec.scope", "Cluster", "Namespaced");
        }

        if (spec?["preserveUnknownFields"]?.AsBool() == true)
        {
            check.Add(FieldError.Invalid("spec.preserveUnknownFields", true, "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"));
        }

        Versions(check, spec?["versions"]);
        foreach (string name in (ReadOnlySpan<string>)["plural", "singular", "kind", "listKind"])
        {
            check.Require(spec?.At("names", name), $"spec.names.{name}");
        }

        Names(check, spec?["names"]);
        PerVersion(check, spec?["versions"]?.AsList() ?? []);
        Conversion(check, spec?["conversion"]);
    }

    private static void Group(Checks check, string group)
    {
        if (group.Length == 0)
        {
            check.Add(FieldError.Required("spec.group"));
        }
        else if (NameRules.Subdomain(group).ToArray() is { Length: > 0 } wrong)
        {
            check.Add(FieldError.Invalid("spec.group", group, string.Join(',', wrong)));
        }
        else if (!group.Contains('.', StringComparison.Ordinal))
        {
            check.Add(FieldError.Invalid("spec.group", group, "should be a domain with at least one dot"));
        }
    }

    private static void Names(Checks check, Node? names)
    {
        Label(check, names?["plural"], "spec.names.plural");
        Label(check, names?["singular"], "spec.names.singular");
        foreach (string name in (ReadOnlySpan<string>)["kind", "listKind"])
        {
            string text = names?[name]?.AsString() ?? string.Empty;
            if (text.Length > 0 && NameRules.Label1035(text.ToLowerInvariant()).ToArray() is { Length: > 0 } wrong)
            {
                check.Add(FieldError.Invalid($"spec.names.{name}", text, "may have mixed case, but should otherwise match: " + string.Join(',', wrong)));
            }
        }

        foreach (string list in (ReadOnlySpan<string>)["shortNames", "categories"])
        {
            foreach ((Node item, string at) in Checks.Each(names?[list], $"spec.names.{list}"))
            {
                check.Name(item, at, NameRules.Label1035);
            }
        }

        if (names?["kind"]?.AsString() is { Length: > 0 } kind && kind == names["listKind"]?.AsString())
        {
            check.Add(FieldError.Invalid("spec.names.listKind", kind, "kind and listKind may not be the same"));
        }
    }

    private static void Label(Checks check, Node? value, string path)
    {
        if (value?.AsString() is { Length: > 0 } text && NameRules.Label1035(text).ToArray() is { Length: > 0 } wrong)
        {
            check.Add(FieldError.Invalid(path, text, string.Join(',', wrong)));
        }
    }

    /// <summary>What all versions have in common is named as if it stood above them, as the internal version has it.</summary>
    private static void PerVersion(Checks check, ListNode versions)
    {
        bool Same(string key) => versions.All(version => Node.DeepEquals(version[key], versions[0][key]));
        string Place(string key, string common, int i) => Same(key) ? $"spec.{common}" : $"spec.versions[{i}].{key}";
        for (int i = 0; i < versions.Count; i++)
        {
            if ((i == 0 || !Same("schema")) && versions[i].At("schema", "openAPIV3Schema") is { } schema)
            {
                if (versions[i].At("subresources", "status") is MapNode)
                {
                    StatusSchemaRules.Check(check, schema, $"{Place("schema", "validation", i)}.openAPIV3Schema");
                }

                StructuralRules.Check(check, schema, $"{Place("schema", "validation", i)}.openAPIV3Schema");
            }

            if ((i == 0 || !Same("subresources")) && versions[i].At("subresources", "scale") is { } scale)
            {
                Scale(check, scale, $"{Place("subresources", "subresources", i)}.scale");
            }

            if (i == 0 || !Same("additionalPrinterColumns"))
            {
                foreach ((Node column, string at) in Checks.Each(versions[i]["additionalPrinterColumns"], Place("additionalPrinterColumns", "additionalPrinterColumns", i)))
                {
                    Column(check, column, at);
                }
            }

            if (i == 0 || !Same("selectableFields"))
            {
                SelectableFields(check, versions[i], Place("selectableFields", "selectableFields", i));
            }
        }
    }

    private static void Scale(Checks check, Node scale, string path)
    {
        Path(check, scale["specReplicasPath"], $"{path}.specReplicasPath", required: true, "should be a json path under .spec", ".spec.");
        Path(check, scale["statusReplicasPath"], $"{path}.statusReplicasPath", required: true, "should be a json path under .status", ".status.");
        Path(check, scale["labelSelectorPath"], $"{path}.labelSelectorPath", required: false, "should be a json path under either .spec or .status", ".spec.", ".status.");
    }

    private static void Path(Checks check, Node? value, string path, bool required, string detail, params string[] prefixes)
    {
        string text = value?.AsString() ?? string.Empty;
        if (text.Length == 0)
        {
            if (required)
            {
                check.Add(FieldError.Required(path));
            }
        }
        else if (!text.StartsWith('.'))
        {
            check.Add(FieldError.Invalid(path, text, "must be a simple json path starting with ."));
        }
        else if (!prefixes.Any(prefix => text.StartsWith(prefix, StringComparison.Ordinal)))
        {
            check.Add(FieldError.Invalid(path, text, detail));
        }
    }

    private static void Column(Checks check, Node column, string path)
    {
        check.Require(column["name"], $"{path}.name");
        string types = $"must be one of {string.Join(',', ColumnTypes)}";
        string type = column["type"]?.AsString() ?? string.Empty;
        if (type.Length == 0)
        {
            check.Add(FieldError.Required($"{path}.type", types));
        }
        else if (!ColumnTypes.Contains(type))
        {
            check.Add(FieldError.Invalid($"{path}.type", type, types));
        }

        if (column["format"]?.AsString() is { Length: > 0 } format && !ColumnFormats.Contains(format))
        {
            check.Add(FieldError.Invalid($"{path}.format", format, $"must be one of {string.Join(',', ColumnFormats)}"));
        }

        Path(check, column["jsonPath"], $"{path}.JSONPath", required: true, string.Empty, ".");
    }

    private static void Conversion(Checks check, Node? conversion)
    {
        if (conversion is null)
        {
            return;
        }

        check.Choice(conversion["strategy"], "spec.conversion.strategy", "None", "Webhook");
        Node? client = conversion.At("webhook", "clientConfig");
        ListNode reviews = conversion.At("webhook", "conversionReviewVersions")?.AsList() ?? [];
        if (conversion["strategy"]?.AsString() != "Webhook")
        {
            if (client is not null)
            {
                check.Add(FieldError.Forbidden("spec.conversion.webhookClientConfig", "should not be set when strategy is not set to Webhook"));
            }

            if (reviews.Count > 0)
            {
                check.Add(FieldError.Forbidden("spec.conversion.conversionReviewVersions", "should not be set when strategy is not set to Webhook"));
            }

            return;
        }

        if (client is null)
        {
            check.Add(FieldError.Required("spec.conversion.webhookClientConfig", "required when strategy is set to Webhook"));
        }
        else
        {
            AdmissionRules.Client(check, client, "spec.conversion.webhookClientConfig");
        }

        ReviewVersions(check, reviews);
    }

    private static void ReviewVersions(Checks check, ListNode reviews)
    {
        if (reviews.Count == 0)
        {
            check.Add(FieldError.Required("spec.conversion.conversionReviewVersions"));
        }
        else if (!reviews.Any(item => item.AsString() is "v1" or "v1beta1"))
        {
            check.Add(FieldError.Invalid("spec.conversion.conversionReviewVersions", reviews, "must include at least one of v1, v1beta1"));
        }
    }

    private static void StoredVersions(Checks check, MapNode node)
    {
        const string path = "status.storedVersions";
        ListNode stored = node.At("status", "storedVersions") as ListNode ?? [];
        ListNode versions = node.At("spec", "versions")?.AsList() ?? [];
        if (stored.Count == 0)
        {
            check.Add(FieldError.Invalid(path, Node.Null, "must have at least one stored version"));
        }

        for (int i = 0; i < stored.Count; i++)
        {
            string name = stored[i].AsString() ?? string.Empty;
            if (!versions.Any(version => version["name"]?.AsString() == name))
            {
                check.Add(FieldError.Invalid($"{path}[{i}]", name, $"missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"));
            }
        }

        foreach (string name in versions.Where(version => version["storage"]?.AsBool() == true).Select(version => version["name"]?.AsString() ?? string.Empty))
        {
            if (stored.Count > 0 && !stored.Any(item => item.AsString() == name))
            {
                check.Add(FieldError.Invalid(path, JsonReader.Read(JsonWriter.ToText(stored)), $"must have the storage version {name}"));
            }
        }
    }
}
