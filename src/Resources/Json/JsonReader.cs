using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Bowline.Resources.Model;

namespace Bowline.Resources.Json;

/// <summary>
/// Reads UTF-8 JSON into the tree as Kubernetes decodes it: whole numbers that fit are integers, the last duplicate member wins, and
/// broken text (invalid UTF-8, half a surrogate pair) becomes U+FFFD as in Go.
/// </summary>
public static class JsonReader
{
    /// <exception cref="JsonException">Not JSON (in the words of Go's encoding/json), or deeper than <paramref name="maxDepth"/>.</exception>
    public static Node Read(ReadOnlySpan<byte> utf8, int maxDepth = 512, JsonVocabulary? vocabulary = null)
    {
        Utf8JsonReader reader = new(utf8, new JsonReaderOptions { MaxDepth = maxDepth });
        try
        {
            return ReadOnly(ref reader, new Source(utf8, vocabulary));
        }
        catch (JsonException error) when (GoSyntax.FirstError(utf8) is { } words)
        {
            throw new JsonException(words, error.Path, error.LineNumber, error.BytePositionInLine, error);
        }
    }

    /// <inheritdoc cref="Read(ReadOnlySpan{byte}, int, JsonVocabulary?)"/>
    public static Node Read(ReadOnlySequence<byte> utf8, int maxDepth = 512, JsonVocabulary? vocabulary = null)
    {
        if (utf8.IsSingleSegment)
        {
            return Read(utf8.FirstSpan, maxDepth, vocabulary);
        }

        byte[] whole = ArrayPool<byte>.Shared.Rent(checked((int)utf8.Length));
        try
        {
            utf8.CopyTo(whole);
            return Read(whole.AsSpan(0, (int)utf8.Length), maxDepth, vocabulary);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(whole);
        }
    }

    public static Node Read(string text, int maxDepth = 512)
    {
        byte[] utf8 = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        try
        {
            return Read(utf8.AsSpan(0, Encoding.UTF8.GetBytes(text, utf8)), maxDepth);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(utf8);
        }
    }

    /// <summary>Reads the value that <paramref name="reader"/> stands on and leaves it on that value's last token, for JSON that embeds trees.</summary>
    public static Node ReadValue(ref Utf8JsonReader reader) => ReadValue(ref reader, default);

    private static Node ReadOnly(ref Utf8JsonReader reader, in Source source)
    {
        reader.Read();
        Node root = ReadValue(ref reader, source);
        return reader.Read() ? throw new JsonException("Something follows the JSON value") : root;
    }

    private static Node ReadValue(ref Utf8JsonReader reader, in Source source) => reader.TokenType switch
    {
        JsonTokenType.StartObject => ReadMap(ref reader, source),
        JsonTokenType.StartArray => ReadList(ref reader, source),
        JsonTokenType.String => source.Vocabulary?.Text(ref reader) ?? StringNode.Of(JsonText.Read(ref reader)),
        JsonTokenType.Number => ReadNumber(ref reader),
        JsonTokenType.True => BoolNode.True,
        JsonTokenType.False => BoolNode.False,
        JsonTokenType.Null => Node.Null,
        _ => throw new JsonException($"Unexpected {reader.TokenType}"),
    };

    private static Node ReadNumber(ref Utf8JsonReader reader)
    {
        if (reader.TryGetInt64(out long integer))
        {
            return IntegerNode.Of(integer);
        }

        double number = reader.GetDouble();
        return double.IsFinite(number)
            ? new FloatNode(number)
            : throw new JsonException($"json: cannot unmarshal number {Encoding.UTF8.GetString(reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan)} into Go value of type float64");
    }

    private static MapNode ReadMap(ref Utf8JsonReader reader, in Source source)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        MapNode map = new();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            string key = source.Names?.Read(ref reader) ?? JsonText.Read(ref reader);
            reader.Read();
            map[key] = source.Vocabulary is { } vocabulary && JsonVocabulary.IsOwnedFields(key) ? ReadOwnedFields(ref reader, source, vocabulary) : ReadValue(ref reader, source);
        }

        return map;
    }

    private static ListNode ReadList(ref Utf8JsonReader reader, in Source source)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        ListNode list = new();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            list.Add(ReadValue(ref reader, source));
        }

        return list;
    }

    private static Node ReadOwnedFields(ref Utf8JsonReader reader, in Source source, JsonVocabulary vocabulary)
    {
        int begins = (int)reader.TokenStartIndex;
        Utf8JsonReader behind = reader;
        behind.Skip();
        ReadOnlySpan<byte> json = source.Utf8[begins..(int)behind.BytesConsumed];
        if (vocabulary.Known(json) is { } known)
        {
            reader = behind;
            return known;
        }

        return vocabulary.Keep(json, ReadValue(ref reader, source));
    }

    /// <summary>What is read, and what is shared with other readings.</summary>
    private readonly ref struct Source(ReadOnlySpan<byte> utf8, JsonVocabulary? vocabulary)
    {
        public ReadOnlySpan<byte> Utf8 { get; } = utf8;

        public JsonVocabulary? Vocabulary { get; } = vocabulary;

        public MemberNames? Names { get; } = vocabulary?.Names ?? MemberNames.For(utf8.Length);
    }
}
