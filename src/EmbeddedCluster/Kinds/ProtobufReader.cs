using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kinds;

/// <summary>Reads <c>k8s\0</c> bodies: a runtime.Unknown around a message of a built-in kind.</summary>
internal static class ProtobufReader
{
    private const int MaxDepth = 64;

    private static ReadOnlySpan<byte> Magic => "k8s\0"u8;

    /// <exception cref="DecodeException">Not protobuf, or a kind without a known wire format.</exception>
    public static MapNode Read(ReadOnlySpan<byte> body)
    {
        if (!body.StartsWith(Magic))
        {
            throw new DecodeException("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
        }

        string apiVersion = string.Empty;
        string kind = string.Empty;
        ReadOnlySpan<byte> raw = default;
        Cursor unknown = new(body[Magic.Length..]);
        while (unknown.Next(out int number, out ReadOnlySpan<byte> bytes, out _))
        {
            if (number == 1)
            {
                Cursor header = new(bytes);
                while (header.Next(out int part, out ReadOnlySpan<byte> text, out _))
                {
                    (apiVersion, kind) = part == 1 ? (Encoding.UTF8.GetString(text), kind) : (apiVersion, Encoding.UTF8.GetString(text));
                }
            }
            else if (number == 2)
            {
                raw = bytes;
            }
        }

        WireMessage type = TypeTable.Instance.Find(ResourceKind.Of(apiVersion, kind)) ?? TypeTable.Instance.Get("meta." + kind);
        if (type.Fields.Length == 0)
        {
            throw new DecodeException($"no kind \"{kind}\" is registered for version \"{apiVersion}\"");
        }

        MapNode result = new() { ["kind"] = kind, ["apiVersion"] = apiVersion };
        ReadMessage(raw, type, result, 0);
        return result;
    }

    private static void ReadMessage(ReadOnlySpan<byte> bytes, WireMessage type, MapNode into, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new DecodeException("the message is nested too deeply");
        }

        Cursor cursor = new(bytes);
        while (cursor.Next(out int number, out ReadOnlySpan<byte> payload, out ulong value))
        {
            if (Array.Find(type.Fields, candidate => candidate.Number == number) is not { } member)
            {
                continue;
            }

            if (member.Inlined)
            {
                ReadMessage(payload, type.Of(member), into, depth + 1);
            }
            else if (member.IsMap)
            {
                ReadEntry(payload, member, type, into, depth);
            }
            else if (member.IsList)
            {
                ListNode list = into[member.Name] as ListNode ?? [];
                list.Add(Value(payload, value, member, type, depth));
                into[member.Name] = list;
            }
            else
            {
                into[member.Name] = Value(payload, value, member, type, depth);
            }
        }
    }

    private static void ReadEntry(ReadOnlySpan<byte> bytes, WireField member, WireMessage type, MapNode into, int depth)
    {
        string key = string.Empty;
        Node? found = null;
        Cursor cursor = new(bytes);
        while (cursor.Next(out int number, out ReadOnlySpan<byte> payload, out ulong value))
        {
            if (number == 1)
            {
                key = Encoding.UTF8.GetString(payload);
            }
            else
            {
                found = Value(payload, value, member, type, depth);
            }
        }

        into.EnsureMap(member.Name)[key] = found ?? StringNode.Empty;
    }

    private static Node Value(ReadOnlySpan<byte> bytes, ulong value, WireField member, WireMessage type, int depth)
    {
        switch (member.Type)
        {
            case WireType.String:
                return StringNode.Of(Encoding.UTF8.GetString(bytes));
            case WireType.Bool:
                return BoolNode.Of(value != 0);
            case WireType.Int32 or WireType.Int64:
                return IntegerNode.Of((long)value);
            case WireType.Double:
                return new FloatNode(BitConverter.UInt64BitsToDouble(value));
            case WireType.Bytes:
                return StringNode.Of(Convert.ToBase64String(bytes));
            case WireType.Quantity:
                return StringNode.Of(FirstText(bytes));
            case WireType.IntOrString:
                return IntOrString(bytes);
            case WireType.Time or WireType.MicroTime:
                return Time(bytes, member.Type == WireType.MicroTime);
            case WireType.FieldsV1 or WireType.Raw:
                return Json(bytes);
            case WireType.SchemaOrList or WireType.SchemaOrBool:
                return SchemaUnion(bytes, member.Type == WireType.SchemaOrList, type, depth);
            default:
                return Nested(bytes, type.Of(member), depth);
        }
    }

    private static Node Nested(ReadOnlySpan<byte> bytes, WireMessage type, int depth)
    {
        MapNode map = [];
        ReadMessage(bytes, type, map, depth + 1);
        return type.IsNamedList ? map["items"] ?? new ListNode() : map;
    }

    private static Node SchemaUnion(ReadOnlySpan<byte> bytes, bool orList, WireMessage schema, int depth)
    {
        ListNode list = [];
        Node? single = null;
        bool allows = false;
        Cursor cursor = new(bytes);
        while (cursor.Next(out int number, out ReadOnlySpan<byte> payload, out ulong value))
        {
            if (!orList && number == 1)
            {
                allows = value != 0;
            }
            else if (orList && number == 2)
            {
                list.Add(Nested(payload, schema, depth));
            }
            else
            {
                single = Nested(payload, schema, depth);
            }
        }

        return single ?? (orList ? list : BoolNode.Of(allows));
    }

    private static string FirstText(ReadOnlySpan<byte> bytes)
    {
        Cursor cursor = new(bytes);
        return cursor.Next(out _, out ReadOnlySpan<byte> text, out _) ? Encoding.UTF8.GetString(text) : "0";
    }

    private static Node IntOrString(ReadOnlySpan<byte> bytes)
    {
        ulong kind = 0;
        ulong number = 0;
        string text = string.Empty;
        Cursor cursor = new(bytes);
        while (cursor.Next(out int part, out ReadOnlySpan<byte> payload, out ulong value))
        {
            (kind, number) = part switch
            {
                1 => (value, number),
                2 => (kind, value),
                _ => (kind, number),
            };
            text = part == 3 ? Encoding.UTF8.GetString(payload) : text;
        }

        return kind == 1 ? StringNode.Of(text) : IntegerNode.Of((long)number);
    }

    private static Node Time(ReadOnlySpan<byte> bytes, bool fraction)
    {
        long seconds = 0;
        long nanos = 0;
        Cursor cursor = new(bytes);
        while (cursor.Next(out int part, out _, out ulong value))
        {
            (seconds, nanos) = part == 1 ? ((long)value, nanos) : (seconds, (long)value);
        }

        if (bytes.IsEmpty || seconds is < -62_135_596_800 or > 253_402_300_799)
        {
            return Node.Null;
        }

        DateTime time = DateTimeOffset.FromUnixTimeSeconds(seconds).UtcDateTime.AddTicks(nanos / 100);
        return StringNode.Of(time.ToString(fraction ? "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'" : "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
    }

    private static Node Json(ReadOnlySpan<byte> bytes)
    {
        Cursor cursor = new(bytes);
        if (!cursor.Next(out _, out ReadOnlySpan<byte> raw, out _) || raw.IsEmpty)
        {
            return Node.Null;
        }

        try
        {
            return JsonReader.Read(raw, 256);
        }
        catch (JsonException e)
        {
            throw new DecodeException(e.Message);
        }
    }

    /// <summary>Walks the fields of one message.</summary>
    private ref struct Cursor(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> rest = bytes;

        public bool Next(out int number, out ReadOnlySpan<byte> payload, out ulong value)
        {
            number = 0;
            payload = default;
            value = 0;
            if (rest.IsEmpty)
            {
                return false;
            }

            ulong tag = Varint();
            number = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    value = Varint();
                    return true;
                case 1:
                    value = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
                    return true;
                case 2:
                    payload = Take(Varint());
                    return true;
                case 5:
                    value = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
                    return true;
                default:
                    throw new DecodeException("proto: illegal wireType");
            }
        }

        private ReadOnlySpan<byte> Take(ulong length)
        {
            if (length > (ulong)rest.Length)
            {
                throw new DecodeException("unexpected EOF");
            }

            ReadOnlySpan<byte> taken = rest[..(int)length];
            rest = rest[(int)length..];
            return taken;
        }

        private ulong Varint()
        {
            ulong value = 0;
            for (int i = 0; i < 10 && i < rest.Length; i++)
            {
                value |= (ulong)(rest[i] & 0x7f) << (7 * i);
                if (rest[i] < 0x80)
                {
                    rest = rest[(i + 1)..];
                    return value;
                }
            }

            throw new DecodeException("unexpected EOF");
        }
    }
}
