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
        schema.PatternProperties = keywords.SchemaMap("patternProperties")?.Select(pair => (Keywords.RequirePattern(pair.Key), pair.Value)).ToList();
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
        schema.Pattern = keywords.Pattern("pattern");
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

        public string? Text(string key) => (Expect<StringNode>(key, JsonTypes.String) as StringNode)?.Value;

        /// <summary>A regular expression as Go knows them.</summary>
        public string? Pattern(string key) => Text(key) is { } pattern ? RequirePattern(pattern) : null;

        public double? Number(string key) => map[key] is null or IntegerNode or FloatNode ? map[key]?.AsNumber() : throw Wrong(key, JsonTypes.Number);

        public int? Count(string key)
        {
            double? number = Number(key);
            return number is < 0 ? throw SchemaException.Invalid($"{SchemaError.Quote(key)} is less than 0")
                : number is { } count && count != Math.Floor(count) ? throw Wrong(key, JsonTypes.Integer)
                : number is { } whole ? (int)Math.Clamp(whole, 0, int.MaxValue) : null;
        }

        public JsonSchema? Schema(string key) => map[key] is { } node ? compile(node) : null;

        public IReadOnlyList<JsonSchema>? Schemas(string key) => Expect<ListNode>(key, JsonTypes.Array) is ListNode list ? [.. list.Select(compile)] : null;

        public ListNode? List(string key) => (ListNode?)Expect<ListNode>(key, JsonTypes.Array);

        public IReadOnlyList<string>? Texts(string key) => Expect<ListNode>(key, JsonTypes.Array) is ListNode list
            ? [.. list.Select(item => item.AsString() ?? throw SchemaException.Invalid($"{SchemaError.Quote(key)} has an item that is no string"))]
            : null;

        public static string RequirePattern(string pattern) =>
            SchemaFormats.IsRegex(pattern) ? pattern : throw SchemaException.Invalid($"{SchemaError.Quote(pattern)} is not valid regex");

        private Node? Expect<T>(string key, JsonTypes wanted)
            where T : Node => map[key] is null or T ? map[key] : throw Wrong(key, wanted);

        private SchemaException Wrong(string key, JsonTypes wanted) =>
            SchemaException.Invalid($"{SchemaError.Quote(key)}: got {SchemaValues.Names(SchemaValues.TypeOf(map[key]!))}, want {SchemaValues.Names(wanted)}");

        public Dictionary<string, JsonSchema>? SchemaMap(string key, Func<Node, bool>? where = null) => Expect<MapNode>(key, JsonTypes.Object) is MapNode schemas
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
                    _ => throw SchemaException.Invalid("the type is none of those of JSON Schema"),
                };
            }

            return types;
        }
    }
}
