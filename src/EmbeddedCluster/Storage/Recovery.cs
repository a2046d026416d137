using System.Buffers;
using System.Globalization;

namespace Bowline.EmbeddedCluster.Storage;

/// <summary>What a state directory held.</summary>
internal sealed record RecoveredState(long Revision, IReadOnlyList<(string Collection, StoredObject Object)> Objects, string? Note);

/// <summary>Reads and writes the files of a state directory: the newest complete snapshot, then the journals after it.</summary>
internal static class Recovery
{
    // A crash may lose writes that a watcher saw but nobody was promised; their revisions are not used again.
    private const int RevisionGap = 100;

    public static string JournalPath(string directory, long firstRevision) => Path.Combine(directory, $"journal-{firstRevision:D19}.log");

    public static RecoveredState Load(string directory)
    {
        Directory.CreateDirectory(directory);
        Dictionary<(string, string, string), (string Collection, StoredObject Object)> objects = [];
        List<string> notes = [];
        long revision = LoadSnapshot(directory, objects, notes);
        string[] journals = [.. Directory.GetFiles(directory, "journal-*.log").Order(StringComparer.Ordinal)];
        foreach (string journal in journals)
        {
            revision = Replay(journal, revision, objects, notes, isLast: journal == journals[^1]);
        }

        long start = revision == 0 ? 1 : revision + RevisionGap;
        return new RecoveredState(start, [.. objects.Values], notes.Count == 0 ? null : string.Join("; ", notes));
    }

    public static void WriteSnapshot(string directory, long revision, IReadOnlyList<(string Collection, CollectionSnapshot Snapshot)> state)
    {
        string temporary = Path.Combine(directory, "snapshot.tmp");
        using (FileStream file = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
        {
            ArrayBufferWriter<byte> buffer = new();
            foreach ((string collection, CollectionSnapshot snapshot) in state)
            {
                foreach (StoredObject item in snapshot.In(null))
                {
                    JournalFormat.Write(buffer, JournalEntry.Put, item.Revision, collection, item.Namespace, item.Name, item.Json);
                    file.Write(buffer.WrittenSpan);
                    buffer.ResetWrittenCount();
                }
            }

            JournalFormat.Write(buffer, JournalEntry.SnapshotEnd, revision, string.Empty, string.Empty, string.Empty, []);
            file.Write(buffer.WrittenSpan);
            file.Flush(flushToDisk: true);
        }

        string target = SnapshotPath(directory, revision);
        File.Move(temporary, target, overwrite: true);
        DeleteOlder(directory, target, JournalPath(directory, revision + 1));
    }

    private static string SnapshotPath(string directory, long revision) => Path.Combine(directory, $"snapshot-{revision:D19}.db");

    private static void DeleteOlder(string directory, string snapshot, string journal)
    {
        foreach (string path in Directory.GetFiles(directory, "snapshot-*.db").Where(path => string.CompareOrdinal(path, snapshot) < 0)
            .Concat(Directory.GetFiles(directory, "journal-*.log").Where(path => string.CompareOrdinal(path, journal) < 0)))
        {
            File.Delete(path);
        }
    }

    private static long LoadSnapshot(string directory, Dictionary<(string, string, string), (string, StoredObject)> objects, List<string> notes)
    {
        foreach (string path in Directory.GetFiles(directory, "snapshot-*.db").OrderDescending(StringComparer.Ordinal))
        {
            objects.Clear();
            ReadOnlySpan<byte> bytes = File.ReadAllBytes(path);
            while (JournalFormat.TryRead(bytes, out JournalRecord? record, out int length))
            {
                bytes = bytes[length..];
                if (record!.Entry == JournalEntry.SnapshotEnd)
                {
                    return record.Revision;
                }

                Put(objects, record);
            }

            notes.Add($"{Path.GetFileName(path)} is incomplete and was passed over");
        }

        objects.Clear();
        return 0;
    }

    private static long Replay(string path, long revision, Dictionary<(string, string, string), (string, StoredObject)> objects, List<string> notes, bool isLast)
    {
        byte[] all = File.ReadAllBytes(path);
        int at = 0;
        while (JournalFormat.TryRead(all.AsSpan(at), out JournalRecord? record, out int length))
        {
            at += length;
            if (record!.Revision <= revision)
            {
                continue;
            }

            revision = record.Revision;
            if (record.Entry == JournalEntry.Put)
            {
                Put(objects, record);
            }
            else
            {
                objects.Remove((record.Collection, record.Namespace, record.Name));
            }
        }

        if (at < all.Length)
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(path)}: {all.Length - at} bytes after the last whole record were cut off"));
            CutTail(path, at, isLast);
        }

        return revision;
    }

    private static void CutTail(string path, int length, bool isLast)
    {
        if (!isLast)
        {
            return;
        }

        using FileStream file = new(path, FileMode.Open, FileAccess.Write);
        file.SetLength(length);
    }

    private static void Put(Dictionary<(string, string, string), (string, StoredObject)> objects, JournalRecord record) =>
        objects[(record.Collection, record.Namespace, record.Name)] = (record.Collection, StoredObject.Of(record.Namespace, record.Name, record.Revision, record.Json));
}
