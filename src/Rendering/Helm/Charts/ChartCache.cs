using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Bowline.Rendering.Helm.Charts;

/// <summary>Charts by the hash of everything in their files, names and origin included; the longest unused are dropped.</summary>
internal sealed class ChartCache(long maxBytes)
{
    private const int EntryBytes = 512;

    private readonly Dictionary<Key, LinkedListNode<Entry>> charts = [];
    private readonly LinkedList<Entry> byUse = [];
    private readonly Lock gate = new();
    private long bytes;

    public Chart GetOrAdd(IReadOnlyList<ChartFile> files, Func<Chart> assemble)
    {
        Key key = Key.Of(files);
        lock (gate)
        {
            if (charts.TryGetValue(key, out LinkedListNode<Entry>? known))
            {
                byUse.Remove(known);
                byUse.AddFirst(known);
                return known.Value.Chart;
            }
        }

        Chart chart = assemble();
        lock (gate)
        {
            if (!charts.ContainsKey(key))
            {
                Add(new Entry(key, chart, files.Sum(file => (long)file.Data.Length + EntryBytes)));
            }
        }

        return chart;
    }

    private void Add(Entry entry)
    {
        charts[entry.Key] = byUse.AddFirst(entry);
        bytes += entry.Bytes;
        while (bytes > maxBytes && byUse.Last is { } oldest)
        {
            byUse.RemoveLast();
            charts.Remove(oldest.Value.Key);
            bytes -= oldest.Value.Bytes;
        }
    }

    private sealed record Entry(Key Key, Chart Chart, long Bytes);

    private readonly record struct Key(UInt128 High, UInt128 Low)
    {
        public static Key Of(IReadOnlyList<ChartFile> files)
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            Span<byte> length = stackalloc byte[8];
            foreach (ChartFile file in files)
            {
                byte[] path = Encoding.UTF8.GetBytes($"{file.Name}\0{file.Path}");
                BinaryPrimitives.WriteInt32LittleEndian(length, path.Length);
                BinaryPrimitives.WriteInt32LittleEndian(length[4..], file.Data.Length);
                hash.AppendData(length);
                hash.AppendData(path);
                hash.AppendData(file.Data);
            }

            Span<byte> digest = stackalloc byte[32];
            hash.GetHashAndReset(digest);
            return new Key(BinaryPrimitives.ReadUInt128LittleEndian(digest), BinaryPrimitives.ReadUInt128LittleEndian(digest[16..]));
        }
    }
}
