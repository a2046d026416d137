using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions.Rules;

/// <summary>The CEL type of a schema with the bounds that the schema puts on sizes, and the least that a value takes in JSON.</summary>
internal sealed record SchemaType(CelType Type, long MinSize)
{
    public const long MaxRequest = 3 * 1024 * 1024;
    private const long MinText = 2;
    private const long MinNumber = 1;
    private const long MinBool = 4;
    private const long DateSize = 12;
    private const long MaxTimeSize = 32;
    private const long MinTimeSize = 21;
    private const long MinDurationSize = 3;

    /// <summary>Null for schemas of which rules know nothing.</summary>
    /// <param name="isResource">Whether apiVersion, kind and metadata (its name and generateName) belong to the object.</param>
    public static SchemaType? Of(MapNode schema, bool isResource, string name)
    {
        if (schema["x-kubernetes-int-or-string"]?.AsBool() == true)
        {
            return new SchemaType(CelType.Dyn.Sized(Bound(schema["maxLength"], 4) ?? (MaxRequest - 2)), 1);
        }

        return schema["type"]?.AsString() switch
        {
            "array" => List(schema, name),
            "object" => schema["additionalProperties"] is MapNode values ? Map(schema, values, name) : Object(schema, isResource, name),
            "string" => Text(schema),
            "boolean" => new SchemaType(CelType.Bool.Sized(0), MinBool),
            "number" => new SchemaType(CelType.Double.Sized(0), MinNumber),
            "integer" => new SchemaType(CelType.Int.Sized(0), MinNumber),
            _ => null,
        };
    }

    /// <summary>How many values of this size a request can carry at most.</summary>
    public ulong MaxCardinality => (ulong)(MaxRequest / (MinSize + 1));

    public static bool IsEmbedded(MapNode schema) => schema["x-kubernetes-embedded-resource"]?.AsBool() == true;

    /// <summary>The properties of an object, those of every resource included.</summary>
    public static IEnumerable<KeyValuePair<string, Node>> Properties(MapNode schema, bool isResource)
    {
        MapNode text = new() { ["type"] = "string" };
        foreach ((string name, Node property) in schema["properties"] as MapNode ?? [])
        {
            if (!isResource || name is not ("apiVersion" or "kind" or "metadata"))
            {
                yield return new(name, property);
            }
        }

        if (isResource)
        {
            yield return new("apiVersion", text);
            yield return new("kind", text);
            yield return new("metadata", new MapNode { ["type"] = "object", ["properties"] = new MapNode { ["name"] = text, ["generateName"] = text } });
        }
    }

    private static SchemaType? List(MapNode schema, string name)
    {
        if (schema["items"] is not MapNode items || Of(items, IsEmbedded(items), name + ".@items") is not { } item)
        {
            return null;
        }

        return new SchemaType(CelType.List(item.Type, Bound(schema["maxItems"], 1) ?? ((MaxRequest - 2) / (item.MinSize + 1))), 2);
    }

    private static SchemaType? Map(MapNode schema, MapNode values, string name)
    {
        if (Of(values, IsEmbedded(values), name + ".@values") is not { } value)
        {
            return null;
        }

        return new SchemaType(CelType.Map(CelType.String.Sized(0), value.Type, Bound(schema["maxProperties"], 1) ?? ((MaxRequest - 2) / (value.MinSize + 6))), 2);
    }

    private static SchemaType Object(MapNode schema, bool isResource, string name)
    {
        HashSet<string> required = [.. (schema["required"]?.AsList() ?? []).Select(item => item.AsString()).OfType<string>()];
        Dictionary<string, CelField> fields = new(StringComparer.Ordinal);
        long size = 2;
        foreach ((string property, Node node) in Properties(schema, isResource))
        {
            if (node is not MapNode inner || Of(inner, IsEmbedded(inner), $"{name}.{property}") is not { } type)
            {
                continue;
            }

            if (CelNames.Escape(property) is { } escaped)
            {
                fields[escaped] = new CelField(property, type.Type);
            }

            if (required.Contains(property) && inner["default"] is null)
            {
                size += property.Length + type.MinSize + 4;
            }
        }

        return new SchemaType(CelType.Object(name, fields).Sized(0), size);
    }

    private static SchemaType Text(MapNode schema) => schema["format"]?.AsString() switch
    {
        "byte" => new SchemaType(CelType.Bytes.Sized(Bound(schema["maxLength"], 1) ?? (MaxRequest - 2)), MinText),
        "duration" => new SchemaType(CelType.Duration.Sized(MaxTimeSize), MinDurationSize),
        "date" => new SchemaType(CelType.Timestamp.Sized(DateSize), DateSize),
        "date-time" => new SchemaType(CelType.Timestamp.Sized(MaxTimeSize), MinTimeSize),
        _ => new SchemaType(CelType.String.Sized(Bound(schema["maxLength"], 4) ?? LongestEnum(schema) ?? (MaxRequest - 2)), MinText),
    };

    private static long? LongestEnum(MapNode schema) =>
        schema["enum"] is ListNode { Count: > 0 } values ? values.Max(value => System.Text.Encoding.UTF8.GetByteCount(value.AsString() ?? string.Empty)) : null;

    // A character is up to four bytes, and sizes are of requests in bytes.
    private static long? Bound(Node? limit, long factor) => limit?.AsInteger() is { } most ? Math.Clamp(most, 0, long.MaxValue / 8) * factor : null;
}
