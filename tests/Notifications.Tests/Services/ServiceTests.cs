using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bowline.Notifications.Configuration;
using Bowline.Notifications.Model;
using Bowline.Notifications.Services;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Microsoft.AspNetCore.Http;

namespace Bowline.Notifications.Tests.Services;

public sealed class ServiceTests
{
    [Fact]
    public async Task A_webhook_gets_what_its_template_says_with_the_headers_of_its_service()
    {
        await using WebServer server = await WebServer.StartAsync();
        await SendAsync("webhook", $"{{url: '{server.Address}/hooks/', headers: [{{name: X-Token, value: abc}}, {{name: Content-Type, value: application/json}}], basicAuth: {{username: u, password: p}}}}",
            "{message: m, webhook: {hook: {method: POST, path: /deploy, body: '{\"a\": 1}'}}}", "hook");
        Received got = Assert.Single(server.Requests);
        Assert.Equal(("POST", "/hooks/deploy", "{\"a\": 1}"), (got.Method, got.Path, got.Body));
        Assert.Equal(("abc", "application/json", "Basic dTpw"), (got.Headers["X-Token"], got.Headers["Content-Type"], got.Headers["Authorization"]));
    }

    [Fact]
    public async Task A_webhook_without_a_section_in_the_template_gets_the_message()
    {
        await using WebServer server = await WebServer.StartAsync();
        await SendAsync("webhook", $"{{url: '{server.Address}/x'}}", "{message: hello}", "hook");
        Assert.Equal(("GET", "/x", "hello"), (server.Requests.Single().Method, server.Requests.Single().Path, server.Requests.Single().Body));
    }

    [Fact]
    public async Task What_fails_in_passing_is_tried_again_after_the_time_that_the_server_asks_for()
    {
        await using WebServer server = await WebServer.StartAsync();
        List<long> at = [];
        server.Answer = (_, context) =>
        {
            at.Add(TimeProvider.System.GetTimestamp());
            context.Response.StatusCode = at.Count switch { 1 => 429, 2 => 503, _ => 200 };
            if (at.Count == 1)
            {
                context.Response.Headers.RetryAfter = "1";
            }

            return Task.CompletedTask;
        };
        await SendAsync("webhook", $"{{url: '{server.Address}', retryWaitMin: 10ms, retryWaitMax: 20ms}}", "{message: m}", "hook");
        Assert.Equal(3, at.Count);
        Assert.True(TimeProvider.System.GetElapsedTime(at[0], at[1]) >= TimeSpan.FromMilliseconds(950));
    }

    [Fact]
    public async Task A_refusal_names_the_server_and_its_answer_and_is_not_tried_again()
    {
        await using WebServer server = await WebServer.StartAsync();
        server.Answer = (_, context) =>
        {
            context.Response.StatusCode = 400;
            return context.Response.WriteAsync("bad\nbody");
        };
        NotificationException refused = await Assert.ThrowsAsync<NotificationException>(() => SendAsync("webhook", $"{{url: '{server.Address}/secret-path'}}", "{message: m}", "hook"));
        Assert.Equal($"request to {server.Address} has failed with error code 400 : bad body", refused.Message);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_redirect_to_another_origin_takes_no_credentials_along()
    {
        await using WebServer other = await WebServer.StartAsync();
        await using WebServer server = await WebServer.StartAsync();
        server.Answer = (_, context) =>
        {
            context.Response.Redirect(other.Address + "/there", permanent: false, preserveMethod: true);
            return Task.CompletedTask;
        };
        await SendAsync("webhook", $"{{url: '{server.Address}', headers: [{{name: X-Token, value: abc}}], basicAuth: {{username: u, password: p}}}}", "{webhook: {hook: {method: POST, body: b}}}", "hook");
        Received got = Assert.Single(other.Requests);
        Assert.Equal(("POST", "b"), (got.Method, got.Body));
        Assert.DoesNotContain("X-Token", got.Headers.Keys);
        Assert.DoesNotContain("Authorization", got.Headers.Keys);
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://x/")]
    [InlineData("//host/path")]
    [InlineData("http://")]
    [InlineData("not an address")]
    public void Only_addresses_of_the_web_are_targets(string url) =>
        Assert.Equal("url is not an http or https address", Assert.Throws<NotificationException>(() => Create("webhook", $"{{url: '{url}'}}")).Message);

    [Fact]
    public async Task A_redirect_never_leaves_the_web()
    {
        await using WebServer server = await WebServer.StartAsync();
        server.Answer = (_, context) =>
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = "file:///etc/passwd";
            return Task.CompletedTask;
        };
        NotificationException refused = await Assert.ThrowsAsync<NotificationException>(() => SendAsync("webhook", $"{{url: '{server.Address}', retryMax: 1, retryWaitMin: 1ms}}", "{message: m}", "hook"));
        Assert.Contains("redirects to where notifications do not go", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Slack_is_posted_to_with_attachments_and_in_the_thread_of_the_grouping_key()
    {
        await using WebServer server = await WebServer.StartAsync();
        server.Answer = (_, context) => context.Response.WriteAsync($"{{\"ok\": true, \"channel\": \"C1\", \"ts\": \"{server.Requests.Count}.0\"}}");
        INotificationService slack = Create("slack", $"{{token: xoxb-1, apiURL: '{server.Address}/api', username: argo, icon: ':rocket:', disableUnfurl: true}}");
        Notification notification = new((MapNode)YamlReader.Read("{message: hi, slack: {attachments: '[{\"title\": \"t\"}]', groupingKey: g, deliveryPolicy: PostAndUpdate, notifyBroadcast: true}}"));
        await slack.SendAsync(notification, new Destination("slack", "ops"), default);
        await slack.SendAsync(notification, new Destination("slack", "ops"), default);
        Received[] got = [.. server.Requests];
        Assert.Equal(["/api/chat.postMessage", "/api/chat.postMessage", "/api/chat.update"], got.Select(request => request.Path));
        Assert.All(got, request => Assert.Equal("Bearer xoxb-1", request.Headers["Authorization"]));
        Assert.Equal(
            """{"text":"hi","username":"argo","icon_emoji":":rocket:","attachments":[{"title":"t"}],"unfurl_links":false,"unfurl_media":false,"channel":"ops","reply_broadcast":true}""", got[0].Body);
        Assert.Equal("1.0", Json(got[1])["thread_ts"]?.AsString());
        Assert.Equal(("C1", "1.0"), (Json(got[2])["channel"]?.AsString(), Json(got[2])["ts"]?.AsString()));
    }

    [Fact]
    public async Task People_channels_and_groups_of_Slack_are_named_by_their_ids_and_who_is_unknown_stays_as_he_is()
    {
        await using WebServer server = await WebServer.StartAsync();
        server.Answer = (request, context) => context.Response.WriteAsync(request.Path.Split('?')[0] switch
        {
            "/users.lookupByEmail" => request.Path.Contains("ann", StringComparison.Ordinal) ? """{"ok": true, "user": {"id": "U1"}}""" : """{"ok": false, "error": "users_not_found"}""",
            "/conversations.list" => request.Path.EndsWith("cursor=", StringComparison.Ordinal) ? """{"ok": true, "channels": [{"id": "C0", "name": "x"}], "response_metadata": {"next_cursor": "n"}}""" : """{"ok": true, "channels": [{"id": "C1", "name": "ops"}]}""",
            "/usergroups.list" => """{"ok": true, "usergroups": [{"id": "G1", "handle": "oncall"}]}""",
            _ => """{"ok": true}""",
        });
        await SendAsync("slack", $"{{token: xoxb-1, apiURL: '{server.Address}'}}",
            "{message: '__SLACK_USER_EMAIL__ann@x.org__ __SLACK_USER_EMAIL__bob@x.org__ __SLACK_CHANNEL__#ops__ __SLACK_USERGROUP__oncall__'}", "slack", "c");
        Assert.Equal("<@U1> __SLACK_USER_EMAIL__bob@x.org__ <#C1> <!subteam^G1>", Json(server.Requests.Last())["text"]?.AsString());
    }

    [Fact]
    public async Task What_Slack_refuses_is_said_in_its_words()
    {
        await using WebServer server = await WebServer.StartAsync();
        server.Answer = WebServer.Json("""{"ok": false, "error": "channel_not_found"}""");
        NotificationException refused = await Assert.ThrowsAsync<NotificationException>(() => SendAsync("slack", $"{{token: xoxb-1, apiURL: '{server.Address}'}}", "{message: m}", "slack", "nowhere"));
        Assert.Equal("slack chat.postMessage: channel_not_found", refused.Message);
    }

    [Theory]
    [InlineData("teams", "{recipientUrls: {ops: '@/t'}}", "{message: m, teams: {title: T, facts: '[{\"name\": \"a\", \"value\": \"b\",}]'}}", "ops", "/t",
        """{"@type":"MessageCard","context":"https://schema.org/extensions","title":"T","summary":"","text":"m","sections":[{"facts":[{"name":"a","value":"b"}]}]}""")]
    [InlineData("googlechat", "{webhooks: {ops: '@/g?key=1'}}", "{message: m, googlechat: {threadKey: k 1}}", "ops", "/g?key=1&threadKey=k%201&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD", """{"text":"m"}""")]
    [InlineData("mattermost", "{apiURL: '@', token: t}", "{message: m, mattermost: {attachments: '[1]'}}", "chan", "/api/v4/posts", """{"channel_id":"chan","message":"m","props":{"attachments":[1]}}""")]
    public async Task The_chats_get_their_own_objects(string type, string settings, string notification, string recipient, string path, string body)
    {
        await using WebServer server = await WebServer.StartAsync();
        server.Answer = WebServer.Json(type == "teams" ? "1" : "{}");
        await SendAsync(type, settings.Replace("@", server.Address, StringComparison.Ordinal), notification, type, recipient);
        Assert.Equal((path, body), (server.Requests.Single().Path, server.Requests.Single().Body));
    }

    [Fact]
    public async Task Grafana_gets_an_annotation_with_the_tags_of_the_recipient()
    {
        await using WebServer server = await WebServer.StartAsync();
        await SendAsync("grafana", $"{{apiUrl: '{server.Address}/api', apiKey: k}}", "{message: m}", "grafana", "a|b");
        MapNode got = Json(server.Requests.Single());
        Assert.Equal(("/api/annotations", "m", 2), (server.Requests.Single().Path, got["text"]?.AsString(), got["tags"]?.AsList()?.Count));
    }

    [Fact]
    public async Task A_mail_goes_over_TLS_with_a_login()
    {
        using SmtpServer server = new() { OffersTls = true };
        await SendAsync("email", $"{{host: localhost, port: {server.Port}, username: u, password: p4ssword, from: 'Argo <argo@example.org>', html: true, insecure_skip_verify: true}}",
            "{message: m, email: {subject: 'Grüße', body: '<b>.x</b>'}}", "email", "a@example.org, b@example.org");
        Assert.Equal(
            ["EHLO localhost", "STARTTLS", "EHLO localhost", "AUTH PLAIN " + Convert.ToBase64String(Encoding.UTF8.GetBytes("\0u\0p4ssword")), "MAIL FROM:<argo@example.org>", "RCPT TO:<a@example.org>", "RCPT TO:<b@example.org>", "DATA"],
            server.Commands.Take(8));
        string mail = server.Mails.Single();
        Assert.Contains("From: Argo <argo@example.org>\nTo: a@example.org,\n b@example.org\nSubject: =?UTF-8?b?R3LDvMOfZQ==?=\n", mail, StringComparison.Ordinal);
        Assert.EndsWith("Content-Type: text/html; charset=UTF-8\nContent-Transfer-Encoding: base64\n\n" + Convert.ToBase64String("<b>.x</b>"u8), mail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Port_465_is_TLS_from_the_beginning_and_a_certificate_that_nobody_signed_is_taken_only_when_asked_for()
    {
        using SmtpServer server = new() { BeginsWithTls = true, Authentication = "LOGIN" };
        async ValueTask<Stream> Dial(string host, DnsEndPoint to, CancellationToken cancellationToken)
        {
            Assert.Equal(("mail.example.org", 465), (host, to.Port));
            TcpClient client = new();
            await client.ConnectAsync(IPAddress.Loopback, server.Port, cancellationToken);
            return client.GetStream();
        }

        Task Send(string more) => Create("email", $"{{host: mail.example.org, port: 465, username: u, password: p4ssword, from: argo@example.org{more}}}", Dial)
            .SendAsync(Notified("{message: m}"), new Destination("email", "a@example.org"), CancellationToken.None);
        NotificationException refused = await Assert.ThrowsAsync<NotificationException>(() => Send(string.Empty));
        Assert.StartsWith("email: mail.example.org:465: The remote certificate", refused.Message, StringComparison.Ordinal);
        Assert.Empty(server.Commands);

        await Send(", insecure_skip_verify: true");
        Assert.Equal(["EHLO localhost", "AUTH LOGIN", Convert.ToBase64String("u"u8), Convert.ToBase64String("p4ssword"u8), "MAIL FROM:<argo@example.org>"], server.Commands.Take(5));
        Assert.Single(server.Mails);
    }

    [Fact]
    public async Task A_mail_server_without_a_way_to_log_in_gets_no_password()
    {
        using SmtpServer server = new() { Authentication = "CRAM-MD5" };
        NotificationException refused = await Assert.ThrowsAsync<NotificationException>(() => SendAsync("email", $"{{host: localhost, port: {server.Port}, username: u, password: p, from: a@example.org}}", "{message: m}", "email", "a@example.org"));
        Assert.EndsWith("offers neither AUTH PLAIN nor AUTH LOGIN", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["EHLO localhost"], server.Commands);
    }

    [Theory]
    [InlineData("-1001", "-1001")]
    [InlineData("channel", "@channel")]
    public async Task Telegram_is_told_the_chat_and_its_refusals_are_said_without_the_token(string recipient, string chat)
    {
        await using WebServer server = await WebServer.StartAsync();
        server.Answer = WebServer.Json("{}");
        using ChatService telegram = ChatService.Telegram(new ServiceOptions((MapNode)YamlReader.Read("{token: '12:s3cret'}")), TimeProvider.System, server.Address);
        await telegram.SendAsync(Notified("{message: '*m*'}"), new Destination("telegram", recipient), CancellationToken.None);
        Received got = server.Requests.Single();
        Assert.Equal(("/bot12:s3cret/sendMessage", $$"""{"chat_id":"{{chat}}","text":"*m*","parse_mode":"Markdown"}"""), (got.Path, got.Body));

        server.Answer = (_, context) =>
        {
            context.Response.StatusCode = 400;
            return context.Response.WriteAsync("""{"ok":false,"description":"Bad Request: chat not found"}""");
        };
        NotificationException refused = await Assert.ThrowsAsync<NotificationException>(() => telegram.SendAsync(Notified("{message: m}"), new Destination("telegram", recipient), CancellationToken.None));
        Assert.Equal("telegram: Bad Request: chat not found", refused.Message);
    }

    [Fact]
    public async Task A_webhook_whose_certificate_nobody_signed_is_told_only_with_insecureSkipVerify()
    {
        using RSA key = RSA.Create(2048);
        using X509Certificate2 made = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(DateTimeOffset.UnixEpoch, new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using WebServer server = await WebServer.StartAsync(made);
        string settings = $"url: '{server.Address}/hook', retryMax: 0";
        NotificationException refused = await Assert.ThrowsAsync<NotificationException>(() => SendAsync("webhook", $"{{{settings}}}", "{message: m}", "webhook", "x"));
        Assert.Contains("The remote certificate is invalid", refused.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
        await SendAsync("webhook", $"{{{settings}, insecureSkipVerify: true}}", "{message: m}", "webhook", "x");
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_mail_without_a_login_says_the_message_when_the_template_has_no_body()
    {
        using SmtpServer server = new();
        await SendAsync("email", $"{{host: localhost, port: {server.Port}, from: argo@example.org}}", "{message: hello}", "email", "a@example.org");
        Assert.EndsWith(Convert.ToBase64String("hello"u8), server.Mails.Single(), StringComparison.Ordinal);
        Assert.DoesNotContain(server.Commands, command => command.StartsWith("AUTH", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("a@example.org>\r\nRCPT TO:<evil@example.org")]
    [InlineData("a@example.org\nBcc: evil@example.org")]
    [InlineData("no address")]
    [InlineData("\"a b\"@example.org")]
    public async Task A_recipient_with_odd_characters_reaches_no_mail_server(string recipient)
    {
        using SmtpServer server = new();
        NotificationException refused = await Assert.ThrowsAsync<NotificationException>(() => SendAsync("email", $"{{host: localhost, port: {server.Port}, from: argo@example.org}}", "{message: m}", "email", recipient));
        Assert.EndsWith("is not a mail address", refused.Message, StringComparison.Ordinal);
        Assert.Empty(server.Commands);
    }

    [Fact]
    public async Task A_subject_with_line_breaks_stays_one_header()
    {
        using SmtpServer server = new();
        await SendAsync("email", $"{{host: localhost, port: {server.Port}, from: argo@example.org}}", "{message: m, email: {subject: \"a\\r\\nBcc: evil@example.org\"}}", "email", "a@example.org");
        Assert.DoesNotContain("\nBcc:", server.Mails.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_is_in_no_error()
    {
        using SmtpServer server = new() { Refuses = "AUTH" };
        NotificationException refused = await Assert.ThrowsAsync<NotificationException>(() => SendAsync("email", $"{{host: localhost, port: {server.Port}, username: u, password: p4ssword, from: a@example.org}}", "{message: m}", "email", "a@example.org"));
        Assert.StartsWith("email: the server answers AUTH PLAIN with 550 no:", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("p4ssword", new Redactor(["p4ssword"]).Clean(refused.Message), StringComparison.Ordinal);
    }

    [Fact]
    public void A_service_that_there_is_not_is_refused_with_a_sentence()
    {
        Assert.StartsWith("Bowline does not send to pagerduty; it sends to email, googlechat, grafana, mattermost, slack, teams, telegram, webhook", Assert.Throws<NotificationException>(() => Create("pagerduty", "{}")).Message, StringComparison.Ordinal);
        Assert.Equal("service type 'pigeon' is not supported", Assert.Throws<NotificationException>(() => Create("pigeon", "{}")).Message);
    }

    private static MapNode Json(Received request) => (MapNode)JsonReader.Read(request.Body);

    private static INotificationService Create(string type, string settings, Func<string, DnsEndPoint, CancellationToken, ValueTask<Stream>>? dial = null) =>
        ServiceRegistry.Create(type, new ServiceOptions((MapNode)YamlReader.Read(settings), dial), TimeProvider.System);

    private static Notification Notified(string notification) => new((MapNode)YamlReader.Read(notification));

    private static Task SendAsync(string type, string settings, string notification, string service, string recipient = "") =>
        Create(type, settings).SendAsync(Notified(notification), new Destination(service, recipient), default);
}
