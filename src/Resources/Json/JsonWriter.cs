using System.Buffers;
using System.Text;
using System.Text.Json;
using Bowline.Resources.Model;

namespace Bowline.Resources.Json;

/// <summary>How a tree becomes JSON.</summary>
public sealed record JsonWriteOptions
{
    public static readonly JsonWriteOptions Compact = new();
    public static readonly JsonWriteOptions Indented = new() { Indent = true };

    public bool Indent { get; init; }

    /// <summary>What one level is indented by when <see cref="Indent"/> is set.</summary>
    public string IndentUnit { get; init; } = "  ";

    /// <summary>Members in Go's key order instead of the tree's own.</summary>
    public bool SortKeys { get; init; }

    /// <summary>Whether &lt;, &gt; and &amp; are escaped, as encoding/json does unless told otherwise.</summary>
    public bool EscapeHtml { get; init; }
}

/// <summary>Writes a tree as UTF-8 JSON exactly as Go's encoding/json does, numbers and escapes included.</summary>
/// <exception cref="JsonException">An infinity or NaN, which JSON cannot say.</exception>
public static class JsonWriter
{
    public static void Write(Node node, IBufferWriter<byte> output, JsonWriteOptions? options = null)
    {
        using JsonEmitter emitter = new(options ?? JsonWriteOptions.Compact);
        output.Write(emitter.Emit(node));
    }

    public static byte[] ToBytes(Node node, JsonWriteOptions? options = null)
    {
        using JsonEmitter emitter = new(options ?? JsonWriteOptions.Compact);
        return emitter.Emit(node).ToArray();
    }

    public static string ToText(Node node, JsonWriteOptions? options = null)
    {
        using JsonEmitter emitter = new(options ?? JsonWriteOptions.Compact);
        return Encoding.UTF8.GetString(emitter.Emit(node));
    }

    /// <summary>Writes a tree as one value of JSON that <paramref name="writer"/> is writing.</summary>
    public static void WriteValue(Utf8JsonWriter writer, Node node, bool sortKeys)
    {
        using JsonEmitter emitter = new(new JsonWriteOptions { SortKeys = sortKeys });
        writer.WriteRawValue(emitter.Emit(node), skipInputValidation: true);
    }
}
