using System.Runtime.CompilerServices;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions.Rules;

/// <summary>The compiled rules of a schema and of the schemas below it, in the schema's shape.</summary>
internal sealed class SchemaRules
{
    // Compiling is a pure function of the schema, which lives as long as its definition.
    private static readonly ConditionalWeakTable<MapNode, SchemaRules> Compiled = [];

    private SchemaRules(MapNode schema, bool isResource) => (Schema, IsResource) = (schema, isResource);

    public MapNode Schema { get; }

    public bool IsResource { get; }

    public IReadOnlyList<CompiledRule> Rules { get; private set; } = [];

    public SchemaRules? Items { get; private set; }

    public SchemaRules? AdditionalProperties { get; private set; }

    public Dictionary<string, SchemaRules> Properties { get; } = new(StringComparer.Ordinal);

    public List<SchemaRules> AllOf { get; } = [];

    public bool IsEmpty => Rules.Count == 0 && Items is null && AdditionalProperties is null && Properties.Count == 0 && AllOf.Count == 0;

    /// <summary>The rules of a whole custom resource's schema.</summary>
    public static SchemaRules Of(MapNode schema) => Compiled.GetValue(schema, static root => Build(root, root, isResource: true, SchemaType.Of(root, isResource: true, "self")?.Type));

    /// <param name="validations">Where the rules are written: the schema itself, or a part of its allOf.</param>
    private static SchemaRules Build(MapNode validations, MapNode schema, bool isResource, CelType? type)
    {
        SchemaRules rules = new(schema, isResource);
        if (type is not null)
        {
            rules.Rules = [.. ValidationRule.Of(validations).Select(rule => CompiledRule.Compile(rule, type))];
        }

        if (validations["items"] is MapNode itemRules && schema["items"] is MapNode items)
        {
            rules.Items = Below(itemRules, items, type);
        }

        if (validations["additionalProperties"] is MapNode valueRules && schema["additionalProperties"] is MapNode values)
        {
            rules.AdditionalProperties = Below(valueRules, values, type);
        }

        foreach ((string name, Node node) in validations["properties"] as MapNode ?? [])
        {
            if (node is MapNode propertyRules && schema["properties"]?[name] is MapNode property && Property(type, name, property) is { } propertyType
                && Build(propertyRules, property, SchemaType.IsEmbedded(property), propertyType) is { IsEmpty: false } built)
            {
                rules.Properties[name] = built;
            }
        }

        foreach (MapNode part in (validations["allOf"]?.AsList() ?? []).OfType<MapNode>())
        {
            if (Build(part, schema, isResource, type) is { IsEmpty: false } built)
            {
                rules.AllOf.Add(built);
            }
        }

        return rules;
    }

    private static SchemaRules? Below(MapNode validations, MapNode schema, CelType? container)
    {
        SchemaRules built = Build(validations, schema, SchemaType.IsEmbedded(schema), container?.Parameters.Count > 0 ? container.Parameters[^1] : null);
        return built.IsEmpty ? null : built;
    }

    private static CelType? Property(CelType? type, string name, MapNode property) =>
        CelNames.Escape(name) is not { } escaped ? SchemaType.Of(property, SchemaType.IsEmbedded(property), name)?.Type
        : type?.Fields.TryGetValue(escaped, out CelField? field) == true ? field.Type
        : null;
}
