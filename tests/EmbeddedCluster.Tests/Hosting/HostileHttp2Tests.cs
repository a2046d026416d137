using System.Diagnostics;
using System.Text;
using Bowline.EmbeddedCluster.Hosting;

namespace Bowline.EmbeddedCluster.Tests.Hosting;

/// <summary>Clients of HTTP/2 that mean harm: each is cut off alone, in bounded time and memory.</summary>
[Collection("Alone")]
public sealed class HostileHttp2Tests
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";

    [Fact]
    public async Task A_client_that_drips_its_headers_or_its_body_is_cut_off()
    {
        await using EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), default);
        await using RawHttp2 headers = await RawHttp2.ConnectAsync(host);
        await using RawHttp2 body = await RawHttp2.ConnectAsync(host);
        await using RawHttp2 decent = await RawHttp2.ConnectAsync(host);
        await headers.SendAsync(RawHttp2.Headers, RawHttp2.EndStream, 1, RawHttp2.Request("GET", "/version"));
        await body.SendAsync(RawHttp2.Headers, RawHttp2.EndHeaders, 1, RawHttp2.Request("POST", Maps, ("content-type", "application/json"), ("content-length", "1000")));
        Stopwatch watch = Stopwatch.StartNew();
        Task headersCut = DripAsync(headers, () => headers.SendAsync(RawHttp2.Continuation, 0, 1, [0, 1, (byte)'x', 1, (byte)'y']), () => headers.Ended.IsCompleted);
        Task bodyCut = DripAsync(body, () => body.SendAsync(RawHttp2.Data, 0, 1, [(byte)' ']), () => body.Ended.IsCompleted || body.Came.Any(frame => frame.Stream == 1 && frame.Type is RawHttp2.Reset or RawHttp2.Headers));
        await decent.SendAsync(RawHttp2.Headers, RawHttp2.EndHeaders | RawHttp2.EndStream, 1, RawHttp2.Request("GET", "/version"));
        Assert.True(await decent.SeesAsync(RawHttp2.Data, 1, TimeSpan.FromSeconds(5)));
        await Task.WhenAll(headersCut, bodyCut);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), watch.Elapsed.ToString());
    }

    [Fact]
    public async Task Watchers_that_open_no_window_are_dropped_and_the_streams_beside_them_go_on()
    {
        const int Stuck = 20;
        await using EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Time = new FasterTime(TimeProvider.System, 60) }, default);
        using Rest writer = Rest.Admin(host);
        await writer.MadeAsync(Maps, "{metadata: {name: big}}");
        await RewriteAsync(writer, 60);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        await using RawHttp2 client = await RawHttp2.ConnectAsync(host);
        for (int i = 0; i < Stuck; i++)
        {
            await client.SendAsync(RawHttp2.Headers, RawHttp2.EndHeaders | RawHttp2.EndStream, (2 * i) + 1, RawHttp2.Request("GET", Maps + "?watch=1"));
            Assert.True(await client.SeesAsync(RawHttp2.Headers, (2 * i) + 1, TimeSpan.FromSeconds(5)));
        }

        await RewriteAsync(writer, 60);

        // The server's own history may have grown by the 30 MB that were written; a copy of each for each watch would be 600.
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 30_000_000 + (Stuck * 2_000_000L));
        for (int i = 0; i < Stuck; i++)
        {
            Assert.True(await client.SeesAsync(RawHttp2.Reset, (2 * i) + 1, TimeSpan.FromSeconds(20)), $"watch {i} is not dropped");
        }

        int next = (2 * Stuck) + 1;
        await client.SendAsync(RawHttp2.Headers, RawHttp2.EndHeaders | RawHttp2.EndStream, next, RawHttp2.Request("GET", "/version"));
        Assert.True(await client.SeesAsync(RawHttp2.Data, next, TimeSpan.FromSeconds(5)));
        Assert.All(Enumerable.Range(0, Stuck), i => Assert.InRange(client.Came.Where(frame => frame.Type == RawHttp2.Data && frame.Stream == (2 * i) + 1).Sum(frame => frame.Length), 0, 65_535));
    }

    [Fact]
    public async Task A_reader_that_leaves_a_large_compressed_list_unread_is_dropped()
    {
        await using EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Time = new FasterTime(TimeProvider.System, 60) }, default);
        using Rest writer = Rest.Admin(host);
        for (int i = 0; i < 4; i++)
        {
            await writer.MadeAsync(Maps, $"{{\"metadata\":{{\"name\":\"noise-{i}\"}},\"data\":{{\"x\":\"{Noise(i, 700_000)}\"}}}}");
        }

        await using RawHttp2 client = await RawHttp2.ConnectAsync(host);
        await client.SendAsync(RawHttp2.Headers, RawHttp2.EndHeaders | RawHttp2.EndStream, 1, RawHttp2.Request("GET", Maps, ("accept-encoding", "gzip")));
        Assert.True(await client.SeesAsync(RawHttp2.Headers, 1, TimeSpan.FromSeconds(5)));
        Assert.True(await client.SeesAsync(RawHttp2.Reset, 1, TimeSpan.FromSeconds(20)));
    }

    private static string Noise(int seed, int length)
    {
        Random random = new(seed);
        return string.Create(length, random, static (text, random) =>
        {
            for (int i = 0; i < text.Length; i++)
            {
                text[i] = (char)('!' + 2 + random.Next(56));
            }
        }).Replace('\\', 'x');
    }

    private static async Task RewriteAsync(Rest writer, int times)
    {
        string text = new('x', 500_000);
        for (int i = 0; i < times; i++)
        {
            Assert.Equal(200, (await writer.MergeAsync(Maps + "/big", $"{{\"data\":{{\"x\":\"{text}{i}\"}}}}")).Code);
        }
    }

    /// <summary>Sends a bit every second until the server has enough.</summary>
    private static async Task DripAsync(RawHttp2 client, Func<Task> bit, Func<bool> isCut)
    {
        for (int i = 0; i < 50 && !isCut(); i++)
        {
            try
            {
                await bit();
            }
            catch (IOException)
            {
                return;
            }

            await Task.WhenAny(client.Ended, Task.Delay(1000));
        }

        Assert.True(isCut(), "the server still waits");
    }
}
