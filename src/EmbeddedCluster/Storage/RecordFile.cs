using Microsoft.Win32.SafeHandles;

namespace Bowline.EmbeddedCluster.Storage;

/// <summary>A journal or snapshot, read record by record; what is damaged is stepped over and told of.</summary>
internal sealed class RecordFile : IDisposable
{
    private const int Window = 1 << 20;
    private readonly SafeFileHandle file;
    private byte[] buffer = new byte[Window];
    private long start;
    private int count;
    private long at;

    public RecordFile(string path)
    {
        file = File.OpenHandle(path);
        Length = RandomAccess.GetLength(file);
    }

    public long Length { get; }

    /// <summary>Bytes between whole records that are none, as offsets and lengths.</summary>
    public List<(long Offset, long Length)> Damaged { get; } = [];

    /// <summary>Where the last whole record ends; what follows it is a torn write.</summary>
    public long End => at;

    public JournalRecord? Next()
    {
        if (TryRead(at) is { } record)
        {
            at += record.Size;
            return record.Record;
        }

        // A record that was cut short has nothing behind it; damage has.
        for (long candidate = at + 1; candidate + JournalFormat.HeaderSize < Length; candidate++)
        {
            if (JournalFormat.MayBegin(Bytes(candidate, JournalFormat.Prefix)) && TryRead(candidate) is { } found)
            {
                Damaged.Add((at, candidate - at));
                at = candidate + found.Size;
                return found.Record;
            }
        }

        return null;
    }

    public void Dispose() => file.Dispose();

    private (JournalRecord Record, int Size)? TryRead(long offset)
    {
        ReadOnlySpan<byte> header = Bytes(offset, JournalFormat.HeaderSize);
        if (JournalFormat.SizeOf(header) is not { } size || offset + size > Length)
        {
            return null;
        }

        return JournalFormat.TryRead(Bytes(offset, size), out JournalRecord? record, out int length) ? (record!, length) : null;
    }

    /// <summary>At most so many bytes from an offset; fewer at the end.</summary>
    private ReadOnlySpan<byte> Bytes(long offset, int most)
    {
        if (offset >= start && offset + most <= start + count)
        {
            return buffer.AsSpan((int)(offset - start), most);
        }

        if (most > buffer.Length)
        {
            buffer = new byte[most];
        }

        start = offset;
        count = 0;
        int read;
        while (count < buffer.Length && (read = RandomAccess.Read(file, buffer.AsSpan(count), offset + count)) > 0)
        {
            count += read;
        }

        return buffer.AsSpan(0, Math.Min(most, count));
    }
}
