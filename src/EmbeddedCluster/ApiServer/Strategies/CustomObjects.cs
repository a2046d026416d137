using Bowline.EmbeddedCluster.Admission.Policies;
using Bowline.EmbeddedCluster.Definitions;
using Bowline.EmbeddedCluster.Definitions.Rules;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Strategies;

/// <summary>Decoding of custom resources: typed metadata, the rest pruned and defaulted by the structural schema.</summary>
internal static class CustomObjects
{
    public static MapNode Decode(ServedKind kind, MapNode body, ObjectDecoder decoder)
    {
        MapNode result = new(body.Count);
        foreach ((string key, Node value) in body)
        {
            result[key] = key == "metadata" ? Metadata(value, "metadata", decoder.UnknownPaths) : value.DeepClone();
        }

        if (kind.Custom!.OpenApi is { } schema)
        {
            if (!kind.Custom.PreserveUnknown)
            {
                List<string> unknown = [];
                CustomPruning.Prune(result, schema, unknown);
                unknown.Sort(StringComparer.Ordinal);
                decoder.UnknownPaths.AddRange(unknown);
            }

            if (kind.Custom.EmbedsObjects)
            {
                DecodeEmbedded(result, schema, decoder.UnknownPaths);
            }

            CustomPruning.Default(result, schema);
        }

        return result;
    }

    private static MapNode Metadata(Node metadata, string path, List<string> unknown)
    {
        MapNode map = metadata as MapNode ?? (metadata is NullNode ? [] : throw new DecodeException($"json: cannot unmarshal {GoNotation.JsonKind(metadata)} into Go value of type v1.ObjectMeta"));
        ObjectDecoder part = new();
        MapNode decoded = part.DecodePart(map, TypeTable.Instance.ObjectMeta, string.Empty);
        unknown.AddRange(part.Unknown.Select(member => $"{path}.{member}"));
        return decoded;
    }

    /// <summary>An embedded object's header is text and its metadata are ObjectMeta; what that does not know goes.</summary>
    private static void DecodeEmbedded(MapNode result, MapNode schema, List<string> unknown)
    {
        List<string> found = [];
        foreach ((MapNode owner, string path) in CustomPruning.Embedded(result, schema))
        {
            foreach (string key in (ReadOnlySpan<string>)["apiVersion", "kind"])
            {
                if (owner[key] is not (null or StringNode))
                {
                    throw new DecodeException(FieldError.Invalid($"{path}.{key}", owner[key], "must be a string").ToString());
                }
            }

            if (owner["metadata"] is { } metadata)
            {
                try
                {
                    owner["metadata"] = Metadata(metadata, $"{path}.metadata", found);
                }
                catch (DecodeException e)
                {
                    throw new DecodeException(FieldError.Invalid($"{path}.metadata", metadata, e.Message).ToString());
                }
            }
        }

        found.Sort(StringComparer.Ordinal);
        unknown.AddRange(found);
    }

    /// <param name="live">The object before an update; null for a new one.</param>
    public static void Validate(ServedKind kind, MapNode node, MapNode? live, Action<string> warn, List<FieldError> errors)
    {
        if (kind.Custom?.OpenApi is { } schema)
        {
            CustomValidation.Check(node, schema, errors, live);
            CheckScale(kind, node, errors);
            if (kind.Custom.EmbedsObjects)
            {
                EmbeddedRules.CheckAll(node, schema, errors);
            }

            CustomLists.Check(node, live, schema, errors);
            CheckRules(SchemaRules.Of(schema), node, live, warn, errors);
        }
        else if (kind.QualifiedPlural == DefinitionWatcher.Collection && errors.Count == 0 && (live is null || !Node.DeepEquals(live["spec"], node["spec"])))
        {
            RuleChecks.Check(node, errors);
        }
        else if (kind.Kind.Group == "admissionregistration.k8s.io" && errors.Count == 0)
        {
            PolicyChecks.Check(kind.QualifiedPlural, node, errors);
        }
    }

    private static void CheckScale(ServedKind kind, MapNode node, List<FieldError> errors)
    {
        if (kind.Custom?.Scale is not { } scale)
        {
            return;
        }

        CheckReplicas(node, scale["specReplicasPath"]?.AsString() ?? string.Empty, errors);
        CheckReplicas(node, scale["statusReplicasPath"]?.AsString() ?? string.Empty, errors);
        if (scale["labelSelectorPath"]?.AsString() is { Length: > 0 } selector && Nested(node, selector, "string", out _) is { } wrong)
        {
            errors.Add(FieldError.Invalid(selector, string.Empty, wrong));
        }
    }

    private static void CheckReplicas(MapNode node, string path, List<FieldError> errors)
    {
        if (Nested(node, path, "int64", out Node? value) is { } wrong)
        {
            errors.Add(FieldError.Invalid(path, 0, wrong));
        }
        else if (value?.AsInteger() is { } replicas && replicas is < 0 or > int.MaxValue)
        {
            errors.Add(FieldError.Invalid(path, replicas, replicas < 0 ? "should be a non-negative integer" : "should be less than or equal to 2147483647"));
        }
    }

    /// <summary>The value at a path of fields, or why there is none of its type; an absent one is none.</summary>
    private static string? Nested(MapNode node, string path, string type, out Node? value)
    {
        value = node;
        string[] fields = path.TrimStart('.').Split('.');
        for (int i = 0; i < fields.Length; i++)
        {
            if (value is NullNode)
            {
                value = null;
                return null;
            }

            if (value is not MapNode map)
            {
                return $"{string.Join('.', fields.Prepend(string.Empty).Take(i + 2))} accessor error: {GoNotation.Plain(value!)} is of the type {GoNotation.TypeOf(value!)}, expected map[string]interface{{}}";
            }

            value = map[fields[i]];
            if (value is null)
            {
                return null;
            }
        }

        return GoNotation.TypeOf(value) == type ? null : $"{path} accessor error: {GoNotation.Plain(value)} is of the type {GoNotation.TypeOf(value)}, expected {type}";
    }

    private static void CheckRules(SchemaRules rules, MapNode node, MapNode? live, Action<string> warn, List<FieldError> errors)
    {
        if (rules.IsEmpty)
        {
            return;
        }

        if (errors.Any(error => error.Reason is "FieldValueNotSupported" or "FieldValueRequired" or "FieldValueTooLong" or "FieldValueTooMany" or "FieldValueTypeInvalid"))
        {
            errors.Add(FieldError.Invalid("<nil>", null, "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"));
            return;
        }

        new RuleEvaluation(errors, warn).Check(rules, node, live);
    }
}
