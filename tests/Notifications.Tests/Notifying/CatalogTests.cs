using Bowline.Notifications.Configuration;
using Bowline.Notifications.Model;
using Bowline.Notifications.Notifying;
using Bowline.Notifications.Templates;
using Bowline.Notifications.Triggers;
using Bowline.Notifications.Variables;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Notifications.Tests.Notifying;

/// <summary>A configuration of the shape of Argo CD's catalog, in words of our own.</summary>
public sealed class CatalogTests
{
    private const string Catalog = """
        context: "argocdUrl: https://argo.example.org"
        trigger.on-created: "[{oncePer: app.metadata.name, when: 'true', send: [short]}]"
        trigger.on-deleted: "[{oncePer: app.metadata.name, when: app.metadata.deletionTimestamp != nil, send: [short]}]"
        trigger.on-deployed-later: |
          - oncePer: app.status.operationState?.syncResult?.revision
            send: [full]
            when: app.status.operationState != nil and app.status.operationState.phase in ['Succeeded'] and app.status.health.status == 'Healthy'
              and !time.Parse(app.status.health.lastTransitionTime).Before(time.Parse(app.status.operationState.finishedAt))
        trigger.on-sync-failed: "[{oncePer: 'app.status.operationState?.syncResult?.revision', when: \"app.status.operationState != nil and app.status.operationState.phase in ['Error', 'Failed']\", send: [full]}]"
        trigger.on-running-long: "[{when: \"app.status.operationState.phase in ['Succeeded'] and time.Now().Sub(time.Parse(app.status.operationState.startedAt)).Minutes() >= 5\", send: [short]}]"
        template.short: |
          email: {subject: "{{.app.metadata.name}} is there"}
          message: "{{.app.metadata.name}} {{call .strings.ToUpper .app.status.sync.status}} {{call .sync.GetInfoItem .app \"reason\"}} {{ (call .time.Parse .app.status.operationState.finishedAt).Format \"Mon 15:04\" }}"
        template.full: |
          message: |
            {{if eq .serviceType "slack"}}:tada:{{end}} {{.app.metadata.name}} runs {{ .app.status.sync.revision | trunc 7 }}.
            {{range $index, $c := .app.status.conditions}}{{if $index}}, {{end}}{{$c.type}}{{end}}
          slack:
            attachments: |
              [{
                "title": "{{ .app.metadata.name}}",
                "title_link": "{{.context.argocdUrl}}/applications/{{.app.metadata.name}}",
                "fields": [
                {
                  "title": {{- if .app.spec.source }} "Repository" {{- else if .app.spec.sources }} "Repositories" {{- end }},
                  "value": {{- if .app.spec.source }} ":link: {{ .app.spec.source.repoURL }}" {{- else if .app.spec.sources }} "{{- range $index, $source := .app.spec.sources }}{{ if $index }}\n{{ end }}:link: {{ $source.repoURL }}{{- end }}" {{- end }}
                }
                {{range $index, $c := .app.status.conditions}}
                ,
                {
                  "title": "{{$c.type}}"
                }
                {{end}}
                ]
              }]
            deliveryPolicy: Post
            groupingKey: ""
            notifyBroadcast: false
          teams:
            themeColor: '#000080'
            title: "{{.app.metadata.name}} runs a new version."
        """;

    private const string Application = """
        metadata: {name: guestbook}
        spec:
          sources: [{repoURL: "https://a"}, {repoURL: "https://b"}]
        operation: {info: [{name: reason, value: release}]}
        status:
          sync: {status: Synced, revision: 0123456789abcdef}
          health: {status: Healthy, lastTransitionTime: "2026-03-02T10:01:00Z"}
          operationState: {phase: Succeeded, startedAt: "2026-03-02T09:59:00Z", finishedAt: "2026-03-02T10:00:00Z", syncResult: {revision: 0123456789abcdef}}
          conditions: [{type: One}, {type: Two}]
        """;

    [Theory]
    [InlineData("on-created", true, "guestbook")]
    [InlineData("on-deleted", false, "")]
    [InlineData("on-deployed-later", true, "0123456789abcdef")]
    [InlineData("on-sync-failed", false, "")]
    [InlineData("on-running-long", true, "")]
    public void The_triggers_say_what_they_say_with_Argo_CD(string trigger, bool fires, string oncePer)
    {
        using NotificationSettings settings = Settings();
        ConditionResult result = settings.Triggers[trigger].Single().Evaluate(Variables(settings, string.Empty), TimeProvider.System, default);
        Assert.Equal((fires, oncePer, string.Empty), (result.IsTriggered, result.OncePer, result.Problem));
    }

    [Fact]
    public void A_trigger_over_an_application_without_status_does_not_fire()
    {
        using NotificationSettings settings = Settings();
        CommitNotes commits = new((_, _) => throw new NotificationException("none"));
        MapNode variables = ApplicationVariables.Of((MapNode)YamlReader.Read("metadata: {name: a}"), settings.Context, settings.Secrets, commits, string.Empty);
        ConditionResult result = settings.Triggers["on-sync-failed"].Single().Evaluate(variables, TimeProvider.System, default);
        Assert.False(result.IsTriggered);
        Assert.StartsWith("cannot fetch operationState from <nil>", result.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_templates_say_what_they_say_with_Argo_CD()
    {
        using NotificationSettings settings = Settings();
        Notification full = NotificationTemplate.Render([settings.Templates["full"]], Variables(settings, "slack"), TimeProvider.System, default);
        Assert.Equal(":tada: guestbook runs 0123456.\nOne, Two\n", full.Message);
        ListNode attachments = (ListNode)JsonReader.Read(full.Text("slack", "attachments"));
        Assert.Equal(("Repositories", ":link: https://a\n:link: https://b"), (attachments[0]["fields"]!.AsList()![0]["title"]!.AsString(), attachments[0]["fields"]!.AsList()![0]["value"]!.AsString()));
        Assert.Equal(3, attachments[0]["fields"]!.AsList()!.Count);
        Assert.Equal("guestbook runs a new version.", full.Text("teams", "title"));
    }

    [Fact]
    public void A_later_template_completes_an_earlier_one()
    {
        using NotificationSettings settings = Settings();
        Notification both = NotificationTemplate.Render([settings.Templates["full"], settings.Templates["short"]], Variables(settings, "email"), TimeProvider.System, default);
        Assert.Equal("guestbook SYNCED release Mon 10:00", both.Message);
        Assert.Equal("guestbook is there", both.Text("email", "subject"));
        Assert.StartsWith("[{", both.Text("slack", "attachments"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_state_is_written_as_Go_writes_it_and_keeps_the_hundred_newest()
    {
        NotifiedState state = new();
        state.Add("<nil>:t:[0].x:slack:a&b", 5);
        state.Add("b", 7);
        Assert.Equal("""{"\u003cnil\u003e:t:[0].x:slack:a\u0026b":5,"b":7}""", state.ToText());
        for (int i = 0; i < 200; i++)
        {
            state.Add($"k{i}", 100 + i);
        }

        MapNode kept = (MapNode)JsonReader.Read(state.ToText()!);
        Assert.Equal((100, false, true), (kept.Count, kept.ContainsKey("k99"), kept.ContainsKey("k100")));
    }

    private static NotificationSettings Settings() => SettingsReader.Read(new MapNode { ["data"] = YamlReader.Read(Catalog) }, null, TimeProvider.System);

    private static MapNode Variables(NotificationSettings settings, string service) => ApplicationVariables.ForDelivery(
        (MapNode)YamlReader.Read(Application), settings.Context, settings.Secrets, new CommitNotes((_, _) => throw new NotificationException("none")), new Destination(service, "somebody"));
}
