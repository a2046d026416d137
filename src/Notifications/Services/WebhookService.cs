using System.Text;
using Bowline.Notifications.Model;

namespace Bowline.Notifications.Services;

/// <summary>
/// <c>service.webhook.NAME</c>: the request that the template describes under <c>webhook.NAME</c>, or else a GET with the message
/// (https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/webhook/).
/// </summary>
internal sealed class WebhookService : INotificationService, IDisposable
{
    private readonly Uri url;
    private readonly IReadOnlyList<(string Name, string Value)> headers;
    private readonly WebClient client;

    public WebhookService(ServiceOptions options, TimeProvider time)
    {
        url = options.Address("url");
        List<(string, string)> all = [.. options.List("headers").Select(header => (header.Required("name"), header.Text("value")))];
        if (options.Map("basicAuth") is { } login)
        {
            all.Add(("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{login.Text("username")}:{login.Text("password")}"))));
        }

        headers = all;
        RetryPolicy retries = new(
            options.Integer("retryMax", 0) is > 0 and var most ? Math.Min(most, 20) : RetryPolicy.Usual.Most,
            options.Duration("retryWaitMin", RetryPolicy.Usual.Shortest),
            options.Duration("retryWaitMax", RetryPolicy.Usual.Longest));
        client = new WebClient(options, time, retries);
    }

    public async Task SendAsync(Notification notification, Destination destination, CancellationToken cancellationToken)
    {
        WebRequest request = new(HttpMethod.Get, url) { Body = notification.Message, Headers = headers };
        if (notification.Content.At("webhook", destination.Service) is not null)
        {
            string path = notification.Text("webhook", destination.Service, "path");
            string method = notification.Text("webhook", destination.Service, "method");
            request = request with
            {
                Body = notification.Text("webhook", destination.Service, "body"),
                Method = method.Length == 0 ? HttpMethod.Get : Method(method),
                Target = path.Length == 0 ? url : Below(path),
            };
        }

        WebAnswer answer = await client.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (!answer.IsSuccess)
        {
            throw new NotificationException($"request to {WebTarget.Printable(url)} has failed with error code {answer.Status} : {Answers.Shortened(answer.Body)}");
        }
    }

    public void Dispose() => client.Dispose();

    private static HttpMethod Method(string name)
    {
        try
        {
            return new HttpMethod(name);
        }
        catch (FormatException)
        {
            throw new NotificationException("the template's method is not one of HTTP");
        }
    }

    /// <summary>A path behind the address, on the very same server.</summary>
    private Uri Below(string path)
    {
        Uri below = WebTarget.Parse("path", $"{url.AbsoluteUri.TrimEnd('/')}/{path.TrimStart('/')}");
        return WebTarget.SameOrigin(url, below) ? below : throw new NotificationException("the template's path leads to another server");
    }
}
