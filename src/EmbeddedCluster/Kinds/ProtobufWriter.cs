using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kinds;

/// <summary>Writes built-in kinds in Kubernetes' wire format: <c>k8s\0</c> and a runtime.Unknown around the message.</summary>
internal static class ProtobufWriter
{
    private static ReadOnlySpan<byte> Magic => "k8s\0"u8;

    /// <summary>Whether objects of this kind have a wire format.</summary>
    public static bool Knows(string apiVersion, string kind) => Find(apiVersion, kind) is not null;

    /// <exception cref="InvalidOperationException">The object's kind has no wire format; see <see cref="Knows"/>.</exception>
    public static byte[] Write(MapNode node)
    {
        string apiVersion = node["apiVersion"]?.AsString() ?? string.Empty;
        string kind = node["kind"]?.AsString() ?? string.Empty;
        WireMessage type = Find(apiVersion, kind) ?? throw new InvalidOperationException($"{kind} of {apiVersion} has no wire format");
        ProtobufMessage header = new();
        header.Text(1, apiVersion);
        header.Text(2, kind);
        ProtobufMessage unknown = new();
        unknown.Bytes(1, header.Written);
        unknown.Bytes(2, Body(node, type).Written);
        unknown.Bytes(3, default);
        unknown.Bytes(4, default);
        byte[] result = new byte[Magic.Length + unknown.Written.Length];
        Magic.CopyTo(result);
        unknown.Written.CopyTo(result.AsSpan(Magic.Length));
        return result;
    }

    /// <summary>A watch event: its length in four bytes, then a bare WatchEvent around a whole object.</summary>
    public static byte[] WriteEvent(string type, byte[] body)
    {
        ProtobufMessage raw = new();
        raw.Bytes(1, body);
        ProtobufMessage watchEvent = new();
        watchEvent.Text(1, type);
        watchEvent.Bytes(2, raw.Written);
        byte[] frame = new byte[4 + watchEvent.Written.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, watchEvent.Written.Length);
        watchEvent.Written.CopyTo(frame.AsSpan(4));
        return frame;
    }

    private static WireMessage? Find(string apiVersion, string kind)
    {
        if (TypeTable.Instance.Find(ResourceKind.Of(apiVersion, kind)) is { } type)
        {
            return type;
        }

        // Some documents of discovery leave out their version in JSON, and so do their headers.
        bool isMeta = apiVersion.StartsWith("meta.k8s.io/", StringComparison.Ordinal) || (apiVersion == "v1" && kind == "Status")
            || (apiVersion.Length == 0 && kind is "APIVersions" or "APIResourceList");
        return isMeta && TypeTable.Instance.Get("meta." + kind) is { Fields.Length: > 0 } meta ? meta : null;
    }

    private static ProtobufMessage Body(MapNode node, WireMessage type)
    {
        ProtobufMessage message = new();
        foreach (WireField field in type.Fields)
        {
            if (field.Inlined)
            {
                message.Bytes(field.Number, Body(node, type.Of(field)).Written);
            }
            else if (node[field.Name] is { IsNull: false } value)
            {
                Field(message, field, value, type);
            }
        }

        return message;
    }

    private static void Field(ProtobufMessage message, WireField field, Node value, WireMessage type)
    {
        if (field.IsMap)
        {
            foreach ((string key, Node member) in (value as MapNode ?? []).Sorted())
            {
                ProtobufMessage entry = new();
                entry.Text(1, key);
                Value(entry, 2, field, member, type);
                message.Bytes(field.Number, entry.Written);
            }
        }
        else if (field.IsList)
        {
            foreach (Node item in value.AsList() ?? [])
            {
                Value(message, field.Number, field, item, type);
            }
        }
        else
        {
            Value(message, field.Number, field, value, type);
        }
    }

    private static void Value(ProtobufMessage message, int number, WireField field, Node value, WireMessage type)
    {
        switch (field.Type)
        {
            case WireType.String:
                message.Text(number, value.AsString() ?? string.Empty);
                break;
            case WireType.Bool:
                message.Number(number, value.AsBool() == true ? 1UL : 0UL);
                break;
            case WireType.Int32 or WireType.Int64:
                message.Number(number, (ulong)(value.AsInteger() ?? 0));
                break;
            case WireType.Double:
                message.Fixed(number, BitConverter.DoubleToUInt64Bits(value.AsNumber() ?? 0));
                break;
            case WireType.Bytes:
                message.Bytes(number, Convert.FromBase64String(value.AsString() ?? string.Empty));
                break;
            case WireType.SchemaOrList:
                message.Bytes(number, SchemaOrList(value, type).Written);
                break;
            case WireType.SchemaOrBool:
                message.Bytes(number, SchemaOrBool(value, type).Written);
                break;
            case WireType.Message:
                message.Bytes(number, Nested(value, type.Of(field)).Written);
                break;
            default:
                message.Bytes(number, Special(field.Type, value).Written);
                break;
        }
    }

    private static ProtobufMessage Nested(Node value, WireMessage type) =>
        type.IsNamedList ? Body(new MapNode { ["items"] = value }, type) : Body(value as MapNode ?? [], type);

    private static ProtobufMessage SchemaOrList(Node value, WireMessage schema)
    {
        ProtobufMessage message = new();
        if (value is MapNode own)
        {
            message.Bytes(1, Body(own, schema).Written);
        }

        foreach (Node item in value.AsList() ?? [])
        {
            message.Bytes(2, Body(item as MapNode ?? [], schema).Written);
        }

        return message;
    }

    private static ProtobufMessage SchemaOrBool(Node value, WireMessage schema)
    {
        ProtobufMessage message = new();
        message.Number(1, value.AsBool() == false ? 0UL : 1UL);
        if (value is MapNode own)
        {
            message.Bytes(2, Body(own, schema).Written);
        }

        return message;
    }

    /// <summary>Types that are one value in JSON and a message on the wire.</summary>
    private static ProtobufMessage Special(WireType type, Node value)
    {
        ProtobufMessage message = new();
        switch (type)
        {
            case WireType.Quantity:
                message.Text(1, value.ToString() ?? "0");
                break;
            case WireType.IntOrString when value is StringNode text:
                message.Number(1, 1);
                message.Number(2, 0);
                message.Text(3, text.Value);
                break;
            case WireType.IntOrString:
                message.Number(1, 0);
                message.Number(2, (ulong)(value.AsInteger() ?? 0));
                message.Text(3, string.Empty);
                break;
            case WireType.Time or WireType.MicroTime:
                Time(message, value.AsString() ?? string.Empty);
                break;
            default:
                message.Bytes(1, JsonWriter.ToBytes(value));
                break;
        }

        return message;
    }

    private static void Time(ProtobufMessage message, string text)
    {
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time))
        {
            message.Number(1, (ulong)time.ToUnixTimeSeconds());
            message.Number(2, (ulong)(time.Ticks % TimeSpan.TicksPerSecond * 100));
        }
    }
}
