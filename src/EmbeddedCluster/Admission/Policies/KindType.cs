using Bowline.EmbeddedCluster.Definitions.Rules;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>The CEL type of a built-in kind's objects, as its OpenAPI schema declares them.</summary>
internal static class KindType
{
    // Schemas that contain themselves are of no known type below this.
    private const int Deepest = 32;

    public static CelType? Of(Schema schema, string name, int depth = 0)
    {
        if (depth > Deepest || schema.IntOrString || schema.Format is "quantity" or "int-or-string")
        {
            return CelType.Dyn;
        }

        return schema.Type switch
        {
            "array" => schema.Items is { } items && Of(items, name + ".@items", depth + 1) is { } item ? CelType.List(item) : null,
            "object" => schema.AdditionalProperties is { } values ? Of(values, name + ".@values", depth + 1) is { } value ? CelType.Map(CelType.String, value) : null
                : CelType.Object(name, Fields(schema, name, depth)),
            "string" => schema.Format switch { "byte" => CelType.Bytes, "date" or "date-time" => CelType.Timestamp, "duration" => CelType.Duration, _ => CelType.String },
            "boolean" => CelType.Bool,
            "number" => CelType.Double,
            "integer" => CelType.Int,
            _ => null,
        };
    }

    private static Dictionary<string, CelField> Fields(Schema schema, string name, int depth)
    {
        Dictionary<string, CelField> fields = new(StringComparer.Ordinal);
        foreach ((string property, Schema inner) in schema.Properties)
        {
            if (CelNames.Escape(property) is { } escaped && Of(inner, $"{name}.{property}", depth + 1) is { } type)
            {
                fields[escaped] = new CelField(property, type);
            }
        }

        return fields;
    }
}
