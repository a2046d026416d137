using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Bowline.Tests;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>Repositories on a server: delivered by URL, or drawn from by applications of another repository.</summary>
public sealed partial class RemoteRepositoryTests
{
    private const string Staying = "Ctrl-C ends it";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_repository_is_delivered_by_its_URL_and_a_webhook_brings_the_next_commit_at_once()
    {
        using Scratch scratch = new();
        using GitHttpServer server = new(scratch.Root);
        string url = server.Address + "repository";
        scratch.Write("apps/web.yaml", Application("web", url, "web", "main")).WriteConfigMap("web/a.yaml", "a", "one").WriteConfigMap("other/b.yaml", "b");
        Commit(scratch, initial: true);
        await using Bowline up = Start(scratch, url, out Kubectl kubectl);
        await up.WaitForOutputAsync(Staying, Patience);
        Assert.Equal("one", await ValueAsync(kubectl));

        scratch.WriteConfigMap("web/a.yaml", "a", "two");
        Commit(scratch);
        Stopwatch watch = Stopwatch.StartNew();
        await NotifyAsync(up, url);
        await Until.TrueAsync(async () => await ValueAsync(kubectl) == "two", Patience, () => up.Output);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"took {watch.Elapsed}");
    }

    [Fact]
    public async Task A_source_in_another_repository_is_followed_while_the_own_one_stays_as_it_is()
    {
        using Scratch scratch = new();
        using Scratch manifests = new();
        using GitHttpServer server = new(manifests.Root);
        string url = server.Address + "repository";
        manifests.WriteConfigMap("web/a.yaml", "a", "one");
        Commit(manifests, initial: true);
        scratch.Write("apps/web.yaml", Application("web", url, "web", "main"));
        await using Bowline up = Start(scratch, scratch.Repository, out Kubectl kubectl, "--poll", "300ms");
        await up.WaitForOutputAsync(Staying, Patience);
        Assert.Equal("one", await ValueAsync(kubectl));
        manifests.WriteConfigMap("web/a.yaml", "a", "two");
        Commit(manifests);
        await Until.TrueAsync(async () => await ValueAsync(kubectl) == "two", Patience, () => up.Output);
    }

    [Fact]
    public async Task Credentials_in_a_repository_Secret_open_a_source()
    {
        using Scratch scratch = new();
        using Scratch manifests = new();
        using GitHttpServer server = new(manifests.Root) { Required = "Basic " + Convert.ToBase64String("deploy:t0p-s3cret"u8) };
        string url = server.Address + "repository";
        manifests.WriteConfigMap("web/a.yaml", "a", "one");
        Commit(manifests, initial: true);
        scratch.Write("apps/web.yaml", Application("web", url, "web", "main"));
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--once");
        Assert.Equal(1, exit);
        scratch.Write("argocd/secret.yaml", $$"""
            apiVersion: v1
            kind: Secret
            metadata:
              name: repo
              labels: {argocd.argoproj.io/secret-type: repo-creds}
            stringData:
              url: {{server.Address}}
              username: deploy
              password: t0p-s3cret
            """);
        (exit, output, errors) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--once");
        Assert.True(exit == 0, output + errors);
        Assert.DoesNotContain("t0p-s3cret", output + errors);
    }

    [Fact]
    public async Task Credentials_in_a_repository_Secret_open_the_remote_base_of_a_kustomization()
    {
        using Scratch scratch = new();
        using Scratch manifests = new();
        using GitHttpServer server = new(manifests.Root) { Required = "Basic " + Convert.ToBase64String("deploy:t0p-s3cret"u8) };
        manifests.WriteConfigMap("web/a.yaml", "a", "one");
        manifests.Write("web/kustomization.yaml", "resources: [a.yaml]\n");
        Commit(manifests, initial: true);
        scratch.Write("apps/web.yaml", Application("web", scratch.Repository, "web", "main"));
        scratch.Write("web/kustomization.yaml", $"resources: ['git::{server.Address}repository//web']\nnamespace: web\n");
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--once");
        Assert.NotEqual(0, exit);
        Assert.DoesNotContain("t0p-s3cret", output + errors);
        string secret = $$"""
            apiVersion: v1
            kind: Secret
            metadata:
              name: repo
              labels: {argocd.argoproj.io/secret-type: repository}
            stringData:
              url: {{server.Address}}repository
              username: deploy
              password: t0p-s3cret

            """;
        scratch.Write("argocd/secret.yaml", secret);
        (exit, output, errors) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--once");
        Assert.True(exit == 0, output + errors);
        Assert.DoesNotContain("t0p-s3cret", output + errors);
        scratch.Write("argocd/secret.yaml", secret + "  project: other\n");
        (exit, output, errors) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--once");
        Assert.NotEqual(0, exit);
        Assert.DoesNotContain("t0p-s3cret", output + errors);
    }

    [Fact]
    public async Task A_project_that_asks_for_signatures_gets_unsigned_commits_refused()
    {
        using Scratch scratch = new();
        using Scratch manifests = new();
        using GitHttpServer server = new(manifests.Root);
        manifests.WriteConfigMap("web/a.yaml", "a", "one");
        Commit(manifests, initial: true);
        scratch.Write("apps/web.yaml", Application("web", server.Address + "repository", "web", "main"));
        scratch.Write("project.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: default}\nspec:\n  sourceRepos: [\"*\"]\n  destinations: [{server: \"*\", namespace: \"*\"}]\n  signatureKeys:\n  - keyID: 4AEE18F83AFDEB23\n");
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--once");
        Assert.Equal(1, exit);
        Assert.Contains("is not signed; the project asks for a signature by 4AEE18F83AFDEB23", output + errors);
    }

    private static string Application(string name, string url, string path, string revision) => $$"""
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata:
          name: {{name}}
        spec:
          source: {repoURL: "{{url}}", path: {{path}}, targetRevision: {{revision}} }
          destination: {server: https://kubernetes.default.svc, namespace: {{name}} }
          syncPolicy:
            automated: {prune: true, selfHeal: true}
            syncOptions: [CreateNamespace=true]

        """;

    private static Bowline Start(Scratch scratch, string repository, out Kubectl kubectl, params string[] more)
    {
        string kubeconfig = Path.Combine(scratch.Root, "kubeconfig");
        kubectl = new Kubectl(kubeconfig);
        return Bowline.Start(scratch.Home, ["up", repository, "--write-kubeconfig", kubeconfig, "--webhooks", "127.0.0.1:0", .. more]);
    }

    private static void Commit(Scratch scratch, bool initial = false)
    {
        if (initial)
        {
            scratch.Git("init", "-q", "-b", "main");
        }

        scratch.Git("add", ".");
        scratch.Git("commit", "-qm", "change");
    }

    private static async Task<string> ValueAsync(Kubectl kubectl) => await kubectl.RunAsync("-n", "web", "get", "cm", "a", "-o", "jsonpath={.data.value}");

    private static async Task NotifyAsync(Bowline up, string url) => Assert.Equal("1 sources of this repository are looked at\n", await PostWebhookAsync(up, url));

    /// <summary>Tells a program of a push, as GitHub does.</summary>
    internal static async Task<string> PostWebhookAsync(Bowline up, string url)
    {
        await up.WaitForOutputAsync("webhooks: POST", Patience);
        byte[] body = Encoding.UTF8.GetBytes($$$"""{"repository":{"clone_url":"{{{url}}}"}}""");
        using HttpClient client = new();
        using HttpRequestMessage request = new(HttpMethod.Post, Address().Match(up.Output).Value) { Content = new ByteArrayContent(body) };
        request.Headers.Add("X-GitHub-Event", "push");
        request.Headers.Add("X-Hub-Signature-256", "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Bowline.WebhookSecret), body)));
        using HttpResponseMessage answer = await client.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }

    [GeneratedRegex("http://127[^ \n]*/api/webhook")]
    private static partial Regex Address();
}
