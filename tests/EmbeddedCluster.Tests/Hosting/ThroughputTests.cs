using System.Diagnostics;
using System.Net;
using System.Text;
using Bowline.EmbeddedCluster.Hosting;

namespace Bowline.EmbeddedCluster.Tests.Hosting;

public sealed class ThroughputTests
{
    [Fact]
    public async Task A_thousand_config_maps_are_applied_over_https_in_a_few_seconds()
    {
        string directory = Directory.CreateTempSubdirectory("bowline-throughput").FullName;
        await using EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { StateDirectory = directory }, default);
        using HttpClient client = HostClients.Admin(host);
        await Apply(client, "warm", 100);
        Stopwatch watch = Stopwatch.StartNew();
        await Apply(client, "c", 1000);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{watch.ElapsedMilliseconds} ms");
        await File.WriteAllTextAsync(Path.Combine(AppContext.BaseDirectory, "throughput.txt"), $"{watch.ElapsedMilliseconds} ms for 1000 applies");
    }

    private static Task Apply(HttpClient client, string prefix, int count) =>
        Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, cancellation) =>
        {
            string body = $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{prefix}}}{{{i}}}"},"data":{"a":"1","b":"two","c":"three"}}""";
            using StringContent content = new(body, Encoding.UTF8);
            content.Headers.ContentType = new("application/apply-patch+yaml");
            using HttpResponseMessage response = await client.PatchAsync($"/api/v1/namespaces/default/configmaps/{prefix}{i}?fieldManager=test", content, cancellation);
            Assert.True(response.StatusCode == HttpStatusCode.Created, await response.Content.ReadAsStringAsync(cancellation));
        });
}
