using System.Net.Http.Headers;
using System.Text;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.EmbeddedCluster.Tests;

/// <summary>An answer of the API server.</summary>
internal sealed record RestAnswer(int Code, MapNode Body, IReadOnlyList<string> Warnings)
{
    public string Message => Body["message"]?.AsString() ?? string.Empty;
}

/// <summary>Plain requests to a host, as curl would send them; bodies are YAML or JSON.</summary>
internal sealed class Rest(EmbeddedClusterHost host, HttpClient client) : IDisposable
{
    public EmbeddedClusterHost Host => host;

    public static Rest Admin(EmbeddedClusterHost host) => new(host, HostClients.Admin(host));

    public static Rest Anonymous(EmbeddedClusterHost host) => new(host, HostClients.Anonymous(host));

    public static Rest Bearer(EmbeddedClusterHost host, string token)
    {
        HttpClient client = HostClients.Anonymous(host);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return new Rest(host, client);
    }

    /// <summary>The administrator acting as someone else.</summary>
    public static Rest As(EmbeddedClusterHost host, string user, params string[] groups)
    {
        HttpClient client = HostClients.Admin(host);
        client.DefaultRequestHeaders.Add("Impersonate-User", user);
        foreach (string group in groups)
        {
            client.DefaultRequestHeaders.Add("Impersonate-Group", group);
        }

        return new Rest(host, client);
    }

    public Task<RestAnswer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    public Task<RestAnswer> PostAsync(string path, string yaml) => SendAsync(HttpMethod.Post, path, yaml);

    public Task<RestAnswer> PutAsync(string path, string yaml) => SendAsync(HttpMethod.Put, path, yaml);

    public Task<RestAnswer> MergeAsync(string path, string json) => SendAsync(HttpMethod.Patch, path, json, "application/merge-patch+json");

    public Task<RestAnswer> ApplyAsync(string path, string yaml) => SendAsync(HttpMethod.Patch, path, yaml, "application/apply-patch+yaml");

    public Task<RestAnswer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null);

    /// <summary>Creates, and insists on success.</summary>
    public async Task<MapNode> MadeAsync(string path, string yaml)
    {
        RestAnswer answer = await PostAsync(path, yaml);
        Assert.True(answer.Code == 201, $"{answer.Code} {answer.Message}");
        return answer.Body;
    }

    public async Task<RestAnswer> SendAsync(HttpMethod method, string path, string? text, string? type = null, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(method, path);
        if (text is not null)
        {
            byte[] body = type is null ? JsonWriter.ToBytes(YamlReader.Read(text)) : Encoding.UTF8.GetBytes(text);
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(type ?? "application/json");
        }

        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using HttpResponseMessage response = await client.SendAsync(request);
        byte[] bytes = await response.Content.ReadAsByteArrayAsync();
        string[] warnings = response.Headers.TryGetValues("Warning", out IEnumerable<string>? found) ? [.. found] : [];
        MapNode node = response.Content.Headers.ContentType?.MediaType == "application/json" ? JsonReader.Read(bytes) as MapNode ?? [] : new MapNode { ["message"] = Encoding.UTF8.GetString(bytes) };
        return new RestAnswer((int)response.StatusCode, node, warnings);
    }

    public void Dispose() => client.Dispose();
}
