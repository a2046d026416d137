using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Bowline.Rendering.Helm.Charts;

/// <summary>Charts by the hash of everything in their files, names and origin included; the longest unused are dropped.</summary>
internal sealed class ChartCache(int capacity)
{
    private readonly Dictionary<Key, LinkedListNode<(Key Key, Chart Chart)>> charts = [];
    private readonly LinkedList<(Key Key, Chart Chart)> byUse = [];
    private readonly Lock gate = new();

    public Chart GetOrAdd(IReadOnlyList<ChartFile> files, Func<Chart> assemble)
    {
        Key key = Key.Of(files);
        lock (gate)
        {
            if (charts.TryGetValue(key, out LinkedListNode<(Key Key, Chart Chart)>? known))
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
                charts[key] = byUse.AddFirst((key, chart));
                if (charts.Count > capacity)
                {
                    charts.Remove(byUse.Last!.Value.Key);
                    byUse.RemoveLast();
                }
            }
        }

        return chart;
    }

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
