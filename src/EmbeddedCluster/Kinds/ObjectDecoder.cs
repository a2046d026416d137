using System.Globalization;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Kinds;

/// <summary>A member whose value cannot be held by the Go type it belongs to.</summary>
internal sealed class DecodeException(string message) : Exception(message);

/// <summary>
/// What decoding a body into Go's types and encoding it again makes of it: unknown members go, nulls and empty optional values
/// go, required zero values appear, quantities and times take their canonical form.
/// </summary>
/// <param name="structured">Errors are those of the converter that takes strategic merge patches, not those of a reader of JSON.</param>
internal sealed class ObjectDecoder(bool structured = false)
{
    private readonly List<string> unknown = [];

    /// <summary>Paths of members that the type does not have, in the order they were met.</summary>
    public IReadOnlyList<string> Unknown => unknown;

    /// <summary>The same list, for those who prune by other rules.</summary>
    public List<string> UnknownPaths => unknown;

    /// <summary>Members of the object itself that were sent as empty lists and became null; who sends one owns it all the same.</summary>
    public List<string> Emptied { get; } = [];

    public MapNode Decode(MapNode body, WireMessage type) => DecodeMessage(body, type, string.Empty, withHeader: true);

    public MapNode DecodePart(MapNode body, WireMessage type, string path) => DecodeMessage(body, type, path, withHeader: false);

    private MapNode DecodeMessage(MapNode body, WireMessage type, string path, bool withHeader)
    {
        MapNode result = new(body.Count + 2);
        withHeader |= type.IsKind;
        if (withHeader)
        {
            CopyHeader(body, result);
        }

        foreach ((string key, Node value) in body)
        {
            if (type.ByName.TryGetValue(key, out WireField? field))
            {
                // Values are decoded in the order of the body, so that errors and unknown fields come as a reader of the body expects.
                if (!value.IsNull && DecodeField(value, field, type, Join(path, key)) is { } decoded)
                {
                    result[key] = decoded;
                }
            }
            else if (!withHeader || key is not ("kind" or "apiVersion"))
            {
                unknown.Add(Join(path, key));
            }
        }

        foreach (WireField field in type.Members)
        {
            if (field.Always && !result.ContainsKey(field.Name))
            {
                result[field.Name] = Zero(field, type);
            }
        }

        return result;
    }

    private static void CopyHeader(MapNode body, MapNode result)
    {
        foreach (string key in (ReadOnlySpan<string>)["kind", "apiVersion"])
        {
            if (body[key] is StringNode { Value.Length: > 0 } text)
            {
                result[key] = text;
            }
        }
    }

    private Node? DecodeField(Node value, WireField field, WireMessage owner, string path)
    {
        if (field.IsList)
        {
            ListNode list = value as ListNode ?? throw Mismatch(value, owner, path, "[]" + GoName(field));
            return list.Count > 0 || field.Pointer ? DecodeList(list, field, owner, path) : field.Always ? Empty(list, owner, path) : null;
        }

        if (field.IsMap)
        {
            MapNode map = value as MapNode ?? throw Mismatch(value, owner, path, "map[string]" + GoName(field));
            return map.Count == 0 && !field.Always && !field.Pointer ? null : DecodeMap(map, field, owner, path);
        }

        Node decoded = DecodeValue(value, field, owner, path);
        return field.Always || field.Pointer || !IsZero(decoded, field.Type) ? decoded : null;
    }

    /// <summary>An empty list that is always written: protobuf, which all but definitions are stored as, does not tell it from none.</summary>
    private Node Empty(ListNode list, WireMessage owner, string path)
    {
        if (owner.Name.Contains("apiextensions", StringComparison.Ordinal))
        {
            return list;
        }

        if (!path.Contains('.', StringComparison.Ordinal) && !path.Contains('[', StringComparison.Ordinal))
        {
            Emptied.Add(path);
        }

        return Node.Null;
    }

    private ListNode DecodeList(ListNode list, WireField field, WireMessage owner, string path)
    {
        ListNode result = new(list.Count);
        for (int i = 0; i < list.Count; i++)
        {
            result.Add(DecodeElement(list[i], field, owner, $"{path}[{i.ToString(CultureInfo.InvariantCulture)}]"));
        }

        return result;
    }

    private MapNode DecodeMap(MapNode map, WireField field, WireMessage owner, string path)
    {
        MapNode result = new(map.Count);
        foreach ((string key, Node value) in map)
        {
            // Go's errors name the map and not the key; only what is unknown inside of a value needs that.
            result[key] = DecodeElement(value, field, owner, field.Type == WireType.Message ? Join(path, key) : path);
        }

        return result;
    }

    private Node DecodeElement(Node value, WireField field, WireMessage owner, string path) =>
        value.IsNull ? ZeroElement(field, owner) : DecodeValue(value, field, owner, path);

    private Node DecodeValue(Node value, WireField field, WireMessage owner, string path) => field.Type switch
    {
        WireType.String => value as StringNode ?? throw Mismatch(value, owner, path, "string"),
        WireType.Bool => value as BoolNode ?? throw Mismatch(value, owner, path, "bool"),
        WireType.Int32 => Integer(value, owner, path, int.MinValue, int.MaxValue, "int32"),
        WireType.Int64 => Integer(value, owner, path, long.MinValue, long.MaxValue, "int64"),
        WireType.Double => value is IntegerNode or FloatNode ? value : throw Mismatch(value, owner, path, "float64"),
        WireType.Bytes => Base64(value, owner, path),
        WireType.Quantity => QuantityOf(value),
        WireType.IntOrString => value is StringNode ? value : value.AsInteger() is >= int.MinValue and <= int.MaxValue ? value : throw OwnMismatch(value, owner, path, "int32"),
        WireType.Time => Time(value, owner, path, fraction: false),
        WireType.MicroTime => Time(value, owner, path, fraction: true),
        WireType.Message => Message(value, field, owner, path),
        WireType.SchemaOrList => value is ListNode list ? new ListNode(list.Select(item => Schema(item, owner))) : Schema(value, owner),
        WireType.SchemaOrBool => value is BoolNode ? value : value is MapNode ? Schema(value, owner) : throw new DecodeException("boolean or JSON schema expected"),
        _ => value.DeepClone(),
    };

    private Node Message(Node value, WireField field, WireMessage owner, string path)
    {
        WireMessage type = owner.Of(field);
        if (type.IsNamedList)
        {
            return value is ListNode list ? list.DeepClone() : throw Mismatch(value, owner, path, "[]string");
        }

        return value is MapNode map ? DecodeMessage(map, type, path, withHeader: false) : throw Mismatch(value, owner, path, GoName(field));
    }

    /// <summary>A schema within a union reads its own part of the body: what it does not know goes unreported, what is no schema becomes none.</summary>
    private Node Schema(Node value, WireMessage owner) => value is MapNode map ? new ObjectDecoder(structured).DecodePart(map, owner, string.Empty) : Node.Null;

    private Node Integer(Node value, WireMessage owner, string path, long low, long high, string type)
    {
        long? number = value is IntegerNode or FloatNode ? value.AsInteger() : null;
        return number is { } whole && whole >= low && whole <= high ? IntegerNode.Of(whole) : throw Mismatch(value, owner, path, type);
    }

    private Node Base64(Node value, WireMessage owner, string path)
    {
        string text = value.AsString() ?? throw Mismatch(value, owner, path, "[]uint8");
        byte[] buffer = System.Buffers.ArrayPool<byte>.Shared.Rent((text.Length * 3 / 4) + 4);
        bool valid = Convert.TryFromBase64String(text, buffer, out _);
        System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        return valid ? value : throw new DecodeException($"{(structured ? "error decoding from json: " : "")}illegal base64 data at input byte {IllegalBase64At(text)}");
    }

    private static int IllegalBase64At(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsAsciiLetterOrDigit(text[i]) && text[i] is not ('+' or '/'))
            {
                return i;
            }
        }

        return text.Length & ~3;
    }

    private static StringNode QuantityOf(Node value) => Quantity.TryRead(value, out Quantity quantity)
        ? StringNode.Of(quantity.ToString())
        : throw new DecodeException("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");

    private Node Time(Node value, WireMessage owner, string path, bool fraction)
    {
        string text = value.AsString() ?? throw OwnMismatch(value, owner, path, "string");
        string format = fraction ? "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'" : "yyyy-MM-dd'T'HH:mm:ss'Z'";
        return StringNode.Of(GoTimes.Parse(text, fraction).ToString(format, CultureInfo.InvariantCulture));
    }

    private static bool IsZero(Node value, WireType type) => type switch
    {
        WireType.String or WireType.Bytes => value.AsString() is { Length: 0 },
        WireType.Bool => value.AsBool() == false,
        WireType.Int32 or WireType.Int64 or WireType.Double => value.AsNumber() == 0,
        _ => false,
    };

    private static Node Zero(WireField field, WireMessage owner) => field.IsList || field.IsMap || field.Pointer ? Node.Null : ZeroElement(field, owner);

    private static Node ZeroElement(WireField field, WireMessage owner) => field.Type switch
    {
        WireType.String => StringNode.Empty,
        WireType.Bool => BoolNode.False,
        WireType.Int32 or WireType.Int64 or WireType.Double or WireType.IntOrString => IntegerNode.Of(0),
        WireType.Bytes => StringNode.Empty,
        WireType.Quantity => StringNode.Of("0"),
        WireType.Message when !owner.Of(field).IsNamedList => new ObjectDecoder().DecodeMessage([], owner.Of(field), string.Empty, withHeader: false),
        _ => Node.Null,
    };

    private static string GoName(WireField field) => field.Type switch
    {
        WireType.String => "string",
        WireType.Bool => "bool",
        WireType.Int32 => "int32",
        WireType.Int64 => "int64",
        WireType.Quantity => "resource.Quantity",
        WireType.Message => ShortType(field.TypeName),
        _ => "string",
    };

    private static string ShortType(string name)
    {
        string[] parts = name.Split('.');
        return parts[0] == "meta" ? "v1." + parts[^1] : string.Join('.', parts[^2..]);
    }

    private DecodeException Mismatch(Node value, WireMessage owner, string path, string type) =>
        structured ? new DecodeException(ConverterText(value, type)) : new DecodeException($"json: cannot unmarshal {JsonName(value, type)} into Go struct field {owner.ShortName}.{WithoutIndexes(path)} of type {type}");

    /// <summary>The mismatch of a type that reads JSON itself, and within it meets another type.</summary>
    private DecodeException OwnMismatch(Node value, WireMessage owner, string path, string type) =>
        structured ? new DecodeException($"json: cannot unmarshal {JsonName(value, type)} into Go value of type {type}") : Mismatch(value, owner, path, type);

    private static string JsonName(Node value, string type) => value switch
    {
        StringNode => "string",
        BoolNode => "bool",
        IntegerNode or FloatNode => type.StartsWith("int", StringComparison.Ordinal) ? $"number {value}" : "number",
        ListNode => "array",
        _ => "object",
    };

    private static string ConverterText(Node value, string type)
    {
        string had = value switch
        {
            StringNode => "string",
            BoolNode => "bool",
            IntegerNode => "int64",
            FloatNode => "float64",
            ListNode => "slice",
            _ => "map",
        };
        if (type.StartsWith("[]", StringComparison.Ordinal))
        {
            return $"cannot restore slice from {had}";
        }

        if (type.StartsWith("map[", StringComparison.Ordinal))
        {
            return $"cannot restore map from {had}";
        }

        if (type is not ("string" or "bool" or "int32" or "int64" or "float64"))
        {
            return $"cannot restore struct from: {had}";
        }

        // Go converts numbers to strings and fractions to integers, so those are the conversions that are refused as such.
        return (value, type) is (IntegerNode, "string") or (FloatNode, "int32" or "int64") ? $"cannot convert {had} to {type}" : $"unrecognized type: {type}";
    }

    private static string WithoutIndexes(string path)
    {
        System.Text.StringBuilder text = new();
        int depth = 0;
        foreach (char c in path)
        {
            depth += c == '[' ? 1 : 0;
            if (depth == 0)
            {
                text.Append(c);
            }

            depth -= c == ']' ? 1 : 0;
        }

        return text.ToString();
    }

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";
}
