using System.Collections.Concurrent;
using Bowline.Notifications.Model;
using Bowline.Notifications.Notifying;
using Bowline.Notifications.Variables;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Microsoft.AspNetCore.Http;

namespace Bowline.Notifications.Tests.Notifying;

public sealed class ControllerTests
{
    /// <summary>SHA-1 of the condition as Argo CD writes it, taken with: printf %s "app.status.health.status == 'Degraded'" | openssl sha1 -binary | base64 | tr +/ -_.</summary>
    private const string DegradedHash = "zoG5zUjYGjimkwCGgIQGjx1hO5s";

    private const string Trigger = """
        trigger.on-degraded: |
          - when: app.status.health.status == 'Degraded'
            oncePer: app.status.sync.revision
            send: [degraded]
        template.degraded: |
          message: "{{.app.metadata.name}} is {{.app.status.health.status}} at {{.context.argocdUrl}}, says {{.serviceType}} to {{.recipient}}"
        context: "argocdUrl: https://argo"
        """;

    [Fact]
    public async Task Each_recipient_is_told_once_per_revision_and_the_object_remembers_it_as_Argo_CD_does()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        await using WebServer server = await WebServer.StartAsync();
        await cluster.ConfigureAsync($"{Trigger}\nservice.webhook.hook: \"{{url: '{server.Address}'}}\"");
        await cluster.ApplyAsync(Applications.Kind, Application("web", "Degraded", "r1"));
        await using TestController controller = await TestController.StartAsync(cluster);
        await controller.UntilAsync(() => server.Requests.Count == 1);
        await controller.IdleAsync();
        Assert.Equal("web is Degraded at https://argo, says hook to ", server.Requests.Single().Body);
        string state = (await cluster.NotifiedAsync("web"))!;
        Assert.Matches($$"""^\{"r1:on-degraded:\[0\]\.{{DegradedHash}}:hook:":\d{10}\}$""", state);

        await cluster.ApplyAsync(Applications.Kind, Application("web", "Healthy", "r1"));
        await cluster.ApplyAsync(Applications.Kind, Application("web", "Degraded", "r1"));
        await controller.IdleAsync();
        await cluster.ApplyAsync(Applications.Kind, Application("web", "Degraded", "r2"));
        await controller.UntilAsync(() => server.Requests.Count == 2);
        await controller.IdleAsync();
        Assert.Equal(2, ((MapNode)JsonReader.Read((await cluster.NotifiedAsync("web"))!)).Count);
        Assert.Empty(controller.Notes);
    }

    [Fact]
    public async Task What_Argo_CD_sent_before_is_not_sent_again_and_what_is_true_no_more_is_forgotten()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        await using WebServer server = await WebServer.StartAsync();
        await cluster.ConfigureAsync($"{Trigger.Replace("oncePer: app.status.sync.revision", "description: x", StringComparison.Ordinal)}\nservice.webhook.hook: \"{{url: '{server.Address}'}}\"");
        string key = $"on-degraded:[0].{DegradedHash}:hook:";
        await cluster.ApplyAsync(Applications.Kind, Application("web", "Degraded", "r1", $"notified.notifications.argoproj.io: '{{\"{key}\":1700000000}}'"));
        await using TestController controller = await TestController.StartAsync(cluster);
        await Task.Delay(500);
        await controller.IdleAsync();
        Assert.Empty(server.Requests);
        await cluster.ApplyAsync(Applications.Kind, Application("web", "Healthy", "r1", $"notified.notifications.argoproj.io: '{{\"{key}\":1700000000}}'"));
        for (int i = 0; i < 100 && await cluster.NotifiedAsync("web") is not null; i++)
        {
            await Task.Delay(50);
        }

        Assert.Null(await cluster.NotifiedAsync("web"));
    }

    [Fact]
    public async Task Without_the_ConfigMap_nothing_happens_and_with_it_what_was_missed_is_told()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        await using WebServer server = await WebServer.StartAsync();
        await cluster.ApplyAsync(Applications.Kind, Application("web", "Degraded", "r1"));
        await using TestController controller = await TestController.StartAsync(cluster);
        await controller.IdleAsync();
        Assert.Empty(server.Requests);
        await cluster.ConfigureAsync($"{Trigger}\nservice.webhook.hook: \"{{url: $address}}\"", $"{{address: '{server.Address}'}}");
        await controller.UntilAsync(() => server.Requests.Count == 1);
    }

    [Fact]
    public async Task A_project_subscribes_for_its_applications()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        await using WebServer server = await WebServer.StartAsync();
        await cluster.ConfigureAsync($"{Trigger}\nservice.webhook.team: \"{{url: '{server.Address}'}}\"");
        await cluster.ApplyAsync(Applications.Kind, Application("web", "Degraded", "r1").Replace("subscribe.on-degraded.hook", "other", StringComparison.Ordinal));
        await using TestController controller = await TestController.StartAsync(cluster);
        await cluster.ApplyAsync(Applications.Projects, "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: default, namespace: argocd, annotations: {notifications.argoproj.io/subscribe.on-degraded.team: ''}}\nspec: {}");
        await controller.UntilAsync(() => server.Requests.Count == 1);
    }

    [Fact]
    public async Task What_cannot_be_told_is_said_once_however_many_applications_it_concerns()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        await cluster.ConfigureAsync("""
            trigger.on-degraded: "[{when: app.status.health.status == 'Degraded', send: [broken]}, {when: app.nothing.deeper, send: [broken]}]"
            template.broken: "message: '{{ fail (toString .secrets.token) }}'"
            service.webhook.hook: "url: http://127.0.0.1:9/"
            """, "{token: t0psecret}");
        for (int i = 0; i < 5; i++)
        {
            await cluster.ApplyAsync(Applications.Kind, Application($"web-{i}", "Degraded", "r1",
                "notifications.argoproj.io/subscribe.on-degraded.nobody: 'x'\n    notifications.argoproj.io/subscribe.on-nothing.hook: ''"));
        }

        await using TestController controller = await TestController.StartAsync(cluster);
        await controller.UntilAsync(() => controller.Notes.Count >= 4);
        await controller.IdleAsync();
        Assert.Equal(
            ["notification on-degraded of web-# to hook is not delivered: template: broken:1:3: executing \"broken\" at <fail (toString .secrets.token)>: error calling fail: ***",
             "notification on-degraded of web-# to nobody:x is not delivered: notification service 'nobody' is not supported",
             "notifications: trigger 'on-nothing' is not configured, and web-# subscribes to it",
             "notifications: trigger on-degraded of web-#: cannot fetch deeper from <nil> (1:13)"],
            controller.Notes.Select(note => System.Text.RegularExpressions.Regex.Replace(note, "web-\\d", "web-#").Split('\n')[0]).Order(StringComparer.Ordinal));
        Assert.All(controller.Notes, note => Assert.DoesNotContain("t0psecret", note, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_service_that_hangs_stops_no_other()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        await using WebServer server = await WebServer.StartAsync();
        TaskCompletionSource hold = new();
        server.Answer = (request, _) => request.Path.StartsWith("/hang", StringComparison.Ordinal) ? hold.Task : Task.CompletedTask;
        await cluster.ConfigureAsync($"{Trigger}\nservice.webhook.hook: \"{{url: '{server.Address}/ok'}}\"\nservice.webhook.hang: \"{{url: '{server.Address}/hang'}}\"");
        for (int i = 0; i < 30; i++)
        {
            await cluster.ApplyAsync(Applications.Kind, Application($"web-{i}", "Degraded", "r1", "notifications.argoproj.io/subscribe.on-degraded.hang: ''"));
        }

        await using (TestController controller = await TestController.StartAsync(cluster))
        {
            await controller.UntilAsync(() => server.Requests.Count(request => request.Path == "/ok") == 30);
            Assert.True(server.Requests.Count(request => request.Path == "/hang") <= 4);
            hold.SetResult();
            await controller.IdleAsync();
        }

        Assert.Equal(60, server.Requests.Count);
        Assert.Contains(":hang:", await cluster.NotifiedAsync("web-7"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Applications_that_all_change_at_once_are_all_told_of_once_through_a_bounded_queue()
    {
        const int Count = 3000;
        await using TestCluster cluster = await TestCluster.StartAsync();
        await using WebServer server = await WebServer.StartAsync();
        await cluster.ConfigureAsync($"{Trigger}\nservice.webhook.hook: \"{{url: '{server.Address}'}}\"");
        await Parallel.ForAsync(0, Count, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) => await cluster.ApplyAsync(Applications.Kind, Application($"web-{i}", "Degraded", "r1")));
        await using TestController controller = await TestController.StartAsync(cluster);
        await controller.UntilAsync(() => server.Requests.Count >= Count);
        await controller.IdleAsync();
        Assert.Equal(Count, server.Requests.Select(request => request.Body).Distinct().Count());
        Assert.Equal(Count, server.Requests.Count);
        Assert.Empty(controller.Notes);
    }

    [Fact]
    public async Task Commits_are_fetched_when_a_trigger_or_a_template_asks_for_them()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        await using WebServer server = await WebServer.StartAsync();
        await cluster.ConfigureAsync($$$"""
            trigger.on-degraded: "[{when: 'repo.GetCommitMetadata(app.status.sync.revision).Author startsWith \"Ann\"', send: [t]}]"
            template.t: "message: '{{(call .repo.GetCommitMetadata .app.status.sync.revision).Message}} {{(call .repo.GetCommitMetadata .app.status.sync.revision).Date.Year}} {{call .repo.FullNameByRepoURL .app.spec.source.repoURL}}'"
            service.webhook.hook: "{url: '{{{server.Address}}}'}"
            """);
        await cluster.ApplyAsync(Applications.Kind, Application("web", "Degraded", "r1"));
        ConcurrentQueue<CommitQuery> asked = new();
        await using TestController controller = await TestController.StartAsync(cluster, new NotificationOptions
        {
            Commits = (query, _) =>
            {
                asked.Enqueue(query);
                return Task.FromResult(new CommitMetadata("fix", "Ann <ann@example.org>", new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero), []));
            },
        });
        await controller.UntilAsync(() => server.Requests.Count == 1);
        Assert.Equal("fix 2025 team/repo", server.Requests.Single().Body);
        Assert.Equal(new CommitQuery("https://git.example.org/team/repo.git", "r1", "default"), Assert.Single(asked.Distinct()));
    }

    [Fact]
    public async Task Of_several_processes_only_the_one_that_an_application_concerns_tells_of_it()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        await using WebServer server = await WebServer.StartAsync();
        await cluster.ConfigureAsync($"{Trigger}\nservice.webhook.hook: \"{{url: '{server.Address}'}}\"");
        await cluster.ApplyAsync(Applications.Kind, Application("mine", "Degraded", "r1"));
        await cluster.ApplyAsync(Applications.Kind, Application("other", "Degraded", "r1"));
        await using TestController one = await TestController.StartAsync(cluster, new NotificationOptions { Concerns = (_, name) => name == "mine" });
        await one.UntilAsync(() => !server.Requests.IsEmpty);
        await one.IdleAsync();
        Assert.StartsWith("mine ", Assert.Single(server.Requests).Body, StringComparison.Ordinal);
        await using TestController two = await TestController.StartAsync(cluster, new NotificationOptions { Concerns = (_, name) => name == "other" });
        await two.UntilAsync(() => server.Requests.Count == 2);
        await two.IdleAsync();
        Assert.Equal(2, server.Requests.Select(request => request.Body).Distinct().Count());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Applications_of_other_namespaces_are_told_of_by_Argo_CDs_configuration_and_where_that_is_allowed_by_one_beside_them(bool selfService)
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        await using WebServer server = await WebServer.StartAsync();
        foreach (string team in (string[])["team-a", "team-b", "stranger"])
        {
            await cluster.AddNamespaceAsync(team);
            await cluster.ApplyAsync(Applications.Kind, Application("web", "Degraded", "r1").Replace("namespace: argocd", $"namespace: {team}", StringComparison.Ordinal), team);
        }

        string Template(string says) => Trigger.Replace("{{.app.metadata.name}} is {{.app.status.health.status}}", says + " {{.app.metadata.namespace}} {{len .secrets.key}}", StringComparison.Ordinal);
        await cluster.ConfigureAsync($"{Template("central")}\nservice.webhook.hook: \"{{url: '{server.Address}'}}\"", "{key: home}");
        await cluster.ConfigureAsync($"{Template("own")}\nservice.webhook.hook: \"{{url: '{server.Address}'}}\"", "{key: theirs}", "team-a");
        await using TestController controller = await TestController.StartAsync(cluster, new NotificationOptions { LooksElsewhere = true, IsSelfService = selfService, Concerns = (@namespace, _) => @namespace != "stranger" });
        await controller.UntilAsync(() => server.Requests.Count >= (selfService ? 3 : 2));
        await controller.IdleAsync();
        Assert.Equal(
            (string[])["central team-a 4", "central team-b 4", .. selfService ? ["own team-a 6"] : Array.Empty<string>()],
            server.Requests.Select(request => request.Body.Split(" at ")[0]).Order(StringComparer.Ordinal));
        string central = $"r1:on-degraded:[0].{DegradedHash}:hook:";
        Assert.Equal(
            (string[])[central, .. selfService ? [$"r1:team-a:on-degraded:[0].{DegradedHash}:hook:"] : Array.Empty<string>()],
            ((MapNode)JsonReader.Read((await cluster.NotifiedAsync("web", "team-a"))!)).Select(item => item.Key).Order(StringComparer.Ordinal));
        Assert.Equal([central], ((MapNode)JsonReader.Read((await cluster.NotifiedAsync("web", "team-b"))!)).Select(item => item.Key));
        Assert.Empty(controller.Notes);
    }

    [Fact]
    public async Task A_failed_delivery_is_remembered_by_nobody_and_said()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        await using WebServer server = await WebServer.StartAsync();
        server.Answer = (_, context) =>
        {
            context.Response.StatusCode = 403;
            return context.Response.WriteAsync("your token t0psecret is bad");
        };
        await cluster.ConfigureAsync($"{Trigger}\nservice.webhook.hook: \"{{url: '{server.Address}', headers: [{{name: Authorization, value: Bearer $token}}]}}\"", "{token: t0psecret}");
        await cluster.ApplyAsync(Applications.Kind, Application("web", "Degraded", "r1"));
        await using TestController controller = await TestController.StartAsync(cluster);
        await controller.UntilAsync(() => controller.Notes.Count == 1);
        await controller.IdleAsync();
        Assert.Equal($"notification on-degraded of web to hook is not delivered: request to {server.Address} has failed with error code 403 : your token *** is bad", controller.Notes.Single());
        Assert.Equal("Bearer t0psecret", server.Requests.Single().Headers["Authorization"]);
        Assert.Null(await cluster.NotifiedAsync("web"));
    }

    private static string Application(string name, string health, string revision, string annotation = "other: x") => $$"""
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata:
          name: {{name}}
          namespace: argocd
          annotations:
            notifications.argoproj.io/subscribe.on-degraded.hook: ""
            {{annotation.Replace("\n", "\n    ", StringComparison.Ordinal).Replace("        ", "    ", StringComparison.Ordinal)}}
        spec:
          project: default
          source: {repoURL: "https://git.example.org/team/repo.git"}
        status:
          health: {status: {{health}}}
          sync: {status: Synced, revision: {{revision}}}
        """;
}
