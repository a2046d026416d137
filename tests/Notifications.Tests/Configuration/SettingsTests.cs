using Bowline.Notifications.Configuration;
using Bowline.Notifications.Model;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Notifications.Tests.Configuration;

public sealed class SettingsTests
{
    [Fact]
    public void Each_broken_key_is_named_with_its_reason_and_the_others_work()
    {
        using NotificationSettings settings = Read("""
            trigger.good: "[{when: 'true', send: [t]}]"
            trigger.broken: "[{when: 'app.status ==', send: [t]}]"
            template.good: "message: '{{.app.metadata.name}}'"
            template.broken: "message: '{{.app'"
            service.slack: "token: $slack-token"
            service.webhook.hook: "url: $url"
            service.pagerdutyv2: "serviceKeys: {}"
            service.a.b.c: "{}"
            subscriptions: "[{recipients: [slack:x], selector: 'a = = b'}]"
            defaultTriggers: "[on-sync"
            context: "argocdUrl: https://argo"
            """, "{slack-token: xoxb-secret, url: 'ftp://token@host'}");
        Assert.Equal(["good"], settings.Triggers.Keys);
        Assert.Equal(["good"], settings.Templates.Keys);
        Assert.Equal(
            [
                "defaultTriggers: line 2: did not find expected ',' or ']'",
                "service.a.b.c: invalid service key; expected 'service.<type>(.<name>)' but got 'service.a.b.c'",
                "service.pagerdutyv2: Bowline does not send to pagerdutyv2; it sends to email, googlechat, grafana, mattermost, slack, teams, telegram, webhook, and a webhook often does the same",
                "service.webhook.hook: url is not an http or https address",
                "subscriptions: 'a = = b' is no label selector: unable to parse requirement: found '=', expected: identifier",
                "template.broken: message: template: broken:1: unclosed action",
                "trigger.broken: unexpected token EOF (1:14)\n | app.status ==\n | .............^",
            ],
            settings.Problems.Select(problem => problem.ToString()["argocd-notifications-cm: ".Length..]));
    }

    [Fact]
    public void A_key_that_the_Secret_lacks_is_named()
    {
        using NotificationSettings settings = Read("service.slack: 'token: $slack-token'", "{}");
        Assert.Equal("argocd-notifications-cm: service.slack: argocd-notifications-secret has no key slack-token", Assert.Single(settings.Problems).ToString());
    }

    [Fact]
    public void Everybody_who_subscribed_is_a_destination_once()
    {
        using NotificationSettings settings = Read("""
            subscriptions: |
              - recipients: [slack:all, hook]
                triggers: [on-a]
              - recipients: [slack:team]
                triggers: [on-a]
                selector: team in (x, y),env!=dev,!frozen
              - recipients: [slack:others]
                triggers: [on-a]
                selector: team=z
            defaultTriggers: "[on-d]"
            defaultTriggers.mattermost: "[on-m]"
            """, "{}");
        Destinations destinations = settings.DestinationsOf(
            (MapNode)YamlReader.Read("""
                metadata:
                  labels: {team: x}
                  annotations:
                    notifications.argoproj.io/subscribe.on-a.slack: all; mine ;
                    notifications.argoproj.io/subscribe.slack: by-default
                    notifications.argoproj.io/subscribe.mattermost: m
                    notifications.argoproj.io/subscribe.on-a.hook2: ""
                    notifications.argoproj.io/subscriptions: |
                      - trigger: [on-b, on-c]
                        destinations: [{service: email, recipients: [a@x, b@x]}]
                    on-l.recipients.argocd-notifications.argoproj.io: slack:old, email:old
                    other: x
                """),
            (MapNode)YamlReader.Read("metadata: {annotations: {notifications.argoproj.io/subscribe.on-a.slack: project}}"),
            out string problem);
        Assert.Empty(problem);
        Assert.Equal(
            [
                "on-a=slack:all,hook,slack:team,slack:mine,hook2,slack:project", "on-b=email:a@x,email:b@x", "on-c=email:a@x,email:b@x", "on-d=slack:by-default",
                "on-l=slack:old,email:old", "on-m=mattermost:m",
            ],
            destinations.ByTrigger.Select(pair => $"{pair.Key}={string.Join(',', pair.Value)}"));
    }

    [Fact]
    public void An_annotation_that_is_no_YAML_is_a_problem_of_its_own()
    {
        using NotificationSettings settings = Read("context: '{}'", "{}");
        Destinations destinations = settings.DestinationsOf((MapNode)YamlReader.Read("metadata: {annotations: {notifications.argoproj.io/subscriptions: '- [', notifications.argoproj.io/subscribe.a.slack: c}}"), null, out string problem);
        Assert.StartsWith("annotation notifications.argoproj.io/subscriptions: ", problem, StringComparison.Ordinal);
        Assert.Single(destinations.ByTrigger);
    }

    [Fact]
    public void Secrets_are_taken_out_of_texts_in_every_form()
    {
        Redactor redactor = new(["p/ss word+1", "abc"]);
        Assert.Equal("*** *** *** abc", redactor.Clean($"p/ss word+1 p%2Fss%20word%2B1 {Convert.ToBase64String("p/ss word+1"u8)} abc"));
    }

    private static NotificationSettings Read(string data, string secret) => SettingsReader.Read(
        new MapNode { ["data"] = YamlReader.Read(data) }, new MapNode { ["stringData"] = YamlReader.Read(secret) }, TimeProvider.System);
}
