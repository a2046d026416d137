using Bowline.EmbeddedCluster.Admission.Policies;
using Bowline.EmbeddedCluster.Definitions;
using Bowline.EmbeddedCluster.Definitions.Rules;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>Decoding of custom resources: typed metadata, the rest pruned and defaulted by the structural schema.</summary>
internal static class CustomObjects
{
    public static MapNode Decode(ServedKind kind, MapNode body, ObjectDecoder decoder)
    {
        MapNode result = new(body.Count);
        foreach ((string key, Node value) in body)
        {
            result[key] = key == "metadata" && value is MapNode metadata
                ? decoder.DecodePart(metadata, TypeTable.Instance.ObjectMeta, "metadata")
                : value.DeepClone();
        }

        if (kind.Custom!.OpenApi is { } schema)
        {
            if (!kind.Custom.PreserveUnknown)
            {
                CustomPruning.Prune(result, schema, decoder.UnknownPaths);
            }

            CustomPruning.Default(result, schema);
        }

        return result;
    }

    /// <param name="live">The object before an update; null for a new one.</param>
    public static void Validate(ServedKind kind, MapNode node, MapNode? live, Action<string> warn, List<FieldError> errors)
    {
        if (kind.Custom?.OpenApi is { } schema)
        {
            CustomValidation.Check(node, schema, errors, live);
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

        if (kind.Custom?.Scale is { } scale)
        {
            CheckReplicas(node, scale["specReplicasPath"]?.AsString() ?? string.Empty, errors);
            CheckReplicas(node, scale["statusReplicasPath"]?.AsString() ?? string.Empty, errors);
        }
    }

    private static void CheckReplicas(MapNode node, string path, List<FieldError> errors)
    {
        if (path.Length > 0 && node.At(path.TrimStart('.').Split('.'))?.AsInteger() is { } replicas && replicas is < 0 or > int.MaxValue)
        {
            errors.Add(FieldError.Invalid(path, replicas, replicas < 0 ? "should be a non-negative integer" : "should be less than or equal to 2147483647"));
        }
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
