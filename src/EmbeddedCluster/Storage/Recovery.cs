using System.Buffers;
using System.Globalization;

namespace Bowline.EmbeddedCluster.Storage;

/// <summary>What a state directory held.</summary>
/// <param name="IsDamaged">Something in the middle was lost; a snapshot of what is left is due.</param>
internal sealed record RecoveredState(long Revision, IReadOnlyList<(string Collection, StoredObject Object)> Objects, string? Note, bool IsDamaged);

/// <summary>Reads and writes the files of a state directory: the newest complete snapshot, then the journals after it.</summary>
internal static class Recovery
{
    // A crash may lose writes that a watcher saw but nobody was promised; their revisions are not used again.
    private const int RevisionGap = 100_000;

    public static string JournalPath(string directory, long firstRevision) => Path.Combine(directory, $"journal-{firstRevision:D19}.log");

    /// <summary>The caller holds the directory's lock.</summary>
    public static RecoveredState Load(string directory)
    {
        Found found = new();
        LoadSnapshot(directory, found);
        string[] journals = [.. Directory.GetFiles(directory, "journal-*.log").Order(StringComparer.Ordinal)];
        foreach (string journal in journals)
        {
            Replay(journal, found, isLast: journal == journals[^1]);
        }

        long start = found.Revision == 0 ? 1 : found.Revision + RevisionGap;
        return new RecoveredState(start, [.. found.Objects.Values], found.Notes.Count == 0 ? null : string.Join("; ", found.Notes), found.IsDamaged);
    }

    /// <returns>The snapshot's size.</returns>
    public static long WriteSnapshot(string directory, long revision, IReadOnlyList<(string Collection, CollectionSnapshot Snapshot)> state)
    {
        string temporary = Path.Combine(directory, "snapshot.tmp");
        long written;
        try
        {
            using FileStream file = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16);
            WriteRecords(file, revision, state);
            file.Flush(flushToDisk: true);
            written = file.Length;
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        string target = SnapshotPath(directory, revision);
        File.Move(temporary, target, overwrite: true);
        DeleteOlder(directory, target, JournalPath(directory, revision + 1));
        return written;
    }

    private static void WriteRecords(FileStream file, long revision, IReadOnlyList<(string Collection, CollectionSnapshot Snapshot)> state)
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

    /// <summary>A snapshot is put in place whole; one that is not whole now was damaged, and what is left of it is better than nothing.</summary>
    private static void LoadSnapshot(string directory, Found found)
    {
        if (Directory.GetFiles(directory, "snapshot-*.db").Order(StringComparer.Ordinal).LastOrDefault() is not { } path)
        {
            return;
        }

        using RecordFile file = new(path);
        bool ended = false;
        while (!ended && file.Next() is { } record)
        {
            ended = record.Entry == JournalEntry.SnapshotEnd;
            if (!ended)
            {
                found.Put(record);
            }
        }

        found.Revision = long.Parse(Path.GetFileNameWithoutExtension(path)["snapshot-".Length..], CultureInfo.InvariantCulture);
        if (!ended)
        {
            file.Damaged.Add((file.End, file.Length - file.End));
        }

        Report(path, file, found);
    }

    private static void Replay(string path, Found found, bool isLast)
    {
        long end;
        long length;
        using (RecordFile file = new(path))
        {
            while (file.Next() is { } record)
            {
                Apply(record, found);
            }

            (end, length) = (file.End, file.Length);
            if (end < length && !isLast)
            {
                // A journal that another one followed was complete.
                file.Damaged.Add((end, length - end));
            }

            Report(path, file, found);
        }

        if (end < length && isLast)
        {
            found.Notes.Add(string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(path)}: {length - end} bytes after the last whole record were cut off"));
            using FileStream cut = new(path, FileMode.Open, FileAccess.Write);
            cut.SetLength(end);
        }
    }

    private static void Apply(JournalRecord record, Found found)
    {
        if (record.Revision <= found.Revision)
        {
            return;
        }

        found.Revision = record.Revision;
        if (record.Entry == JournalEntry.Put)
        {
            found.Put(record);
        }
        else
        {
            found.Objects.Remove((record.Collection, record.Namespace, record.Name));
        }
    }

    /// <summary>Damage is told with its place, and the file kept for whoever wants to look.</summary>
    private static void Report(string path, RecordFile file, Found found)
    {
        foreach ((long offset, long length) in file.Damaged)
        {
            found.Notes.Add(string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(path)}: {length} bytes at offset {offset} are damaged; what was written there is lost, and the file is kept as {Path.GetFileName(path)}.damaged"));
        }

        if (file.Damaged.Count > 0)
        {
            found.IsDamaged = true;
            File.Copy(path, path + ".damaged", overwrite: true);
        }
    }

    private sealed class Found
    {
        public Dictionary<(string, string, string), (string Collection, StoredObject Object)> Objects { get; } = [];

        public List<string> Notes { get; } = [];

        public long Revision { get; set; }

        public bool IsDamaged { get; set; }

        public void Put(JournalRecord record) =>
            Objects[(record.Collection, record.Namespace, record.Name)] = (record.Collection, StoredObject.Of(record.Namespace, record.Name, record.Revision, record.Json));
    }
}
