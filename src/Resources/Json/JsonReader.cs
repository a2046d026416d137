using System.Buffers;
using System.Text;
using System.Text.Json;
using Bowline.Resources.Model;

namespace Bowline.Resources.Json;

/// <summary>Reads UTF-8 JSON into the tree. Whole numbers that fit are integers, as Kubernetes decodes them; the last duplicate member wins.</summary>
public static class JsonReader
{
    /// <exception cref="JsonException">Not JSON, deeper than <paramref name="maxDepth"/>, or something after the value.</exception>
    public static Node Read(ReadOnlySpan<byte> utf8, int maxDepth = 512)
    {
        Utf8JsonReader reader = new(utf8, new JsonReaderOptions { MaxDepth = maxDepth });
        reader.Read();
        Node root = ReadValue(ref reader);
        return reader.Read() ? throw new JsonException("Something follows the JSON value") : root;
    }

    public static Node Read(ReadOnlySequence<byte> utf8, int maxDepth = 512)
    {
        Utf8JsonReader reader = new(utf8, new JsonReaderOptions { MaxDepth = maxDepth });
        reader.Read();
        Node root = ReadValue(ref reader);
        return reader.Read() ? throw new JsonException("Something follows the JSON value") : root;
    }

    public static Node Read(string text, int maxDepth = 512) => Read(Encoding.UTF8.GetBytes(text), maxDepth);

    private static Node ReadValue(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.StartObject => ReadMap(ref reader),
        JsonTokenType.StartArray => ReadList(ref reader),
        JsonTokenType.String => StringNode.Of(reader.GetString()!),
        JsonTokenType.Number => reader.TryGetInt64(out long integer) ? IntegerNode.Of(integer) : new FloatNode(reader.GetDouble()),
        JsonTokenType.True => BoolNode.True,
        JsonTokenType.False => BoolNode.False,
        JsonTokenType.Null => Node.Null,
        _ => throw new JsonException($"Unexpected {reader.TokenType}"),
    };

    private static MapNode ReadMap(ref Utf8JsonReader reader)
    {
        MapNode map = new();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            string key = reader.GetString()!;
            reader.Read();
            map[key] = ReadValue(ref reader);
        }

        return map;
    }

    private static ListNode ReadList(ref Utf8JsonReader reader)
    {
        ListNode list = new();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            list.Add(ReadValue(ref reader));
        }

        return list;
    }
}
