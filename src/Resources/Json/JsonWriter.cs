using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Bowline.Resources.Model;

namespace Bowline.Resources.Json;

/// <summary>How a tree becomes JSON.</summary>
public sealed record JsonWriteOptions
{
    public static readonly JsonWriteOptions Compact = new();
    public static readonly JsonWriteOptions Indented = new() { Indent = true };

    public bool Indent { get; init; }

    /// <summary>Members in Go's key order instead of the tree's own.</summary>
    public bool SortKeys { get; init; }
}

/// <summary>Writes a tree as UTF-8 JSON without intermediate strings.</summary>
public static class JsonWriter
{
    public static void Write(Node node, IBufferWriter<byte> output, JsonWriteOptions? options = null)
    {
        options ??= JsonWriteOptions.Compact;
        using Utf8JsonWriter writer = new(output, new JsonWriterOptions
        {
            Indented = options.Indent,
            SkipValidation = true,
            MaxDepth = int.MaxValue,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        });
        WriteValue(writer, node, options.SortKeys);
    }

    public static byte[] ToBytes(Node node, JsonWriteOptions? options = null)
    {
        ArrayBufferWriter<byte> buffer = new();
        Write(node, buffer, options);
        return buffer.WrittenSpan.ToArray();
    }

    public static string ToText(Node node, JsonWriteOptions? options = null)
    {
        ArrayBufferWriter<byte> buffer = new();
        Write(node, buffer, options);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static void WriteValue(Utf8JsonWriter writer, Node node, bool sortKeys)
    {
        switch (node)
        {
            case MapNode map:
                writer.WriteStartObject();
                foreach ((string key, Node value) in sortKeys ? map.Sorted() : map)
                {
                    writer.WritePropertyName(key);
                    WriteValue(writer, value, sortKeys);
                }

                writer.WriteEndObject();
                break;
            case ListNode list:
                writer.WriteStartArray();
                foreach (Node item in list)
                {
                    WriteValue(writer, item, sortKeys);
                }

                writer.WriteEndArray();
                break;
            case StringNode text:
                writer.WriteStringValue(text.Value);
                break;
            case IntegerNode integer:
                writer.WriteNumberValue(integer.Value);
                break;
            case FloatNode number:
                writer.WriteNumberValue(number.Value);
                break;
            case BoolNode flag:
                writer.WriteBooleanValue(flag.Value);
                break;
            case OpaqueNode opaque:
                WriteValue(writer, opaque.ToPlain(), sortKeys);
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }
}
