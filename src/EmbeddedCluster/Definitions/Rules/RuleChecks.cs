using System.Globalization;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions.Rules;

/// <summary>What is wrong with the rules of a new or changed CRD: how they are written, whether they compile, and what they could cost.</summary>
internal sealed class RuleChecks
{
    private const ulong RuleLimit = 10_000_000;
    private const ulong DefinitionLimit = 100_000_000;
    private const int MostNamed = 4;
    private const string Hint = "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)";
    private static readonly string[] Reasons = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];
    private readonly List<(string Path, ulong Cost)> expensive = [];
    private readonly List<FieldError> written = [];
    private readonly List<FieldError> compiling = [];
    private ulong total;

    /// <summary>Rules are looked at only in schemas that are otherwise sound.</summary>
    public static void Check(MapNode definition, List<FieldError> errors)
    {
        MapNode[] schemas = [.. (definition.At("spec", "versions")?.AsList() ?? []).Select(version => version.At("schema", "openAPIV3Schema") as MapNode).OfType<MapNode>()];
        bool shared = schemas.All(schema => schema.DeepEquals(schemas[0]));
        for (int i = 0; i < (shared ? Math.Min(1, schemas.Length) : schemas.Length); i++)
        {
            // Versions with one schema among them are stored with that schema at the top, where errors are reported then.
            string path = shared ? "spec.validation.openAPIV3Schema" : string.Create(CultureInfo.InvariantCulture, $"spec.versions[{i}].schema.openAPIV3Schema");
            RuleChecks checks = new();
            checks.Visit(schemas[i], schemas[i], path, isResource: true, cardinality: 1, uncorrelatable: null);
            checks.Total(path);
            errors.AddRange(checks.written);
            errors.AddRange(checks.compiling);
        }
    }

    /// <param name="cardinality">How often the schema's value can occur; null when nothing bounds it.</param>
    /// <param name="uncorrelatable">The list above whose items have no identity; null when there is none.</param>
    private void Visit(MapNode validations, MapNode schema, string path, bool isResource, ulong? cardinality, string? uncorrelatable)
    {
        int before = written.Count;
        foreach ((string name, Node node) in validations["properties"] as MapNode ?? [])
        {
            if (node is MapNode rules && schema["properties"]?[name] is MapNode property)
            {
                Visit(rules, property, $"{path}.properties[{name}]", SchemaType.IsEmbedded(property), cardinality, uncorrelatable);
            }
        }

        if (validations["additionalProperties"] is MapNode valueRules && schema["additionalProperties"] is MapNode values)
        {
            Visit(valueRules, values, $"{path}.additionalProperties", SchemaType.IsEmbedded(values), Times(cardinality, schema["maxProperties"]), uncorrelatable);
        }

        if (validations["items"] is MapNode itemRules && schema["items"] is MapNode items)
        {
            bool hasIdentity = schema["x-kubernetes-list-type"]?.AsString() == "map";
            Visit(itemRules, items, $"{path}.items", SchemaType.IsEmbedded(items), Times(cardinality, schema["maxItems"]), uncorrelatable ?? (hasIdentity ? null : path));
        }

        foreach ((Node part, string at) in Checks.Each(validations["allOf"], $"{path}.allOf"))
        {
            if (part is MapNode rules)
            {
                Visit(rules, schema, at, isResource, cardinality, uncorrelatable);
            }
        }

        OneSchema(validations, schema, path, isResource, cardinality, uncorrelatable, before);
    }

    private static ulong? Times(ulong? cardinality, Node? limit) => cardinality is { } count && limit?.AsInteger() is { } most ? Multiply(count, (ulong)Math.Max(0, most)) : null;

    /// <summary>How the rules of one schema are written; nothing is compiled where that is wrong, or was further inside.</summary>
    private void OneSchema(MapNode validations, MapNode schema, string path, bool isResource, ulong? cardinality, string? uncorrelatable, int before)
    {
        ValidationRule[] rules = [.. ValidationRule.Of(validations)];
        for (int i = 0; i < rules.Length; i++)
        {
            Written(rules[i], schema, string.Create(CultureInfo.InvariantCulture, $"{path}.x-kubernetes-validations[{i}]"));
        }

        if (rules.Length == 0 || written.Count > before || SchemaType.Of(schema, isResource, "self") is not { } type)
        {
            return;
        }

        for (int i = 0; i < rules.Length; i++)
        {
            Compiles(CompiledRule.Compile(rules[i], type.Type), string.Create(CultureInfo.InvariantCulture, $"{path}.x-kubernetes-validations[{i}]"), cardinality ?? type.MaxCardinality, uncorrelatable);
        }
    }

    private void Written(ValidationRule rule, MapNode schema, string at)
    {
        bool lines = rule.Rule.Trim().Contains('\n', StringComparison.Ordinal);
        string message = rule.Message.Trim();
        if (rule.Rule.Trim().Length == 0)
        {
            written.Add(FieldError.Required($"{at}.rule", "rule is not specified"));
        }
        else if (rule.Message.Length > 0 && message.Length == 0)
        {
            written.Add(FieldError.Invalid($"{at}.message", rule.Message, "must be non-empty if specified"));
        }
        else if (message.Contains('\n', StringComparison.Ordinal))
        {
            written.Add(FieldError.Invalid($"{at}.message", rule.Message, "must not contain line breaks"));
        }
        else if (lines && message.Length == 0)
        {
            written.Add(FieldError.Required($"{at}.message", "message must be specified if rule contains line breaks"));
        }

        if (rule.MessageExpression.Length > 0 && rule.MessageExpression.Trim().Length == 0)
        {
            written.Add(FieldError.Required($"{at}.messageExpression", "messageExpression must be non-empty if specified"));
        }

        if (rule.Reason is { } reason && !Reasons.Contains(reason))
        {
            written.Add(FieldError.NotSupported($"{at}.reason", reason, Reasons));
        }

        WrittenPath(rule.FieldPath, schema, $"{at}.fieldPath");
    }

    private void WrittenPath(string fieldPath, MapNode schema, string at)
    {
        if (fieldPath.Length > 0 && fieldPath.Trim().Length == 0)
        {
            written.Add(FieldError.Invalid(at, fieldPath, "must be non-empty if specified"));
        }

        if (fieldPath.Contains('\n', StringComparison.Ordinal))
        {
            written.Add(FieldError.Invalid(at, fieldPath, "must not contain line breaks"));
        }

        if (fieldPath.Length > 0 && !RuleFieldPath.IsValid(fieldPath, schema))
        {
            written.Add(FieldError.Invalid(at, fieldPath, "must be a valid path"));
        }
    }

    private void Compiles(CompiledRule compiled, string at, ulong cardinality, string? uncorrelatable)
    {
        if (compiled.Program is { } program)
        {
            Costs($"{at}.rule", "estimated rule cost", program.EstimateCost(), cardinality);
        }

        if (compiled.Error is { } error)
        {
            compiling.Add(new FieldError("FieldValueInvalid", $"{at}.rule", $"Invalid value: {compiled.Rule.ToJson()}: {error}"));
        }

        if (compiled.MessageError is { } messageError)
        {
            compiling.Add(new FieldError("FieldValueInvalid", $"{at}.messageExpression", $"Invalid value: {compiled.Rule.ToJson()}: {messageError}"));
        }
        else if (compiled.Message is { } message)
        {
            Costs($"{at}.messageExpression", "estimated messageExpression cost", message.EstimateCost(), 1);
        }

        if (compiled.UsesOldSelf && uncorrelatable is not null)
        {
            compiling.Add(FieldError.Invalid($"{at}.rule", compiled.Rule.Rule, $"oldSelf cannot be used on the uncorrelatable portion of the schema within {uncorrelatable}"));
        }
        else if (compiled is { UsesOldSelf: false, Rule.OptionalOldSelf: { } optional })
        {
            compiling.Add(FieldError.Invalid($"{at}.optionalOldSelf", optional, "may not be set if oldSelf is not used in rule"));
        }
    }

    private void Costs(string at, string name, ulong each, ulong cardinality)
    {
        ulong cost = Multiply(each, cardinality);
        if (cost > RuleLimit)
        {
            compiling.Add(FieldError.Forbidden(at, TooExpensive(name, cost, RuleLimit)));
        }

        total = total > ulong.MaxValue - cost ? ulong.MaxValue : total + cost;
        expensive.Add((at, cost));
    }

    private void Total(string path)
    {
        if (total <= DefinitionLimit)
        {
            return;
        }

        foreach ((string at, _) in expensive.OrderByDescending(rule => rule.Cost).Take(MostNamed))
        {
            compiling.Add(FieldError.Forbidden(at, "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"));
        }

        compiling.Add(FieldError.Forbidden(path, TooExpensive("x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema", total, DefinitionLimit)));
    }

    private static string TooExpensive(string name, ulong cost, ulong limit)
    {
        double factor = (double)cost / limit;
        // A little above the limit would read as "1.0x" with one decimal.
        string shown = factor > 100 ? "more than 100x" : factor < 1.5 ? factor.ToString("F6", CultureInfo.InvariantCulture) + "x" : factor.ToString("F1", CultureInfo.InvariantCulture) + "x";
        return $"{name} exceeds budget by factor of {shown} {Hint}";
    }

    private static ulong Multiply(ulong left, ulong right) => right != 0 && left > ulong.MaxValue / right ? ulong.MaxValue : left * right;
}
