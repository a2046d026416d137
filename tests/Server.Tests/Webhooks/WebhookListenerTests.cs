using System.Net;
using System.Net.Http.Headers;
using Bowline.Server.Webhooks;

namespace Bowline.Server.Tests.Webhooks;

public sealed class WebhookListenerTests
{
    [Fact]
    public async Task Pushes_are_passed_on_and_everything_else_is_answered()
    {
        List<string> notified = [];
        await using WebhookListener listener = await WebhookListener.StartAsync(new IPEndPoint(IPAddress.Loopback, 0), () => new WebhookSecrets { GitLab = "s" }, urls =>
        {
            notified.AddRange(urls);
            return 2;
        }, CancellationToken.None);
        using HttpClient client = new() { BaseAddress = new Uri(listener.Address) };

        (HttpStatusCode status, string said) = await PostAsync(client, """{"project":{"web_url":"https://gitlab.com/g/p"}}""", "s");
        Assert.Equal((HttpStatusCode.OK, "2 sources of this repository are looked at\n"), (status, said));
        Assert.Equal(["https://gitlab.com/g/p"], notified);

        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(client, "{}", "wrong")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(client, "{", "s")).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await client.GetAsync(new Uri("/api/webhook", UriKind.Relative))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync(new Uri("/other", UriKind.Relative))).StatusCode);
        Assert.Single(notified);
    }

    [Fact]
    public async Task A_body_that_is_larger_than_any_Git_server_sends_is_refused_unread()
    {
        await using WebhookListener listener = await WebhookListener.StartAsync(new IPEndPoint(IPAddress.Loopback, 0), () => new WebhookSecrets { GitLab = "s" }, _ => 0, CancellationToken.None);
        using HttpClient client = new() { BaseAddress = new Uri(listener.Address) };
        using HttpRequestMessage request = new(HttpMethod.Post, "/api/webhook") { Content = new ByteArrayContent(new byte[26 * 1024 * 1024]) };
        request.Headers.Add("X-Gitlab-Event", "Push Hook");
        request.Headers.ExpectContinue = true;
        using HttpResponseMessage answer = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    private static async Task<(HttpStatusCode Status, string Said)> PostAsync(HttpClient client, string body, string token)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/api/webhook") { Content = new StringContent(body, new MediaTypeHeaderValue("application/json")) };
        request.Headers.Add("X-Gitlab-Event", "Push Hook");
        request.Headers.Add("X-Gitlab-Token", token);
        using HttpResponseMessage answer = await client.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
