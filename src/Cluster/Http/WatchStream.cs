using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Bowline.Cluster.Requests;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Cluster.Http;

/// <summary>Reads the events of a watch, one JSON document a line, from the bytes as they come.</summary>
/// <param name="held">See <see cref="WatchOptions.Held"/>.</param>
internal sealed class WatchStream(Call call, Transport transport, int maxEventBytes, Func<string, string, MapNode?>? held)
{
    /// <summary>Ends with the stream, or when <paramref name="limit"/> is over; throws only for the caller's cancellation.</summary>
    public async IAsyncEnumerable<WatchEvent> ReadAsync(
        HttpResponseMessage response, [EnumeratorCancellation] CancellationToken limit, CancellationToken cancellationToken)
    {
        await using Stream stream = await response.Content.ReadAsStreamAsync(limit).ConfigureAwait(false);
        PipeReader reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16 * 1024, minimumReadSize: 4 * 1024, leaveOpen: true));
        try
        {
            while (await NextAsync(reader, limit, cancellationToken).ConfigureAwait(false) is { } read)
            {
                ReadOnlySequence<byte> rest = read.Buffer;
                while (TakeLine(ref rest, read.IsCompleted, out ReadOnlySequence<byte> line))
                {
                    if (Parse(line) is { } change)
                    {
                        yield return change;
                    }
                }

                if (rest.Length > maxEventBytes)
                {
                    throw new ClusterException($"{call.What}: an event is larger than {maxEventBytes} bytes", reason: "ResponseTooLarge");
                }

                reader.AdvanceTo(rest.Start, rest.End);
                if (read.IsCompleted)
                {
                    yield break;
                }
            }
        }
        finally
        {
            await reader.CompleteAsync().ConfigureAwait(false);
        }
    }

    private async Task<ReadResult?> NextAsync(PipeReader reader, CancellationToken limit, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadAsync(limit).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            // A stream torn down by our own cancellation fails like one that the server dropped.
            cancellationToken.ThrowIfCancellationRequested();
            throw transport.Lost(call, error);
        }
    }

    private static bool TakeLine(ref ReadOnlySequence<byte> rest, bool last, out ReadOnlySequence<byte> line)
    {
        if (rest.PositionOf((byte)'\n') is { } end)
        {
            line = rest.Slice(0, end);
            rest = rest.Slice(rest.GetPosition(1, end));
            return true;
        }

        line = rest;
        rest = last ? rest.Slice(rest.End) : rest;
        return last && !line.IsEmpty;
    }

    private WatchEvent? Parse(in ReadOnlySequence<byte> line)
    {
        Node document;
        try
        {
            if (held is not null && EventPeek.Read(line) is { } peek && held(peek.Namespace, peek.Name) is { } known && peek.IsOf(known))
            {
                return new WatchEvent(peek.Type, known);
            }

            document = IsBlank(line) ? Node.Null : JsonReader.Read(line, vocabulary: transport.Vocabulary);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new ClusterException($"{call.What}: an event is not JSON", reason: "InvalidResponse", inner: error);
        }

        MapNode? changed = document["object"]?.AsMap();
        WatchEventType? type = document["type"]?.AsString() switch
        {
            "ADDED" => WatchEventType.Added,
            "MODIFIED" => WatchEventType.Modified,
            "DELETED" => WatchEventType.Deleted,
            "BOOKMARK" => WatchEventType.Bookmark,
            "ERROR" => throw StatusReader.FromStatus(call.What, changed ?? new MapNode(), 500, null),
            _ => null,
        };
        return type is null || changed is null ? null : new WatchEvent(type.Value, (MapNode)changed.Freeze());
    }

    private static bool IsBlank(in ReadOnlySequence<byte> line)
    {
        foreach (ReadOnlyMemory<byte> part in line)
        {
            if (part.Span.ContainsAnyExcept(" \r\t"u8))
            {
                return false;
            }
        }

        return true;
    }
}
