using System.Collections.Concurrent;
using System.Net;
using Bowline.Tests;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>A running <c>up</c> tells people what becomes of its applications, as argocd-notifications-cm says.</summary>
public sealed class NotificationsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task What_is_delivered_is_told_once_and_the_Application_remembers_it()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a");
        using HttpListener listener = LocalListener.Start(out string address);
        ConcurrentQueue<string> told = new();
        _ = ListenAsync(listener, told);
        scratch.Write("notifications.yaml", $$$"""
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: argocd-notifications-cm}
            data:
              service.webhook.here: "{url: $address, headers: [{name: X-Token, value: $token}]}"
              trigger.on-deployed: |
                - when: app.status.operationState != nil and app.status.operationState.phase in ['Succeeded'] and app.status.health.status == 'Healthy'
                  oncePer: app.status.operationState?.syncResult?.revision
                  send: [deployed]
              template.deployed: |
                webhook: {here: {method: POST, path: /hook, body: "{{.app.metadata.name}} {{.app.status.sync.status}}"}}
              subscriptions: "[{recipients: [here], triggers: [on-deployed]}]"
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: argocd-notifications-secret}
            stringData: {address: "{{{address}}}", token: abc}
            """);
        string kubeconfig = Path.Combine(scratch.Root, "kubeconfig");
        Kubectl kubectl = new(kubeconfig);
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository, "--write-kubeconfig", kubeconfig, "--allow-host", "127.0.0.1");
        await up.WaitForOutputAsync("Ctrl-C ends it", Patience);
        await kubectl.RunAsync("-n", "argocd", "apply", "-f", Path.Combine(scratch.Repository, "notifications.yaml"));
        await Until.TrueAsync(() => Task.FromResult(!told.IsEmpty), Patience, () => up.Output + up.Errors);
        await Until.TrueAsync(async () => (await kubectl.RunAsync("-n", "argocd", "get", "app", "web", "-o", "jsonpath={.metadata.annotations}")).Contains(":on-deployed:[0].", StringComparison.Ordinal), Patience, () => up.Output + up.Errors);
        Assert.Equal("POST /hook abc web Synced", Assert.Single(told));
        Assert.DoesNotContain("abc", up.Output + up.Errors, StringComparison.Ordinal);
    }

    private static async Task ListenAsync(HttpListener listener, ConcurrentQueue<string> told)
    {
        try
        {
            for (; ;)
            {
                HttpListenerContext context = await listener.GetContextAsync();
                using StreamReader reader = new(context.Request.InputStream);
                told.Enqueue($"{context.Request.HttpMethod} {context.Request.Url!.AbsolutePath} {context.Request.Headers["X-Token"]} {await reader.ReadToEndAsync()}");
                context.Response.Close();
            }
        }
        catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
