using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Bowline.Cluster.Http;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.Cluster.Watching;
using Bowline.Resources.Model;
using Microsoft.AspNetCore.Http;

namespace Bowline.Cluster.Tests.Http;

public sealed class HttpClusterTests : IAsyncLifetime
{
    private static readonly KindInfo ConfigMaps = new(new ResourceKind("", "v1", "ConfigMap"), "configmaps", true);

    private TestApi api = null!;
    private HttpCluster cluster = null!;

    public async Task InitializeAsync()
    {
        api = await TestApi.StartAsync();
        cluster = api.Connect();
    }

    public async Task DisposeAsync()
    {
        cluster.Dispose();
        await api.DisposeAsync();
    }

    [Fact]
    public async Task Objects_are_applied_read_and_deleted()
    {
        MapNode applied = await cluster.ApplyAsync(Key("a"), Body("1"), new WriteOptions { FieldManager = "me/x", Force = true, DryRun = true, FieldValidation = "Strict" }, default);
        Assert.NotNull(applied.At("metadata", "resourceVersion"));
        Assert.Equal(
            "PATCH /api/v1/namespaces/ns/configmaps/a?fieldManager=me%2Fx&force=true&dryRun=All&fieldValidation=Strict application/apply-patch+yaml",
            api.Requests.Single());
        Assert.StartsWith("HTTP/2", api.Headers.Single());
        Assert.Equal("1", (await cluster.GetAsync(Key("a"), default))!.At("data", "value")!.AsString());
        Assert.Null(await cluster.GetAsync(Key("b"), default));
        Assert.True(await cluster.DeleteAsync(Key("a"), DeleteOptions.Background, default));
        Assert.False(await cluster.DeleteAsync(Key("a"), DeleteOptions.Background, default));
        await cluster.UpdateAsync(Key("a") with { Subresource = "status" }, Body("2"), new WriteOptions(), default);
        await cluster.PatchAsync(Key("a"), PatchKind.Merge, Body("2"), new WriteOptions { FieldManager = "" }, default);
        Assert.Equal(
            ["PUT /api/v1/namespaces/ns/configmaps/a/status?fieldManager=bowline application/json", "PATCH /api/v1/namespaces/ns/configmaps/a application/merge-patch+json"],
            api.Requests.TakeLast(2));
    }

    [Fact]
    public async Task No_more_requests_are_sent_than_the_rate_lets_through()
    {
        using HttpCluster limited = api.Connect(options: HttpClusterOptions.Default with { RequestsPerSecond = 50, Burst = 5 });
        Stopwatch watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => limited.GetAsync(Key("a"), default)));
        Assert.True(watch.ElapsedMilliseconds >= 280, $"{watch.ElapsedMilliseconds} ms");
    }

    [Theory]
    [InlineData("../../secrets/x")]
    [InlineData("..")]
    [InlineData("a?b")]
    [InlineData("")]
    public async Task A_name_that_climbs_in_the_path_is_refused(string name)
    {
        await Assert.ThrowsAsync<ClusterException>(() => cluster.GetAsync(Key(name), default));
        Assert.Empty(api.Requests);
    }

    [Fact]
    public async Task A_list_is_read_page_by_page_and_its_items_know_their_kind()
    {
        for (int i = 0; i < 25; i++)
        {
            api.Put($"n{i:00}", "v");
        }

        ObjectList list = await cluster.ListAsync(ConfigMaps, "", new ListOptions { PageSize = 10, LabelSelector = "a in (b,c)" }, default);
        Assert.Equal(25, list.Items.Count);
        Assert.Equal("ConfigMap", list.Items[24]["kind"]!.AsString());
        Assert.Equal("v1", list.Items[0]["apiVersion"]!.AsString());
        Assert.Equal(3, api.Requests.Count);
        Assert.Contains("labelSelector=a%20in%20%28b%2Cc%29", api.Requests.First());
    }

    [Fact]
    public async Task Pages_that_expire_are_read_as_one()
    {
        for (int i = 0; i < 25; i++)
        {
            api.Put($"n{i:00}", "v");
        }

        api.Before = async context =>
        {
            bool second = context.Request.Query.ContainsKey("continue");
            if (second)
            {
                await TestApi.AnswerAsync(context, 410, TestApi.Status(410, "Expired", "too old"));
            }

            return second;
        };
        Assert.Equal(25, (await cluster.ListAsync(ConfigMaps, "", new ListOptions { PageSize = 10 }, default)).Items.Count);
    }

    [Fact]
    public async Task A_watch_streams_changes_and_ends_with_the_stream()
    {
        List<string> seen = [];
        Task watching = Task.Run(async () =>
        {
            await foreach (WatchEvent change in cluster.WatchAsync(ConfigMaps, "ns", new WatchOptions { ResourceVersion = "1" }, default))
            {
                seen.Add($"{change.Type} {change.Object.At("metadata", "name")?.AsString()}");
            }
        });
        await Eventually.True(() => api.Requests.Count == 1);
        await Task.Delay(50, CancellationToken.None);
        api.Put("a", new string('ü', 100_000));
        api.Put("a", "2");
        await Eventually.True(() => seen.Count == 2);
        api.EndWatches("""{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}""");
        await watching.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(["Added a", "Modified a", "Bookmark "], seen);
    }

    [Fact]
    public async Task A_watch_hands_back_what_is_held_in_that_very_version_and_decodes_all_else()
    {
        MapNode held = new() { ["metadata"] = new MapNode { ["name"] = "a", ["namespace"] = "ns", ["uid"] = "u", ["resourceVersion"] = "7" } };
        static string Event(string type, string metadata, string before = "'kind': 'ConfigMap', ") => $"{{'type': '{type}', 'object': {{{before}'metadata': {{{metadata}}}}}}}".Replace('\'', '"');
        const string Same = "'name': 'a', 'namespace': 'ns', 'uid': 'u', 'resourceVersion': '7'";
        string[] events =
        [
            Event("ADDED", Same),
            Event("MODIFIED", @"'annotations': {'n': {'name': 'x'}}, 'name': '\u0061', 'namespace': 'ns', 'resourceVersion': '7', 'uid': 'u'"),
            Event("DELETED", Same),
            Event("ADDED", Same, before: "'data': {}, "),
            Event("MODIFIED", Same.Replace("7", "8", StringComparison.Ordinal)),
            Event("MODIFIED", Same.Replace("'u'", "'another'", StringComparison.Ordinal)),
            Event("MODIFIED", Same.Replace("'a'", "'b'", StringComparison.Ordinal)),
            Event("MODIFIED", Same.Replace("'namespace': 'ns', ", string.Empty, StringComparison.Ordinal)),
            Event("MODIFIED", Same.Replace("'a'", @"'\ud800'", StringComparison.Ordinal)),
        ];
        List<(WatchEventType Type, bool Held)> seen = [];
        WatchOptions options = new() { Held = (home, name) => (home, name) == ("ns", "a") ? held : null };
        Task watching = Task.Run(async () =>
        {
            await foreach (WatchEvent change in cluster.WatchAsync(ConfigMaps, "ns", options, default))
            {
                seen.Add((change.Type, ReferenceEquals(change.Object, held)));
            }
        });
        await Eventually.True(() => api.Requests.Count == 1);
        await Task.Delay(50, CancellationToken.None);
        api.EndWatches(string.Join('\n', events));
        await watching.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(
            [(WatchEventType.Added, true), (WatchEventType.Modified, true), (WatchEventType.Deleted, false), (WatchEventType.Added, false), .. Enumerable.Repeat((WatchEventType.Modified, false), 5)],
            seen);
    }

    [Fact]
    public async Task An_error_event_surfaces_with_its_reason()
    {
        Task<ClusterException> watching = Assert.ThrowsAsync<ClusterException>(async () =>
        {
            await foreach (WatchEvent change in cluster.WatchAsync(ConfigMaps, "", new WatchOptions { ResourceVersion = "1" }, default))
            {
            }
        });
        await Eventually.True(() => api.Requests.Count == 1);
        await Task.Delay(50, CancellationToken.None);
        api.EndWatches($$"""{"type":"ERROR","object":{{TestApi.Status(410, "Expired", "too old resource version: 1 (2)")}}}""" + "\n");
        ClusterException error = await watching.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal((410, "Expired"), (error.Status, error.Reason));
    }

    [Fact]
    public async Task A_watch_can_be_cancelled()
    {
        using CancellationTokenSource stop = new();
        Task watching = Task.Run(async () =>
        {
            await foreach (WatchEvent change in cluster.WatchAsync(ConfigMaps, "", new WatchOptions(), stop.Token))
            {
            }
        });
        await Eventually.True(() => api.Requests.Count == 1);
        await Task.Delay(50, CancellationToken.None);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching.WaitAsync(TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task A_cache_follows_over_the_wire_through_ends_and_forgotten_versions()
    {
        await using ClusterCache cache = new(cluster, TimeProvider.System);
        api.Put("a", "1");
        await cache.WaitForSyncAsync(ConfigMaps, "", default);
        for (int i = 0; i < 3; i++)
        {
            int requests = api.Requests.Count;
            api.EndWatches(i == 1 ? $$"""{"type":"ERROR","object":{{TestApi.Status(410, "Expired", "x")}}}""" + "\n" : null);
            api.Put("a", $"round {i}");
            await Eventually.True(() => api.Requests.Count > requests);
            await Task.Delay(100, CancellationToken.None);
            api.Put("b", $"round {i}");
            await Eventually.True(() => cache.Get(new ResourceId("", "ConfigMap", "ns", "b"))?.At("data", "value")?.AsString() == $"round {i}");
        }
    }

    [Fact]
    public async Task A_thousand_objects_are_applied_in_parallel_quickly()
    {
        await cluster.ApplyAsync(Key("warm"), Body("up"), new WriteOptions(), default);
        long began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => cluster.ApplyAsync(Key($"n{i}"), Body("v"), new WriteOptions { Force = true }, default)));
        TimeSpan took = Stopwatch.GetElapsedTime(began);
        Assert.True(took < TimeSpan.FromSeconds(10), $"took {took}");
        Console.WriteLine($"1000 applies over HTTPS: {took.TotalMilliseconds:0} ms");
    }

    [Fact]
    public async Task A_refusal_carries_reason_message_and_details()
    {
        api.Before = async context =>
        {
            await TestApi.AnswerAsync(context, 409, """{"kind":"Status","message":"Apply failed with 1 conflict","reason":"Conflict","code":409,"details":{"causes":[{"field":".data.value"}]}}""");
            return true;
        };
        ClusterException error = await Assert.ThrowsAsync<ClusterException>(() => cluster.ApplyAsync(Key("a"), Body("1"), new WriteOptions(), default));
        Assert.True(error.IsConflict);
        Assert.Equal("Apply failed with 1 conflict", error.Message);
        Assert.Equal(".data.value", error.Details!["causes"]!.AsList()![0]["field"]!.AsString());
    }

    [Fact]
    public async Task An_answer_from_a_proxy_in_between_is_quoted_briefly()
    {
        api.Before = async context =>
        {
            await TestApi.AnswerAsync(context, 502, "<html>\n" + new string('x', 1_000_000), "text/html");
            return true;
        };
        ClusterException error = await Assert.ThrowsAsync<ClusterException>(() => cluster.GetAsync(Key("a"), default));
        Assert.Equal(502, error.Status);
        Assert.InRange(error.Message.Length, 10, 400);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData(429, true, 3)]
    [InlineData(503, true, 3)]
    [InlineData(429, false, 1)]
    public async Task Requests_turned_away_for_now_are_repeated_when_the_server_says_so(int status, bool retryAfter, int expected)
    {
        int asked = 0;
        api.Before = async context =>
        {
            if (++asked > 2)
            {
                return false;
            }

            if (retryAfter)
            {
                context.Response.Headers.RetryAfter = "0";
            }

            await TestApi.AnswerAsync(context, status, TestApi.Status(status, "TooManyRequests", "later"));
            return true;
        };
        Task<MapNode> create = cluster.CreateAsync(ConfigMaps, "ns", (MapNode)Body("1"), new WriteOptions(), default);
        ClusterException? error = await Record.ExceptionAsync(() => create) as ClusterException;
        Assert.Equal(expected == 1, error is not null);
        Assert.Equal(expected, asked);
    }

    [Fact]
    public async Task Reading_is_repeated_after_a_lost_connection_and_creating_is_not()
    {
        int asked = 0;
        api.Before = context =>
        {
            if (++asked % 2 == 1)
            {
                context.Abort();
                return Task.FromResult(true);
            }

            return Task.FromResult(false);
        };
        api.Put("a", "1");
        Assert.NotNull(await cluster.GetAsync(Key("a"), default));
        ClusterException error = await Assert.ThrowsAsync<ClusterException>(() => cluster.CreateAsync(ConfigMaps, "ns", Body("1"), new WriteOptions(), default));
        Assert.Equal("Unreachable", error.Reason);
        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task A_huge_answer_is_refused()
    {
        using HttpCluster small = api.Connect(options: new HttpClusterOptions { MaxResponseBytes = 100_000 });
        api.Before = async context =>
        {
            byte[] block = Encoding.UTF8.GetBytes(new string(' ', 65536));
            for (int i = 0; i < 10_000 && !context.RequestAborted.IsCancellationRequested; i++)
            {
                await context.Response.Body.WriteAsync(block, context.RequestAborted);
            }

            return true;
        };
        Assert.Equal("ResponseTooLarge", (await Assert.ThrowsAsync<ClusterException>(() => small.GetAsync(Key("a"), default))).Reason);
        Assert.Equal("ResponseTooLarge", (await Assert.ThrowsAsync<ClusterException>(async () =>
        {
            await foreach (WatchEvent change in small.WatchAsync(ConfigMaps, "", new WatchOptions(), default))
            {
            }
        })).Reason);
    }

    [Fact]
    public async Task What_is_not_JSON_or_too_deep_is_refused()
    {
        string body = "{\"a\":";
        api.Before = async context =>
        {
            await TestApi.AnswerAsync(context, 200, body);
            return true;
        };
        Assert.Equal("InvalidResponse", (await Assert.ThrowsAsync<ClusterException>(() => cluster.GetAsync(Key("a"), default))).Reason);
        body = new string('[', 1_000_000);
        Assert.Equal("InvalidResponse", (await Assert.ThrowsAsync<ClusterException>(() => cluster.GetAsync(Key("a"), default))).Reason);
    }

    [Fact]
    public async Task A_server_that_never_answers_is_given_up()
    {
        using HttpCluster hasty = api.Connect(options: new HttpClusterOptions { RequestTimeout = TimeSpan.FromMilliseconds(200) });
        api.Before = async context =>
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
            return true;
        };
        Assert.Equal("Timeout", (await Assert.ThrowsAsync<ClusterException>(() => hasty.GetAsync(Key("a"), default))).Reason);
    }

    [Fact]
    public async Task A_dead_port_gives_a_clear_error_soon()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        using HttpCluster dead = new(new ClusterConnection("gone", new Uri($"https://127.0.0.1:{port}")), TimeProvider.System);
        long began = Stopwatch.GetTimestamp();
        ClusterException error = await Assert.ThrowsAsync<ClusterException>(() => dead.DiscoverAsync(default));
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(3));
        Assert.Equal("Unreachable", error.Reason);
        Assert.Contains($"127.0.0.1:{port}", error.Message);
        Assert.Contains("connection refused", error.Message);
    }

    [Fact]
    public async Task A_host_that_swallows_packets_gives_a_clear_error_within_the_connect_timeout()
    {
        using TcpListener full = new(IPAddress.Loopback, 0);
        full.Start(1);
        // Nobody accepts: the handshake of TLS never comes.
        using HttpCluster silent = new(
            new ClusterConnection("silent", new Uri($"https://127.0.0.1:{((IPEndPoint)full.LocalEndpoint).Port}")),
            TimeProvider.System,
            new HttpClusterOptions { ConnectTimeout = TimeSpan.FromSeconds(1) });
        ClusterException error = await Assert.ThrowsAsync<ClusterException>(() => silent.GetAsync(Key("a"), default)).WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Equal("Unreachable", error.Reason);
        Assert.Contains("in time", error.Message);
    }

    private static ObjectKey Key(string name) => new(ConfigMaps, "ns", name);

    private static MapNode Body(string value) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = new MapNode { ["name"] = "a" },
        ["data"] = new MapNode { ["value"] = value },
    };
}
