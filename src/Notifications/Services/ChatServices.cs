using Bowline.Notifications.Model;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Notifications.Services;

/// <summary>
/// A service that posts one JSON object: Teams, Google Chat, Mattermost, Telegram and Grafana differ in where it goes, what it holds
/// and which answer is a success.
/// </summary>
internal sealed class ChatService(string name, WebClient client, Func<Notification, Destination, WebRequest> request, Func<WebAnswer, string?> complaint) : INotificationService, IDisposable
{
    public async Task SendAsync(Notification notification, Destination destination, CancellationToken cancellationToken)
    {
        WebAnswer answer = await client.SendAsync(request(notification, destination) with { ContentType = "application/json" }, cancellationToken).ConfigureAwait(false);
        string? problem = complaint(answer) ?? (answer.IsSuccess ? null : $"status {answer.Status}: {answer.Body}");
        if (problem is not null)
        {
            throw new NotificationException($"{name}: {Answers.Shortened(problem)}");
        }
    }

    public void Dispose() => client.Dispose();

    /// <summary>A MessageCard to the webhook of the recipient.</summary>
    public static ChatService Teams(ServiceOptions options, TimeProvider time)
    {
        IReadOnlyDictionary<string, Uri> targets = Targets(options, "recipientUrls");
        return new ChatService(
            "teams",
            Client(options, time),
            (notification, destination) => Post(Target(targets, destination), notification.Text("teams", "template") is { Length: > 0 } whole ? whole : JsonWriter.ToText(Card(notification))),
            answer => answer.Body is "1" or "" || !answer.IsSuccess ? null : answer.Body);
    }

    /// <summary>Cards, or else the message, to the webhook of the recipient.</summary>
    public static ChatService GoogleChat(ServiceOptions options, TimeProvider time)
    {
        IReadOnlyDictionary<string, Uri> targets = Targets(options, "webhooks");
        return new ChatService("googlechat", Client(options, time), Request, answer => Answers.Json(answer.Body).At("error", "message")?.AsString());

        WebRequest Request(Notification notification, Destination destination)
        {
            Uri target = Target(targets, destination);
            if (notification.Text("googlechat", "threadKey") is { Length: > 0 } key)
            {
                string separator = target.Query.Length > 0 ? "&" : "?";
                target = new Uri($"{target.AbsoluteUri}{separator}threadKey={Uri.EscapeDataString(key)}&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD");
            }

            MapNode body = new();
            if (notification.Text("googlechat", "cardsV2") is { Length: > 0 } modern)
            {
                int number = 0;
                body["cardsV2"] = new ListNode(Yaml("cardsV2", modern).Select(Node (card) => new MapNode { ["cardId"] = $"card-{++number}", ["card"] = card }));
            }

            if (notification.Text("googlechat", "cards") is { Length: > 0 } cards)
            {
                body["cards"] = Yaml("cards", cards);
            }

            if (body.Count == 0)
            {
                body["text"] = notification.Message;
            }

            return Post(target, JsonWriter.ToText(body));
        }
    }

    public static ChatService Mattermost(ServiceOptions options, TimeProvider time)
    {
        Uri target = Below(options.Address("apiURL"), "api/v4/posts");
        string token = options.Required("token");
        return new ChatService("mattermost", Client(options, time), (notification, destination) => Post(target, JsonWriter.ToText(new MapNode
        {
            ["channel_id"] = destination.Recipient,
            ["message"] = notification.Message,
            ["props"] = new MapNode { ["attachments"] = notification.Text("mattermost", "attachments") is { Length: > 0 } text ? Answers.List("attachments", text) : new ListNode() },
        })) with { Headers = [("Authorization", "Bearer " + token)] }, static _ => null);
    }

    /// <param name="server">Where the Bot API is.</param>
    public static ChatService Telegram(ServiceOptions options, TimeProvider time, string server = "https://api.telegram.org")
    {
        Uri target = WebTarget.Parse("token", $"{server}/bot{Uri.EscapeDataString(options.Required("token")).Replace("%3A", ":", StringComparison.Ordinal)}/sendMessage");
        return new ChatService("telegram", Client(options, time), (notification, destination) => Post(target, JsonWriter.ToText(new MapNode
        {
            ["chat_id"] = destination.Recipient.StartsWith('-') ? destination.Recipient : "@" + destination.Recipient,
            ["text"] = notification.Message,
            ["parse_mode"] = "Markdown",
        })), static answer => answer.IsSuccess ? null : Answers.Json(answer.Body)["description"]?.AsString());
    }

    /// <summary>An annotation with the recipient's tags (<c>a|b</c>).</summary>
    public static ChatService Grafana(ServiceOptions options, TimeProvider time)
    {
        Uri target = Below(options.Address("apiUrl"), "annotations");
        string key = options.Required("apiKey");
        return new ChatService("grafana", Client(options, time), (notification, destination) => Post(target, JsonWriter.ToText(new MapNode
        {
            ["time"] = time.GetUtcNow().ToUnixTimeSeconds() * 1000,
            ["isRegion"] = false,
            ["tags"] = new ListNode(destination.Recipient.Split('|').Select(Node (tag) => tag)),
            ["text"] = notification.Message,
        })) with { Headers = [("Authorization", "Bearer " + key)] }, static _ => null);
    }

    private static MapNode Card(Notification notification)
    {
        string text = notification.Text("teams", "text");
        MapNode card = new()
        {
            ["@type"] = "MessageCard",
            ["context"] = "https://schema.org/extensions",
            ["title"] = notification.Text("teams", "title"),
            ["summary"] = notification.Text("teams", "summary"),
            ["text"] = text.Length > 0 ? text : notification.Message,
        };
        if (notification.Text("teams", "themeColor") is { Length: > 0 } color)
        {
            card["themeColor"] = color;
        }

        if (notification.Text("teams", "potentialAction") is { Length: > 0 } actions)
        {
            card["potentialAction"] = Yaml("potentialAction", actions);
        }

        ListNode sections = notification.Text("teams", "sections") is { Length: > 0 } written ? Yaml("sections", written) : new ListNode();
        if (notification.Text("teams", "facts") is { Length: > 0 } facts)
        {
            sections.Add(new MapNode { ["facts"] = Yaml("facts", facts) });
        }

        if (sections.Count > 0)
        {
            card["sections"] = sections;
        }

        return card;
    }

    /// <summary>A list in YAML, which all JSON is, and the lists with a comma too many that Argo CD's own catalog makes, too.</summary>
    private static ListNode Yaml(string what, string text)
    {
        try
        {
            return YamlReader.Read(text) as ListNode ?? throw new NotificationException($"{what} is not a list");
        }
        catch (YamlException broken)
        {
            throw new NotificationException($"failed to unmarshal {what} : {broken.Reason}", broken);
        }
    }

    private static WebClient Client(ServiceOptions options, TimeProvider time) => new(options, time);

    private static WebRequest Post(Uri target, string body) => new(HttpMethod.Post, target) { Body = body };

    private static Uri Below(Uri address, string path) => new($"{address.AbsoluteUri.TrimEnd('/')}/{path}");

    private static Dictionary<string, Uri> Targets(ServiceOptions options, string name) =>
        options.Texts(name).ToDictionary(pair => pair.Key, pair => WebTarget.Parse($"{name}.{pair.Key}", pair.Value), StringComparer.Ordinal);

    private static Uri Target(IReadOnlyDictionary<string, Uri> targets, Destination destination) =>
        targets.GetValueOrDefault(destination.Recipient) ?? throw new NotificationException($"no {destination.Service} webhook configured for recipient {Answers.Shortened(destination.Recipient)}");
}
