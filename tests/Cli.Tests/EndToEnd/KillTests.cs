using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>The real process, killed a hundred times while 16 connections write.</summary>
public sealed class KillTests
{
    private const int Kills = 100;
    private const int Writers = 16;
    private const string Maps = "/api/v1/namespaces/default/configmaps";

    [Fact]
    public async Task Every_acknowledged_write_survives_kill_9_and_no_revision_is_given_out_twice()
    {
        using Scratch scratch = new();
        string state = Path.Combine(scratch.Root, "state");
        ConcurrentDictionary<string, string> expected = new();
        ConcurrentDictionary<string, byte> doubtful = new();
        ConcurrentDictionary<string, string> revisions = new();
        for (int kill = 0; kill <= Kills; kill++)
        {
            await using Bowline cluster = Bowline.Start(scratch.Home, "cluster", "start", "--port", "0", "-o", "json", "--no-controllers", "--state", state);
            Node ready = await ClusterTests.ReadyAsync(cluster);
            ClusterConnection connection = KubeContexts.Read([ready["kubeconfig"]!.AsString()!]).Connection(null);
            using HttpClient client = ClusterTests.TlsClient(connection);
            await VerifyAsync(client, expected, doubtful, kill);
            if (kill == Kills)
            {
                break;
            }

            using CancellationTokenSource stop = new();
            Task[] writers = [.. Enumerable.Range(0, Writers).Select(writer => WriteAsync(client, $"k{kill}-{writer}", expected, doubtful, revisions, stop.Token))];
            await Task.Delay(TimeSpan.FromMilliseconds(20 + (kill * 7 % 120)));
            Process.GetProcessById((int)ready["pid"]!.AsInteger()!).Kill();
            await cluster.WaitAsync(TimeSpan.FromSeconds(20));
            await stop.CancelAsync();
            await Task.WhenAll(writers);
        }

        Assert.True(expected.Count > Kills, $"only {expected.Count} writes were acknowledged");
    }

    /// <summary>Creates, changes and deletes until the server is gone; what was under way then may have happened or not.</summary>
    private static async Task WriteAsync(HttpClient client, string prefix, ConcurrentDictionary<string, string> expected, ConcurrentDictionary<string, byte> doubtful, ConcurrentDictionary<string, string> revisions, CancellationToken cancellationToken)
    {
        for (int i = 0; !cancellationToken.IsCancellationRequested; i++)
        {
            string name = $"{prefix}-{i}";
            foreach ((HttpMethod method, string path, string? body) in new (HttpMethod, string, string?)[]
            {
                (HttpMethod.Post, Maps, $"{{\"metadata\":{{\"name\":\"{name}\"}},\"data\":{{\"v\":\"1\"}}}}"),
                (HttpMethod.Put, $"{Maps}/{name}", $"{{\"metadata\":{{\"name\":\"{name}\"}},\"data\":{{\"v\":\"2\"}}}}"),
                (HttpMethod.Delete, $"{Maps}/{name}", null),
            })
            {
                if (method == HttpMethod.Delete && i % 3 != 0)
                {
                    continue;
                }

                doubtful[name] = 0;
                try
                {
                    using HttpRequestMessage request = new(method, path);
                    if (body is not null)
                    {
                        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
                        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                    }

                    using HttpResponseMessage response = await client.SendAsync(request, cancellationToken);
                    byte[] answer = await response.Content.ReadAsByteArrayAsync(cancellationToken);
                    Assert.True(response.IsSuccessStatusCode, Encoding.UTF8.GetString(answer));
                    Note(method, name, JsonReader.Read(answer), expected, revisions);
                    doubtful.TryRemove(name, out _);
                }
                catch (Exception gone) when (gone is HttpRequestException or IOException or OperationCanceledException or System.Text.Json.JsonException)
                {
                    return;
                }
            }
        }
    }

    private static void Note(HttpMethod method, string name, Node answer, ConcurrentDictionary<string, string> expected, ConcurrentDictionary<string, string> revisions)
    {
        if (method == HttpMethod.Delete)
        {
            expected[name] = string.Empty;
            return;
        }

        string revision = answer.At("metadata", "resourceVersion")!.AsString()!;
        Assert.True(revisions.TryAdd(revision, name), $"revision {revision} of {name} was given to {revisions[revision]} before");
        expected[name] = answer.At("data", "v")!.AsString()!;
    }

    private static async Task VerifyAsync(HttpClient client, ConcurrentDictionary<string, string> expected, ConcurrentDictionary<string, byte> doubtful, int kill)
    {
        byte[] list = await client.GetByteArrayAsync(Maps);
        Dictionary<string, string> found = [];
        foreach (Node item in JsonReader.Read(list)["items"]!.AsList()!)
        {
            Assert.True(found.TryAdd(item.At("metadata", "name")!.AsString()!, item.At("data", "v")?.AsString() ?? string.Empty), "an object is there twice");
        }

        foreach ((string name, string value) in expected.Where(pair => !doubtful.ContainsKey(pair.Key)))
        {
            Assert.True(found.GetValueOrDefault(name, string.Empty) == value, $"after kill {kill}: {name} is '{found.GetValueOrDefault(name)}' and was acknowledged as '{value}'");
        }
    }
}
