using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Text;
using Bowline.EmbeddedCluster.Hosting;

namespace Bowline.EmbeddedCluster.Tests.Hosting;

/// <summary>Requests that mean harm: each is answered with a clear refusal, in bounded time and memory, and the server goes on.</summary>
public sealed class HostileRequestTests : IAsyncLifetime
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

    [Theory]
    [InlineData("{")]
    [InlineData("{\"metadata\":{\"name\":\"a\"}")]
    [InlineData("{\"metadata\":{\"name\":\"a\"}} trailing")]
    [InlineData("[1,2")]
    [InlineData("\"text\"")]
    [InlineData("{\"metadata\":{\"name\":\"\\ud800\"}}")]
    [InlineData("{\"metadata\":{\"name\":7}}")]
    [InlineData("\u0000\u0001")]
    [InlineData("")]
    public async Task Malformed_json_is_a_bad_request(string body)
    {
        RestAnswer answer = await admin.SendAsync(HttpMethod.Post, Maps, body, "application/json");
        Assert.True(answer.Code is 400 or 422, $"{answer.Code} {answer.Message}");
        Assert.Equal("Failure", answer.Body["status"]!.AsString());
    }

    [Theory]
    [InlineData("application/yaml")]
    [InlineData("application/apply-patch+yaml")]
    public async Task Aliases_that_multiply_are_refused_quickly(string type)
    {
        StringBuilder bomb = new("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nx0: &x0 [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n");
        for (int i = 1; i < 12; i++)
        {
            bomb.Append(System.Globalization.CultureInfo.InvariantCulture, $"x{i}: &x{i} [{string.Join(',', Enumerable.Repeat($"*x{i - 1}", 9))}]\n");
        }

        Stopwatch watch = Stopwatch.StartNew();
        RestAnswer answer = await admin.SendAsync(type == "application/yaml" ? HttpMethod.Post : HttpMethod.Patch, type == "application/yaml" ? Maps : Maps + "/a?fieldManager=m", bomb.ToString(), type);
        Assert.Equal(400, answer.Code);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), watch.Elapsed.ToString());
    }

    [Fact]
    public async Task More_than_three_megabytes_are_too_large_with_a_length_and_without_one()
    {
        string body = $"{{\"metadata\":{{\"name\":\"a\"}},\"data\":{{\"x\":\"{new string('x', 3_200_000)}\"}}}}";
        RestAnswer sized = await admin.SendAsync(HttpMethod.Post, Maps, body, "application/json");
        Assert.Equal((413, "RequestEntityTooLarge"), (sized.Code, sized.Body["reason"]?.AsString()));
        using HttpClient client = HostClients.Admin(host);
        using HttpRequestMessage chunked = new(HttpMethod.Post, Maps) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes(body))) };
        chunked.Headers.TransferEncodingChunked = true;
        chunked.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using HttpResponseMessage refused = await client.SendAsync(chunked);
        Assert.Equal(413, (int)refused.StatusCode);
    }

    [Theory]
    [InlineData("application/json", "POST")]
    [InlineData("application/yaml", "POST")]
    [InlineData("application/json-patch+json", "PATCH")]
    [InlineData("application/merge-patch+json", "PATCH")]
    [InlineData("application/strategic-merge-patch+json", "PATCH")]
    [InlineData("application/apply-patch+yaml", "PATCH")]
    public async Task Depth_bombs_are_refused(string type, string method)
    {
        await admin.MadeAsync(Maps, "{metadata: {name: a}}");
        foreach (int depth in (int[])[1_000, 100_000])
        {
            string deep = $"{string.Concat(Enumerable.Repeat("{\"a\":", depth))}1{new string('}', depth)}";
            string body = type == "application/json-patch+json"
                ? $"[{{\"op\":\"add\",\"path\":\"/data\",\"value\":{deep}}}]"
                : $"{{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{{\"name\":\"a\"}},\"data\":{deep}}}";
            RestAnswer answer = await admin.SendAsync(new HttpMethod(method), method == "POST" ? Maps : Maps + "/a?fieldManager=m", body, type);
            Assert.True(answer.Code is 400 or 413 or 422, $"{depth}: {answer.Code} {answer.Message}");
        }
    }

    [Fact]
    public async Task A_huge_label_selector_costs_little_and_a_line_that_is_too_long_is_refused()
    {
        await admin.MadeAsync(Maps, "{metadata: {name: a, labels: {k1: v}}}");
        string terms = string.Join(',', Enumerable.Range(0, 500).Select(i => $"k{i}!=x"));
        Stopwatch watch = Stopwatch.StartNew();
        Assert.Equal(200, (await admin.GetAsync($"{Maps}?labelSelector={Uri.EscapeDataString(terms)}")).Code);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(3), watch.Elapsed.ToString());
        using HttpClient client = HostClients.Admin(host);
        using HttpRequestMessage request = new(HttpMethod.Get, $"{Maps}?labelSelector=a+in+({new string('x', 60_000)})") { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using HttpResponseMessage refused = await client.SendAsync(request);
        Assert.True((int)refused.StatusCode is 400 or 414 or 431, refused.StatusCode.ToString());
    }

    [Fact]
    public async Task A_client_that_drips_its_headers_or_its_body_is_cut_off()
    {
        using HttpClient client = HostClients.Admin(host);
        Stopwatch watch = Stopwatch.StartNew();
        await using SslStream headers = await HostClients.RawAsync(host);
        await headers.WriteAsync(Encoding.ASCII.GetBytes("GET /version HTTP/1.1\r\nHost: x\r\n"));
        await using SslStream body = await HostClients.RawAsync(host);
        await body.WriteAsync(Encoding.ASCII.GetBytes($"POST {Maps} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{"));
        string first = await DripAsync(headers, "X-A: b\r\n");
        string second = await DripAsync(body, " ");
        Assert.True(first.Length == 0 || first.Contains("408", StringComparison.Ordinal), first);
        Assert.True(second.Length == 0 || second.Contains("408", StringComparison.Ordinal) || second.Contains("403", StringComparison.Ordinal), second);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), watch.Elapsed.ToString());
    }

    [Fact]
    public async Task Paths_methods_and_headers_that_make_no_sense_are_refused()
    {
        foreach ((string method, string path) in new[] { ("PURGE", Maps), ("OPTIONS", Maps), ("GET", "/api/v1/namespaces/default/../../x"), ("GET", "/api/v1//pods"), ("GET", "/apis/%00/v1/x"), ("DELETE", "/api/v1"), ("POST", "/healthz"), ("GET", Maps + "?limit=x"), ("GET", Maps + "?continue=%FF"), ("GET", Maps + "?resourceVersion=-1"), ("GET", Maps + "?watch=1&timeoutSeconds=x") })
        {
            RestAnswer answer = await admin.SendAsync(new HttpMethod(method), path, null);
            Assert.True(answer.Code is >= 400 and <= 500 && !answer.Message.Contains("Exception", StringComparison.Ordinal), $"{method} {path}: {answer.Code} {answer.Message}");
        }
    }

    [Theory]
    [InlineData("/api/v1/namespaces/default/../../x", 404, "the server could not find the requested resource")]
    [InlineData("/api/v1/namespaces/default/configmaps/../configmaps/a", 404, "the server could not find the requested resource")]
    [InlineData("/api/v1/namespaces/default/configmaps/%2e%2e", 400, "may not be '..'")]
    [InlineData("/api/v1/namespaces/default/configmaps%2Fa", 200, "\"name\":\"a\"")]
    [InlineData("/api/v1/./namespaces", 404, "the server could not find the requested resource")]
    public async Task Segments_of_dots_are_names_like_others_and_lead_nowhere(string path, int code, string expected)
    {
        await admin.MadeAsync(Maps, "{metadata: {name: a}}");
        await using SslStream stream = await HostClients.RawAsync(host, asAdmin: true);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        string answer = await new StreamReader(stream).ReadToEndAsync();
        Assert.True(answer.StartsWith($"HTTP/1.1 {code} ", StringComparison.Ordinal), answer);
        Assert.Contains(expected, answer, StringComparison.Ordinal);
    }

    /// <summary>Sends a bit every second until the server answers or hangs up; what it answered.</summary>
    private static async Task<string> DripAsync(SslStream stream, string bit)
    {
        byte[] buffer = new byte[4096];
        Task<int> answer = stream.ReadAsync(buffer).AsTask();
        try
        {
            for (int i = 0; i < 40 && !answer.IsCompleted; i++)
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(bit));
                await Task.WhenAny(answer, Task.Delay(1000));
            }

            Assert.True(answer.IsCompleted, "the server still waits after 40 s");
            return Encoding.ASCII.GetString(buffer, 0, await answer);
        }
        catch (IOException)
        {
            return string.Empty;
        }
    }
}
