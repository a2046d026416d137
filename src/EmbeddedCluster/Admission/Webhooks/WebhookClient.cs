using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Bowline.EmbeddedCluster.Services;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Webhooks;

/// <summary>
/// Posts reviews over HTTPS. Redirects are not followed, answers are bounded, and the webhook's timeout covers everything from the first byte to the last.
/// </summary>
internal sealed class WebhookClient(WebhookSettings settings) : IDisposable
{
    private readonly ServiceConnections connections = new();

    /// <exception cref="WebhookCallException">In the words of kube-apiserver.</exception>
    public async Task<MapNode> PostAsync(Webhook hook, WebhookAddress address, MapNode question, CancellationToken cancellationToken)
    {
        string query = $"timeout={(int)hook.Timeout.TotalSeconds}s";
        Uri url = new(address.Url + (address.Url.Query.Length > 0 ? "&" : "?") + query);
        using CancellationTokenSource deadline = new(hook.Timeout, settings.Time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            using ByteArrayContent content = new(JsonWriter.ToBytes(question));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using HttpRequestMessage request = new(HttpMethod.Post, url) { Content = content, Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
            request.Headers.Accept.ParseAdd("application/json, */*");
            request.Headers.UserAgent.ParseAdd("kube-apiserver-admission");
            using HttpResponseMessage response = await connections.To(Target(hook, address)).SendAsync(request, HttpCompletionOption.ResponseContentRead, either.Token).ConfigureAwait(false);
            byte[] body = await response.Content.ReadAsByteArrayAsync(either.Token).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? Parse(body) : throw new WebhookCallException("failed to call webhook: " + Refusal(response.StatusCode, body));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new WebhookCallException($"failed to call webhook: Post \"{url}\": context deadline exceeded");
        }
        catch (HttpRequestException e)
        {
            throw new WebhookCallException($"failed to call webhook: Post \"{url}\": {ServiceConnections.Describe(e, Target(hook, address))}", e);
        }
    }

    public void Dispose() => connections.Dispose();

    private static ServerTarget Target(Webhook hook, WebhookAddress address) => new(address.Url.Host, address.Host, address.Port) { Authority = hook.CaBundle };

    private static MapNode Parse(byte[] body)
    {
        try
        {
            return JsonReader.Read(body, 256) as MapNode ?? throw new WebhookCallException("failed to call webhook: the answer is no object");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new WebhookCallException($"failed to call webhook: couldn't get version/kind; json parse error: {e.Message}", e);
        }
    }

    private static string Refusal(HttpStatusCode code, byte[] body)
    {
        string text = System.Text.Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 1024))).Trim();
        return code switch
        {
            HttpStatusCode.NotFound => "the server could not find the requested resource",
            HttpStatusCode.Unauthorized => "the server has asked for the client to provide credentials",
            HttpStatusCode.Forbidden => "forbidden: " + text,
            HttpStatusCode.BadRequest => "the server rejected our request for an unknown reason",
            HttpStatusCode.MethodNotAllowed => "the server does not allow this method on the requested resource",
            HttpStatusCode.ServiceUnavailable => "the server is currently unable to handle the request",
            HttpStatusCode.GatewayTimeout => "the server was unable to return a response in the time allotted, but may still be processing the request",
            >= HttpStatusCode.InternalServerError => $"an error on the server (\"{text.Replace("\"", "\\\"", StringComparison.Ordinal)}\") has prevented the request from succeeding",
            _ => $"the server responded with the status code {(int)code} but did not return more information",
        };
    }
}
