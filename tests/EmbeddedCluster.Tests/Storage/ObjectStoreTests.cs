using System.Text;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tests.Storage;

public sealed class ObjectStoreTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("bowline-store").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task Acknowledged_writes_survive_a_process_that_never_closed_its_files()
    {
        await using ObjectStore store = ObjectStore.Open(Live);
        for (int i = 0; i < 50; i++)
        {
            await store.TryPut("configmaps", null, "default", $"c{i}", ConfigMap($"c{i}", i))!.Value.Durable;
        }

        await store.TryRemove("configmaps", store.Get("configmaps", "default", "c7")!)!.Value.Durable;

        await using ObjectStore recovered = ObjectStore.Open(Crashed());
        Assert.Null(recovered.RecoveryNote);
        Assert.Equal(49, recovered.Snapshot("configmaps").Count);
        Assert.Null(recovered.Get("configmaps", "default", "c7"));
        Assert.Equal("9", recovered.Get("configmaps", "default", "c9")!.Node["data"]!["n"]!.AsString());
        Assert.True(recovered.Revision > store.Revision);
    }

    [Fact]
    public async Task A_torn_tail_is_cut_off_and_reported()
    {
        await using ObjectStore store = ObjectStore.Open(Live);
        await store.TryPut("configmaps", null, "default", "a", ConfigMap("a", 1))!.Value.Durable;
        await store.TryPut("configmaps", null, "default", "b", ConfigMap("b", 2))!.Value.Durable;
        string crashed = Crashed();
        string journal = Directory.GetFiles(crashed, "journal-*.log").Single();
        using (FileStream file = new(journal, FileMode.Open))
        {
            file.SetLength(file.Length - 5);
        }

        await using (ObjectStore recovered = ObjectStore.Open(crashed))
        {
            Assert.Contains("cut off", recovered.RecoveryNote, StringComparison.Ordinal);
            Assert.NotNull(recovered.Get("configmaps", "default", "a"));
            Assert.Null(recovered.Get("configmaps", "default", "b"));
            await recovered.TryPut("configmaps", null, "default", "c", ConfigMap("c", 3))!.Value.Durable;
        }

        await using ObjectStore again = ObjectStore.Open(crashed);
        Assert.Null(again.RecoveryNote);
        Assert.Equal(2, again.Snapshot("configmaps").Count);
    }

    [Fact]
    public async Task A_snapshot_takes_the_place_of_older_journals()
    {
        await using ObjectStore store = ObjectStore.Open(Live);
        string blob = new('x', 900_000);
        for (int i = 0; i < 60; i++)
        {
            MapNode node = ConfigMap("big", i);
            node.EnsureMap("data")["blob"] = blob;
            await store.TryPut("configmaps", store.Get("configmaps", "default", "big"), "default", "big", node)!.Value.Durable;
        }

        for (int i = 0; i < 100 && Directory.GetFiles(Live, "snapshot-*.db").Length == 0; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }

        await using ObjectStore recovered = ObjectStore.Open(Crashed());
        Assert.Equal("59", recovered.Get("configmaps", "default", "big")!.Node["data"]!["n"]!.AsString());
        Assert.True(Directory.GetFiles(Live).Sum(path => new FileInfo(path).Length) < 40_000_000);
    }

    [Fact]
    public async Task Two_processes_cannot_share_a_state_directory()
    {
        await using ObjectStore store = ObjectStore.Open(Live);
        await store.TryPut("configmaps", null, "default", "a", ConfigMap("a", 1))!.Value.Durable;
        string journal = Directory.GetFiles(Live, "journal-*.log").Single();
        long size = new FileInfo(journal).Length;
        StorageException refused = Assert.Throws<StorageException>(() => ObjectStore.Open(Live));
        Assert.Contains("is in use by another process", refused.Message, StringComparison.Ordinal);
        Assert.Equal(size, new FileInfo(journal).Length);
    }

    [Fact]
    public async Task Damage_in_the_middle_is_told_with_its_place_and_costs_only_what_was_there()
    {
        await using (ObjectStore store = ObjectStore.Open(Live))
        {
            for (int i = 0; i < 20; i++)
            {
                await store.TryPut("configmaps", null, "default", $"c{i}", ConfigMap($"c{i}", i))!.Value.Durable;
            }
        }

        string journal = Directory.GetFiles(Live, "journal-*.log").Single();
        byte[] bytes = File.ReadAllBytes(journal);
        int at = bytes.AsSpan().IndexOf("\"name\":\"c7\""u8);
        bytes[at + 9] ^= 0xff;
        File.WriteAllBytes(journal, bytes);

        await using (ObjectStore recovered = ObjectStore.Open(Live))
        {
            Assert.Matches(@"^journal-\d+\.log: \d+ bytes at offset \d+ are damaged; what was written there is lost, and the file is kept as journal-\d+\.log\.damaged$", recovered.RecoveryNote);
            Assert.Equal(19, recovered.Snapshot("configmaps").Count);
            Assert.Null(recovered.Get("configmaps", "default", "c7"));
            Assert.Equal(bytes, File.ReadAllBytes(journal + ".damaged"));
            for (int i = 0; i < 200 && Directory.GetFiles(Live, "snapshot-*.db").Length == 0; i++)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20));
            }
        }

        await using ObjectStore again = ObjectStore.Open(Live);
        Assert.Null(again.RecoveryNote);
        Assert.Equal(19, again.Snapshot("configmaps").Count);
    }

    [Fact]
    public async Task A_damaged_snapshot_gives_back_everything_else()
    {
        await using (ObjectStore store = ObjectStore.Open(Live))
        {
            for (int i = 0; i < 40; i++)
            {
                MapNode node = ConfigMap($"c{i}", i);
                node.EnsureMap("data")["blob"] = new string('x', 900_000);
                await store.TryPut("configmaps", null, "default", $"c{i}", node)!.Value.Durable;
            }

            for (int i = 0; i < 200 && Directory.GetFiles(Live, "snapshot-*.db").Length == 0; i++)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20));
            }
        }

        string snapshot = Directory.GetFiles(Live, "snapshot-*.db").Single();
        using (FileStream file = new(snapshot, FileMode.Open))
        {
            file.Seek(file.Length / 2, SeekOrigin.Begin);
            file.Write(new byte[64]);
        }

        await using ObjectStore recovered = ObjectStore.Open(Live);
        Assert.Contains("are damaged", recovered.RecoveryNote, StringComparison.Ordinal);
        Assert.Equal(39, recovered.Snapshot("configmaps").Count);
    }

    [Fact]
    public async Task A_journal_of_noise_is_told_of_and_does_not_keep_the_store_from_opening()
    {
        Directory.CreateDirectory(Live);
        byte[] noise = new byte[300_000];
        new Random(7).NextBytes(noise);
        File.WriteAllBytes(Path.Combine(Live, "journal-0000000000000000002.log"), noise);
        await using ObjectStore store = ObjectStore.Open(Live);
        Assert.Contains("300000 bytes after the last whole record were cut off", store.RecoveryNote, StringComparison.Ordinal);
        await store.TryPut("configmaps", null, "default", "a", ConfigMap("a", 1))!.Value.Durable;
    }

    [Fact]
    public async Task Updates_of_one_object_do_not_grow_the_directory_or_the_memory_without_bound()
    {
        await using ObjectStore store = ObjectStore.Open(Live);
        string blob = new('x', 500_000);
        for (int i = 0; i < 400; i++)
        {
            MapNode node = ConfigMap("big", i);
            node.EnsureMap("data")["blob"] = blob;
            await store.TryPut("configmaps", store.Get("configmaps", "default", "big"), "default", "big", node)!.Value.Durable;
        }

        await Task.Delay(TimeSpan.FromMilliseconds(500));
        Assert.InRange(Directory.GetFiles(Live).Sum(path => new FileInfo(path).Length), 1, 80_000_000);
        List<Change> kept = [];
        Assert.True(store.Log("configmaps").TryRead(store.Log("configmaps").Floor, kept));
        Assert.InRange(kept.Sum(change => (long)change.Object.Json.Length), 1, 70_000_000);
    }

    [Fact]
    public async Task Many_short_runs_leave_one_snapshot_rather_than_many_journals()
    {
        for (int run = 0; run < 12; run++)
        {
            await using ObjectStore store = ObjectStore.Open(Live);
            for (int i = 0; i < 5; i++)
            {
                MapNode node = ConfigMap("big", i);
                node.EnsureMap("data")["blob"] = new string('x', 900_000);
                await store.TryPut("configmaps", store.Get("configmaps", "default", "big"), "default", "big", node)!.Value.Durable;
            }
        }

        Assert.InRange(Directory.GetFiles(Live, "journal-*.log").Length, 1, 9);
    }

    [Fact]
    public void A_write_on_a_stale_object_is_refused()
    {
        ObjectStore store = ObjectStore.Open(null);
        StoredObject first = store.TryPut("configmaps", null, "default", "a", ConfigMap("a", 1))!.Value.Object;
        Assert.NotNull(store.TryPut("configmaps", first, "default", "a", ConfigMap("a", 2)));
        Assert.Null(store.TryPut("configmaps", first, "default", "a", ConfigMap("a", 3)));
        Assert.Null(store.TryPut("configmaps", null, "default", "a", ConfigMap("a", 4)));
    }

    [Fact]
    public async Task The_bytes_of_every_version_say_its_own_revision_whoever_writes_beside_it()
    {
        ObjectStore store = ObjectStore.Open(null);
        long before = store.Revision;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(() =>
        {
            // Revisions of one to four digits, and names that look like what is searched for.
            for (int i = 0; i < 500; i++)
            {
                MapNode node = ConfigMap($"w{writer}-{i}", i);
                node.EnsureMap("metadata")["labels"] = new MapNode { ["resourceVersion"] = "7", ["metadata"] = "x" };
                node.EnsureMap("metadata")["annotations"] = new MapNode { ["last"] = """{"metadata":{"resourceVersion":"7"}}""" };
                Assert.NotNull(store.TryPut("configmaps", null, "default", $"w{writer}-{i}", node));
            }
        })));

        List<Change> changes = [];
        Assert.True(store.Log("configmaps").TryRead(before, changes));
        Assert.Equal(Enumerable.Range((int)before + 1, 2000).Select(revision => (long)revision), changes.Select(change => change.Revision));
        Assert.All(changes, change =>
        {
            Node read = JsonReader.Read(change.Object.Json);
            Assert.Equal(change.Revision.ToString(), read.At("metadata", "resourceVersion")!.AsString());
            Assert.Equal("7", read.At("metadata", "labels", "resourceVersion")!.AsString());
            Assert.Equal(JsonWriter.ToText(change.Object.Node), Encoding.UTF8.GetString(change.Object.Json));
        });
    }

    [Fact]
    public void A_past_version_reads_as_it_was_whether_its_bytes_or_its_tree_were_kept()
    {
        ObjectStore store = ObjectStore.Open(null);
        List<(StoredObject Version, string Text)> versions = [];
        void Note(StoredObject version) => versions.Add((version, Encoding.UTF8.GetString(version.Json)));
        Note(store.TryPut("configmaps", null, "default", "a", ConfigMap("a", 1))!.Value.Object);
        for (int i = 0; i < 10; i++)
        {
            StoredObject present = store.Get("configmaps", "default", "a")!;
            MapNode next = Draft.Beginning(present.Node);
            next["status"] = new MapNode { ["n"] = i };
            if (i % 3 == 0)
            {
                next["data"] = new MapNode { ["n"] = i.ToString() };
            }

            Note(store.TryPut("configmaps", present, "default", "a", next)!.Value.Object);
        }

        Note(store.TryRemove("configmaps", store.Get("configmaps", "default", "a")!)!.Value.Object);
        GC.Collect();
        Assert.All(versions, item =>
        {
            Assert.Equal(item.Text, Encoding.UTF8.GetString(item.Version.Json));
            Assert.Equal(item.Text, JsonWriter.ToText(item.Version.Node));
            Assert.Equal(item.Text.Length, item.Version.Size);
        });
    }

    [Fact]
    public void The_past_can_be_listed_until_it_is_forgotten()
    {
        ObjectStore store = ObjectStore.Open(null);
        long early = store.TryPut("configmaps", null, "default", "a", ConfigMap("a", 1))!.Value.Object.Revision;
        StoredObject b = store.TryPut("configmaps", null, "default", "b", ConfigMap("b", 1))!.Value.Object;
        store.TryRemove("configmaps", b);
        Assert.Equal(["a"], store.SnapshotAt("configmaps", early)!.In(null).Select(item => item.Name));
        Assert.Equal(["a", "b"], store.SnapshotAt("configmaps", b.Revision)!.In(null).Select(item => item.Name));
        for (int i = 0; i < 9000; i++)
        {
            store.TryPut("configmaps", store.Get("configmaps", "default", "a"), "default", "a", ConfigMap("a", i));
        }

        Assert.Null(store.SnapshotAt("configmaps", early));
    }

    private string Live => Path.Combine(directory, "live");

    /// <summary>The files as a killed process would leave them.</summary>
    private string Crashed()
    {
        string copy = Path.Combine(directory, Guid.NewGuid().ToString());
        Directory.CreateDirectory(copy);
        foreach (string path in Directory.GetFiles(Live).Where(path => Path.GetFileName(path) != "lock"))
        {
            using FileStream from = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using FileStream to = new(Path.Combine(copy, Path.GetFileName(path)), FileMode.Create);
            from.CopyTo(to);
        }

        return copy;
    }

    private static MapNode ConfigMap(string name, int n) => new()
    {
        ["kind"] = "ConfigMap",
        ["apiVersion"] = "v1",
        ["metadata"] = new MapNode { ["name"] = name, ["namespace"] = "default", ["uid"] = name },
        ["data"] = new MapNode { ["n"] = n.ToString() },
    };
}
