using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Bowline.Notifications.Model;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Notifications.Services;

/// <summary>
/// <c>service.slack</c>: chat.postMessage, in one thread for messages of one grouping key, or chat.update of what started it
/// (https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/slack/).
/// </summary>
internal sealed partial class SlackService : INotificationService, IDisposable
{
    /// <summary>How many threads are remembered; Slack itself has no memory of grouping keys, so as with Argo CD a restart begins new threads.</summary>
    private const int MostThreads = 10_000;

    private readonly ServiceOptions options;
    private readonly Uri api;
    private readonly string token;
    private readonly WebClient client;
    private readonly SlackMentions mentions;
    private readonly ConcurrentDictionary<(string Recipient, string Key), (string Channel, string Timestamp)> threads = new();

    public SlackService(ServiceOptions options, TimeProvider time)
    {
        this.options = options;
        token = options.Required("token");
        string address = options.Text("apiURL") is { Length: > 0 } own ? own : "https://slack.com/api/";
        api = WebTarget.Parse("apiURL", address.EndsWith('/') ? address : address + "/");
        client = new WebClient(options, time);
        mentions = new SlackMentions((query, cancellationToken) => CallAsync(query, null, cancellationToken));
    }

    public async Task SendAsync(Notification notification, Destination destination, CancellationToken cancellationToken)
    {
        MapNode message = await MessageAsync(notification, cancellationToken).ConfigureAwait(false);
        string key = notification.Text("slack", "groupingKey");
        string policy = notification.Text("slack", "deliveryPolicy");
        bool updates = policy is "Update" or "PostAndUpdate";
        bool known = threads.TryGetValue((destination.Recipient, key), out (string Channel, string Timestamp) thread) && key.Length > 0;
        if (!known || policy != "Update")
        {
            MapNode post = (MapNode)message.DeepClone();
            post["channel"] = destination.Recipient;
            if (known)
            {
                post["thread_ts"] = thread.Timestamp;
            }

            if (notification.Flag("slack", "notifyBroadcast"))
            {
                post["reply_broadcast"] = true;
            }

            MapNode posted = await CallAsync("chat.postMessage", post, cancellationToken).ConfigureAwait(false);
            Remember(destination.Recipient, key, known, posted);
        }

        if (known && updates)
        {
            MapNode update = (MapNode)message.DeepClone();
            update["channel"] = thread.Channel;
            update["ts"] = thread.Timestamp;
            update["as_user"] = true;
            await CallAsync("chat.update", update, cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose() => client.Dispose();

    private void Remember(string recipient, string key, bool known, MapNode posted)
    {
        if (key.Length == 0 || known || posted["ts"]?.AsString() is not { } timestamp)
        {
            return;
        }

        if (threads.Count >= MostThreads)
        {
            threads.Clear();
        }

        threads[(recipient, key)] = (posted["channel"]?.AsString() ?? recipient, timestamp);
    }

    private async Task<MapNode> MessageAsync(Notification notification, CancellationToken cancellationToken)
    {
        MapNode message = new() { ["text"] = await mentions.ResolveAsync(notification.Message, cancellationToken).ConfigureAwait(false) };
        string username = First(notification.Text("slack", "username"), options.Text("username"));
        string icon = First(notification.Text("slack", "icon"), options.Text("icon"));
        if (username.Length > 0)
        {
            message["username"] = username;
        }

        if (Emoji().IsMatch(icon))
        {
            message["icon_emoji"] = icon;
        }
        else if (Uri.TryCreate(icon, UriKind.Absolute, out Uri? image) && WebTarget.IsWeb(image))
        {
            message["icon_url"] = icon;
        }

        foreach (string part in (string[])["attachments", "blocks"])
        {
            if (notification.Text("slack", part) is { Length: > 0 } text)
            {
                message[part] = Answers.List(part, await mentions.ResolveAsync(text, cancellationToken).ConfigureAwait(false));
            }
        }

        if (options.Flag("disableUnfurl"))
        {
            message["unfurl_links"] = false;
            message["unfurl_media"] = false;
        }

        return message;
    }

    /// <param name="method">A method of Slack's API, with its query where it is only asked.</param>
    /// <param name="body">What is posted; null to ask.</param>
    private async Task<MapNode> CallAsync(string method, MapNode? body, CancellationToken cancellationToken)
    {
        WebAnswer answer = await client.SendAsync(new WebRequest(body is null ? HttpMethod.Get : HttpMethod.Post, new Uri(api, method))
        {
            Body = body is null ? string.Empty : JsonWriter.ToText(body),
            ContentType = "application/json; charset=utf-8",
            Headers = [("Authorization", "Bearer " + token)],
        }, cancellationToken).ConfigureAwait(false);
        MapNode said = Answers.Json(answer.Body);
        return answer.IsSuccess && said["ok"]?.AsBool() == true
            ? said
            : throw new NotificationException($"slack {method}: {(said["error"]?.AsString() is { } error ? Answers.Shortened(error) : $"status {answer.Status}")}");
    }

    private static string First(string text, string otherwise) => text.Length > 0 ? text : otherwise;

    [GeneratedRegex("^:.+:$", RegexOptions.NonBacktracking)]
    private static partial Regex Emoji();
}
