using System.Buffers;
using System.Text.Json;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Cluster.Http;

/// <summary>Which object a watch event is about and in which version, read from the beginning of its line: API servers write <c>type</c> and <c>metadata</c> first.</summary>
internal readonly record struct EventPeek(WatchEventType Type, string Namespace, string Name, string Uid, string Version)
{
    /// <summary>Null for what is neither new nor changed, not written in that order, or broken: such an event has to be decoded, which also says what is wrong with it.</summary>
    public static EventPeek? Read(in ReadOnlySequence<byte> line)
    {
        try
        {
            return Read(new Utf8JsonReader(line));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Whether it brings just this.</summary>
    public bool IsOf(MapNode held) => held["metadata"] is { } metadata && metadata["resourceVersion"]?.AsString() == Version && metadata["uid"]?.AsString() == Uid;

    private static EventPeek? Read(Utf8JsonReader reader)
    {
        if (!Enter(ref reader) || !NextIs(ref reader, "type"u8) || !reader.Read() || TypeOf(ref reader) is not { } type
            || !NextIs(ref reader, "object"u8) || !Enter(ref reader) || !SkipTo(ref reader, "metadata"u8) || !Enter(ref reader))
        {
            return null;
        }

        EventPeek peek = new(type, string.Empty, string.Empty, string.Empty, string.Empty);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            peek = peek.With(ref reader);
            if (peek is { Name.Length: > 0, Uid.Length: > 0, Version.Length: > 0 })
            {
                return peek;
            }
        }

        return null;
    }

    private EventPeek With(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("name"u8))
        {
            return this with { Name = Text(ref reader) };
        }

        if (reader.ValueTextEquals("namespace"u8))
        {
            return this with { Namespace = Text(ref reader) };
        }

        if (reader.ValueTextEquals("uid"u8))
        {
            return this with { Uid = Text(ref reader) };
        }

        if (reader.ValueTextEquals("resourceVersion"u8))
        {
            return this with { Version = Text(ref reader) };
        }

        reader.Skip();
        return this;
    }

    private static string Text(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.String ? reader.GetString()! : string.Empty;

    private static bool Enter(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.StartObject;

    private static bool NextIs(ref Utf8JsonReader reader, ReadOnlySpan<byte> member) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals(member);

    private static WatchEventType? TypeOf(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            return null;
        }

        return reader.ValueTextEquals("ADDED"u8) ? WatchEventType.Added : reader.ValueTextEquals("MODIFIED"u8) ? WatchEventType.Modified : null;
    }

    /// <summary>Over the members before it, which are text (kind, apiVersion): past anything larger, decoding costs no more.</summary>
    private static bool SkipTo(ref Utf8JsonReader reader, ReadOnlySpan<byte> member)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals(member))
            {
                return true;
            }

            if (!reader.Read() || reader.TokenType != JsonTokenType.String)
            {
                return false;
            }
        }

        return false;
    }
}
