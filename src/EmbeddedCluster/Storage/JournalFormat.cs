using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Bowline.EmbeddedCluster.Storage;

internal enum JournalEntry : byte
{
    Put = 1,
    Remove = 2,

    /// <summary>The last record of a complete snapshot; its revision is the snapshot's.</summary>
    SnapshotEnd = 3,
}

/// <summary>A record read back; strings and JSON are copies.</summary>
internal sealed record JournalRecord(JournalEntry Entry, long Revision, string Collection, string Namespace, string Name, byte[] Json);

/// <summary>
/// length:u32 crc32c:u32 payload, where payload is entry:u8 revision:i64 and three strings with u16 lengths, then the JSON.
/// </summary>
internal static class JournalFormat
{
    public const int HeaderSize = 8;

    /// <summary>How many bytes tell whether a record may begin there.</summary>
    public const int Prefix = HeaderSize + 9;
    private const int MaxPayload = 64 * 1024 * 1024;

    public static void Write(IBufferWriter<byte> output, JournalEntry entry, long revision, string collection, string @namespace, string name, ReadOnlySpan<byte> json)
    {
        int strings = 6 + Encoding.UTF8.GetByteCount(collection) + Encoding.UTF8.GetByteCount(@namespace) + Encoding.UTF8.GetByteCount(name);
        int payload = 9 + strings + json.Length;
        Span<byte> span = output.GetSpan(HeaderSize + payload)[..(HeaderSize + payload)];
        Span<byte> at = span[HeaderSize..];
        at[0] = (byte)entry;
        BinaryPrimitives.WriteInt64LittleEndian(at[1..], revision);
        at = at[9..];
        at = WriteText(at, collection);
        at = WriteText(at, @namespace);
        at = WriteText(at, name);
        json.CopyTo(at);
        BinaryPrimitives.WriteUInt32LittleEndian(span, (uint)payload);
        BinaryPrimitives.WriteUInt32LittleEndian(span[4..], Checksum(span[HeaderSize..]));
        output.Advance(span.Length);
    }

    /// <summary>The size of the record with this header; null when no record begins so.</summary>
    public static int? SizeOf(ReadOnlySpan<byte> header) =>
        header.Length >= HeaderSize && BinaryPrimitives.ReadUInt32LittleEndian(header) is >= 15 and <= MaxPayload and var payload ? HeaderSize + (int)payload : null;

    /// <summary>Whether length, entry and revision are such as records have; rules out nearly all that is none without its checksum.</summary>
    public static bool MayBegin(ReadOnlySpan<byte> prefix) =>
        prefix.Length == Prefix && SizeOf(prefix) is not null && prefix[HeaderSize] is >= 1 and <= 3 && BinaryPrimitives.ReadInt64LittleEndian(prefix[(HeaderSize + 1)..]) is > 0 and < 1L << 48;

    /// <summary>Reads the record at the beginning; false when it is torn or damaged.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out JournalRecord? record, out int length)
    {
        (record, length) = (null, 0);
        if (bytes.Length < HeaderSize)
        {
            return false;
        }

        uint payload = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (payload is < 15 or > MaxPayload || payload > bytes.Length - HeaderSize)
        {
            return false;
        }

        ReadOnlySpan<byte> body = bytes.Slice(HeaderSize, (int)payload);
        if (Checksum(body) != BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]))
        {
            return false;
        }

        length = HeaderSize + (int)payload;
        ReadOnlySpan<byte> at = body[9..];
        string collection = ReadText(ref at);
        string @namespace = ReadText(ref at);
        string name = ReadText(ref at);
        record = new JournalRecord((JournalEntry)body[0], BinaryPrimitives.ReadInt64LittleEndian(body[1..]), collection, @namespace, name, at.ToArray());
        return true;
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        while (bytes.Length >= 8)
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }

        foreach (byte b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return ~crc;
    }

    private static Span<byte> WriteText(Span<byte> at, string text)
    {
        int length = Encoding.UTF8.GetBytes(text, at[2..]);
        BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)length);
        return at[(2 + length)..];
    }

    private static string ReadText(ref ReadOnlySpan<byte> at)
    {
        int length = BinaryPrimitives.ReadUInt16LittleEndian(at);
        string text = Encoding.UTF8.GetString(at.Slice(2, length));
        at = at[(2 + length)..];
        return text;
    }
}
