using System.Net;
using System.Net.Security;
using System.Text;
using Bowline.EmbeddedCluster.Hosting;

namespace Bowline.EmbeddedCluster.Tests.Hosting;

/// <summary>Tests that measure the memory of this process: nothing else may run beside them.</summary>
[CollectionDefinition("Alone", DisableParallelization = true)]
public sealed class Alone;

/// <summary>What costs the server memory, and how much of it at most.</summary>
[Collection("Alone")]
public sealed class BoundedMemoryTests : IAsyncLifetime
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";
    private EmbeddedClusterHost host = null!;
    private Rest admin = null!;

    public async Task InitializeAsync()
    {
        host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), default);
        admin = Rest.Admin(host);
    }

    public async Task DisposeAsync()
    {
        Assert.Equal(200, (await admin.GetAsync("/readyz")).Code);
        admin.Dispose();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task A_json_patch_that_doubles_with_copy_is_refused_before_it_fills_memory()
    {
        await admin.MadeAsync(Maps, "{metadata: {name: a}, data: {x: \"0123456789\"}}");
        StringBuilder patch = new("[{\"op\":\"add\",\"path\":\"/data/y\",\"value\":[\"0123456789\"]}");
        for (int i = 0; i < 60; i++)
        {
            patch.Append(",{\"op\":\"copy\",\"from\":\"/data/y\",\"path\":\"/data/y/-\"}");
        }

        long before = GC.GetTotalAllocatedBytes();
        RestAnswer answer = await admin.SendAsync(HttpMethod.Patch, Maps + "/a", patch.Append(']').ToString(), "application/json-patch+json");
        Assert.True(answer.Code is 413 or 422, $"{answer.Code} {answer.Message}");
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 1_000_000_000);
    }

    [Fact]
    public async Task A_thousand_idle_watches_cost_little_memory_and_all_hear_of_a_change()
    {
        using HttpClient client = HostClients.Admin(host);
        GC.Collect();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        List<Stream> streams = [];
        for (int i = 0; i < 1000; i++)
        {
            HttpResponseMessage response = await client.GetAsync($"{Maps}?watch=1&resourceVersion=1&timeoutSeconds=120", HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            streams.Add(await response.Content.ReadAsStreamAsync());
        }

        // Client and server share this process; both sides of a watch stay under 100 kB.
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 100_000_000);
        await admin.MadeAsync(Maps, "{metadata: {name: a}}");
        byte[][] buffers = [.. streams.Select(_ => new byte[8])];
        Task all = Task.WhenAll(streams.Select((stream, i) => stream.ReadExactlyAsync(buffers[i]).AsTask()));
        await all.WaitAsync(TimeSpan.FromSeconds(20));
        streams.ForEach(stream => stream.Dispose());
    }

    [Fact]
    public async Task Watchers_that_stop_reading_hold_two_megabytes_each_at_most_and_hold_nobody_up()
    {
        await admin.MadeAsync(Maps, "{metadata: {name: big}}");
        await RewriteAsync(admin, 200);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        List<SslStream> stuck = await StuckWatchersAsync(host, 20);
        await RewriteAsync(admin, 200);

        // 2 GB wait to be read by 20 watchers. The log of changes was full before, so what is more now is theirs, on both ends.
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, stuck.Count * 2_000_000L);
        stuck.ForEach(stream => stream.Dispose());
    }

    [Fact]
    public async Task A_watcher_that_takes_nothing_for_a_minute_is_dropped()
    {
        await using EmbeddedClusterHost fast = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Time = new FasterTime(TimeProvider.System, 60) }, default);
        using Rest writer = Rest.Admin(fast);
        await writer.MadeAsync(Maps, "{metadata: {name: big}}");
        await using SslStream stuck = (await StuckWatchersAsync(fast, 1))[0];
        await RewriteAsync(writer, 60);
        await Task.Delay(TimeSpan.FromSeconds(3));

        // Read on: what the sockets held comes, and then the end, not the other megabytes.
        Assert.InRange(await ReadToEndAsync(stuck).WaitAsync(TimeSpan.FromSeconds(10)), 1, 60 * 500_000 / 2);
    }

    private static async Task<long> ReadToEndAsync(SslStream stream)
    {
        byte[] buffer = new byte[64 * 1024];
        long total = 0;
        try
        {
            for (int read; (read = await stream.ReadAsync(buffer)) > 0; total += read)
            {
            }
        }
        catch (IOException)
        {
            // Cut off.
        }

        return total;
    }

    private static async Task<List<SslStream>> StuckWatchersAsync(EmbeddedClusterHost host, int count)
    {
        List<SslStream> stuck = [];
        for (int i = 0; i < count; i++)
        {
            SslStream stream = await HostClients.RawAsync(host, asAdmin: true);
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {Maps}?watch=1 HTTP/1.1\r\nHost: x\r\n\r\n"));
            stuck.Add(stream);
        }

        await Task.Delay(500);
        return stuck;
    }

    /// <summary>Writes half a megabyte again and again.</summary>
    private static async Task RewriteAsync(Rest writer, int times)
    {
        string blob = new('x', 500_000);
        for (int i = 0; i < times; i++)
        {
            RestAnswer answer = await writer.MergeAsync(Maps + "/big", $"{{\"data\":{{\"x\":\"{i}{blob}\"}}}}");
            Assert.Equal(200, answer.Code);
        }
    }
}
