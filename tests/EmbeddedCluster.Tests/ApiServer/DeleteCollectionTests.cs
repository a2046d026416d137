using System.Diagnostics;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tests.ApiServer;

/// <summary>Many objects deleted by one request.</summary>
public sealed class DeleteCollectionTests : IAsyncLifetime
{
    private const string Secrets = "/api/v1/namespaces/default/secrets";
    private readonly string directory = Directory.CreateTempSubdirectory("bowline-").FullName;
    private EmbeddedClusterHost host = null!;
    private Rest admin = null!;

    public async Task InitializeAsync()
    {
        host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { StateDirectory = directory }, default);
        admin = Rest.Admin(host);
    }

    public async Task DisposeAsync()
    {
        admin.Dispose();
        await host.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task They_go_in_the_order_of_the_list_and_their_writes_wait_for_the_disk_together()
    {
        const int Count = 1500;
        Stopwatch watch = Stopwatch.StartNew();
        await Parallel.ForEachAsync(Enumerable.Range(0, Count), new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, _) => await admin.MadeAsync(Secrets, $"{{metadata: {{name: m{i:D4}}}}}"));
        TimeSpan made = watch.Elapsed;
        string since = (await admin.GetAsync($"{Secrets}?limit=1")).Body.At("metadata", "resourceVersion")!.AsString()!;
        watch.Restart();
        RestAnswer answer = await admin.DeleteAsync(Secrets);
        Assert.True(watch.Elapsed < made * 2, $"{watch.Elapsed} for what 32 clients made in {made}");
        Assert.Equal((200, Count), (answer.Code, answer.Body["items"]!.AsList()!.Count));
        using HttpClient client = HostClients.Admin(host);
        string events = await client.GetStringAsync($"{Secrets}?watch=1&timeoutSeconds=1&resourceVersion={since}");
        string[] gone = [.. events.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.StartsWith("{\"type\":\"DELETED\"", StringComparison.Ordinal)).Select(Name)];
        Assert.Equal(Enumerable.Range(0, Count).Select(i => $"m{i:D4}"), gone);
        admin.Dispose();
        await host.DisposeAsync();
        await InitializeAsync();
        Assert.Empty((await admin.GetAsync(Secrets)).Body["items"]!.AsList()!);
    }

    [Fact]
    public async Task A_page_a_selector_and_a_dry_run_leave_the_rest()
    {
        foreach (string name in (string[])["a", "b", "c", "d"])
        {
            await admin.MadeAsync(Secrets, $"{{metadata: {{name: {name}, labels: {{x: '{(name is "d" ? 2 : 1)}'}}, finalizers: [{(name == "b" ? "example.com/f" : string.Empty)}]}}}}");
        }

        Assert.Equal(200, (await admin.SendAsync(HttpMethod.Delete, Secrets, "{dryRun: [All]}")).Code);
        Assert.Equal(422, (await admin.SendAsync(HttpMethod.Delete, Secrets, "{dryRun: [Some]}")).Code);
        Assert.Equal("a b c d", await NamesAsync());
        RestAnswer page = await admin.DeleteAsync($"{Secrets}?labelSelector=x%3D1&limit=2");
        Assert.NotNull(page.Body.At("metadata", "continue"));
        Assert.Equal("b- c d", await NamesAsync());
        await admin.SendAsync(HttpMethod.Delete, $"{Secrets}?labelSelector=x%3D1", "{propagationPolicy: Foreground}");
        Assert.Equal("b- c- d", await NamesAsync());
        Assert.Equal("foregroundDeletion", (await admin.GetAsync($"{Secrets}/c")).Body.At("metadata", "finalizers")!.AsList()![0].AsString());
    }

    [Fact]
    public async Task The_first_refusal_ends_it_and_is_answered()
    {
        string uid = string.Empty;
        foreach (string name in (string[])["a", "b", "c"])
        {
            MapNode made = await admin.MadeAsync(Secrets, $"{{metadata: {{name: {name}}}}}");
            uid = name == "a" ? made.At("metadata", "uid")!.AsString()! : uid;
        }

        RestAnswer refused = await admin.SendAsync(HttpMethod.Delete, Secrets, $"{{preconditions: {{uid: {uid}}}}}");
        Assert.Equal((409, "Conflict"), (refused.Code, refused.Body["reason"]!.AsString()));
        Assert.Equal("b c", await NamesAsync());
    }

    private static string Name(string line) => line.Split("\"name\":\"")[1].Split('"')[0];

    private async Task<string> NamesAsync() =>
        string.Join(' ', (await admin.GetAsync(Secrets)).Body["items"]!.AsList()!.Select(item => item.At("metadata", "name")!.AsString() + (item.At("metadata", "deletionTimestamp") is null ? string.Empty : "-")));
}
