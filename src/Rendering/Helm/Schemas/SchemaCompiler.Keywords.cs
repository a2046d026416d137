using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Schemas;

internal sealed partial class SchemaCompiler
{
    private static void Objects(JsonSchema schema, Keywords keywords)
    {
        schema.MinProperties = keywords.Count("minProperties");
        schema.MaxProperties = keywords.Count("maxProperties");
        schema.Required = keywords.Texts("required") ?? [];
        schema.Properties = keywords.SchemaMap("properties");
        schema.PatternProperties = keywords.SchemaMap("patternProperties")?.Select(pair => (pair.Key, pair.Value)).ToList();
        schema.AdditionalProperties = keywords.Schema("additionalProperties");
        schema.PropertyNames = schema.Draft > 4 ? keywords.Schema("propertyNames") : null;
        if (schema.Draft >= 2019)
        {
            schema.DependentSchemas = keywords.SchemaMap("dependentSchemas");
            schema.DependentRequired = keywords.TextsMap("dependentRequired");
            schema.UnevaluatedProperties = keywords.Schema("unevaluatedProperties");
        }
        else if (keywords.Map["dependencies"] is MapNode dependencies)
        {
            schema.DependentSchemas = keywords.SchemaMap("dependencies", node => node is not ListNode);
            schema.DependentRequired = dependencies.Where(one => one.Value is ListNode)
                .ToDictionary(one => one.Key, one => (IReadOnlyList<string>)[.. ((ListNode)one.Value).Select(item => item.AsString() ?? string.Empty)], StringComparer.Ordinal);
        }
    }

    private static void Arrays(JsonSchema schema, Keywords keywords)
    {
        schema.MinItems = keywords.Count("minItems");
        schema.MaxItems = keywords.Count("maxItems");
        schema.UniqueItems = keywords.Map["uniqueItems"]?.AsBool() == true;
        schema.Contains = schema.Draft > 4 ? keywords.Schema("contains") : null;
        if (schema.Draft >= 2019)
        {
            schema.MinContains = keywords.Count("minContains");
            schema.MaxContains = keywords.Count("maxContains");
            schema.UnevaluatedItems = keywords.Schema("unevaluatedItems");
        }

        if (schema.Draft >= 2020)
        {
            schema.PrefixItems = keywords.Schemas("prefixItems");
            schema.Items = keywords.Schema("items");
        }
        else if (keywords.Map["items"] is ListNode)
        {
            schema.PrefixItems = keywords.Schemas("items");
            schema.Items = keywords.Schema("additionalItems");
            schema.ItemsAreAdditional = true;
        }
        else
        {
            schema.Items = keywords.Schema("items");
        }
    }

    private static void Scalars(JsonSchema schema, Keywords keywords)
    {
        schema.MinLength = keywords.Count("minLength");
        schema.MaxLength = keywords.Count("maxLength");
        schema.Pattern = keywords.Text("pattern");
        schema.MultipleOf = keywords.Number("multipleOf");
        schema.Minimum = keywords.Number("minimum");
        schema.Maximum = keywords.Number("maximum");
        if (schema.Draft > 4)
        {
            schema.ExclusiveMinimum = keywords.Number("exclusiveMinimum");
            schema.ExclusiveMaximum = keywords.Number("exclusiveMaximum");
            return;
        }

        if (keywords.Map["exclusiveMinimum"]?.AsBool() == true)
        {
            (schema.ExclusiveMinimum, schema.Minimum) = (schema.Minimum, null);
        }

        if (keywords.Map["exclusiveMaximum"]?.AsBool() == true)
        {
            (schema.ExclusiveMaximum, schema.Maximum) = (schema.Maximum, null);
        }
    }

    /// <summary>The members of one schema object by the shape they must have.</summary>
    private sealed class Keywords(MapNode map, Func<Node, JsonSchema> compile)
    {
        public MapNode Map => map;

        public string? Text(string key) => map[key]?.AsString();

        public double? Number(string key) => map[key]?.AsNumber();

        public int? Count(string key) => map[key]?.AsNumber() is { } number ? (int)Math.Clamp(number, 0, int.MaxValue) : null;

        public JsonSchema? Schema(string key) => map[key] is { } node ? compile(node) : null;

        public IReadOnlyList<JsonSchema>? Schemas(string key) => map[key] is ListNode list ? [.. list.Select(compile)] : null;

        public IReadOnlyList<string>? Texts(string key) => map[key] is ListNode list ? [.. list.Select(item => item.AsString() ?? string.Empty)] : null;

        public Dictionary<string, JsonSchema>? SchemaMap(string key, Func<Node, bool>? where = null) => map[key] is MapNode schemas
            ? schemas.Where(one => where?.Invoke(one.Value) != false).ToDictionary(one => one.Key, one => compile(one.Value), StringComparer.Ordinal)
            : null;

        public Dictionary<string, IReadOnlyList<string>>? TextsMap(string key) => (map[key] as MapNode)?
            .ToDictionary(one => one.Key, one => (IReadOnlyList<string>)[.. (one.Value as ListNode ?? []).Select(item => item.AsString() ?? string.Empty)], StringComparer.Ordinal);

        public JsonTypes Types(string key)
        {
            JsonTypes types = JsonTypes.None;
            foreach (Node name in map[key] switch { null => [], ListNode list => list, Node one => new ListNode(one) })
            {
                types |= name.AsString() switch
                {
                    "null" => JsonTypes.Null,
                    "boolean" => JsonTypes.Boolean,
                    "number" => JsonTypes.Number,
                    "integer" => JsonTypes.Integer,
                    "string" => JsonTypes.String,
                    "array" => JsonTypes.Array,
                    "object" => JsonTypes.Object,
                    _ => throw new SchemaException("'file:///values.schema.json#' is not valid against metaschema: the type is none of those of JSON Schema"),
                };
            }

            return types;
        }
    }
}
