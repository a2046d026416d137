using System.Net;
using System.Net.Sockets;
using Bowline.Tests;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>Git servers' bad days: what runs goes on as it was, the others are not kept waiting, and it is said.</summary>
public sealed class SourceFaultTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_server_that_hangs_keeps_only_its_own_application_waiting_until_it_answers()
    {
        using Scratch manifests = new();
        using GitHttpServer server = new(manifests.Root);
        using HangingFront front = new(new Uri(server.Address));
        manifests.WriteConfigMap("web/a.yaml", "a", "one");
        Commit(manifests, initial: true);
        using Scratch scratch = new();
        scratch.Write("apps/slow.yaml", Application("slow", front.Address + "repository")).WriteApplication("quick", "quick").WriteConfigMap("quick/a.yaml", "a", "one");
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository);
        await up.WaitForOutputAsync("quick: Synced, Healthy", TimeSpan.FromSeconds(40));
        await up.WaitForOutputAsync("has not answered for 10 s; the others go on", Patience);

        scratch.WriteConfigMap("quick/b.yaml", "b", "two");
        Kubectl kubectl = new(Directory.EnumerateFiles(scratch.Home, "kubeconfig", SearchOption.AllDirectories).Single());
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "quick", "get", "cm", "b")).Exit == 0, Patience, () => up.Output);

        front.Release();
        await up.WaitForOutputAsync("slow: Synced, Healthy", Patience);
    }

    [Fact]
    public async Task A_run_that_ends_delivers_the_others_first_and_takes_in_what_answers_late()
    {
        using Scratch manifests = new();
        using GitHttpServer server = new(manifests.Root);
        using HangingFront front = new(new Uri(server.Address));
        manifests.WriteConfigMap("web/a.yaml", "a", "one");
        Commit(manifests, initial: true);
        using Scratch scratch = new();
        scratch.Write("apps/slow.yaml", Application("slow", front.Address + "repository")).WriteApplication("quick", "quick").WriteConfigMap("quick/a.yaml", "a", "one");
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository, "--once", "--timeout", "120s");
        await up.WaitForOutputAsync("quick: Synced, Healthy", TimeSpan.FromSeconds(60));
        front.Release();
        await up.WaitForOutputAsync("slow: Synced, Healthy", Patience);
    }

    [Fact]
    public async Task A_rewritten_branch_is_delivered_and_a_deleted_one_leaves_what_it_delivered()
    {
        using Scratch manifests = new();
        using GitHttpServer server = new(manifests.Root);
        manifests.WriteConfigMap("web/a.yaml", "a", "one");
        Commit(manifests, initial: true);
        manifests.WriteConfigMap("web/a.yaml", "a", "two");
        Commit(manifests);
        manifests.Git("branch", "other");
        using Scratch scratch = new();
        scratch.Write("apps/web.yaml", Application("web", server.Address + "repository"));
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository, "--poll", "300ms");
        await up.WaitForOutputAsync("Ctrl-C ends it", Patience);
        Kubectl kubectl = new(Directory.EnumerateFiles(scratch.Home, "kubeconfig", SearchOption.AllDirectories).Single());
        Assert.Equal("two", await ValueAsync(kubectl));

        manifests.Git("reset", "-q", "--hard", "HEAD~1");
        manifests.WriteConfigMap("web/a.yaml", "a", "rewritten");
        manifests.Git("commit", "-qam", "another history", "--amend");
        manifests.Git("reflog", "expire", "--expire=now", "--all");
        await Until.TrueAsync(async () => await ValueAsync(kubectl) == "rewritten", Patience, () => up.Output);

        manifests.Git("checkout", "-q", "other");
        manifests.Git("branch", "-qD", "main");
        await up.WaitForOutputAsync("no branch, tag or matching version is called main", Patience);
        await Until.TrueAsync(async () => await StandingAsync(kubectl) == "Unknown ComparisonError", Patience, () => up.Output);
        await kubectl.RunAsync("-n", "web", "patch", "cm", "a", "--type", "merge", "-p", """{"data":{"value":"by hand"}}""");
        await Until.TrueAsync(async () => await ValueAsync(kubectl) == "rewritten", Patience, () => up.Output);

        manifests.Git("branch", "main", "other");
        await Until.TrueAsync(async () => await ValueAsync(kubectl) == "two", Patience, () => up.Output);
        await Until.TrueAsync(async () => await StandingAsync(kubectl) == "Synced", Patience, () => up.Output);
    }

    [Fact]
    public async Task A_folder_that_comes_to_render_nothing_prunes_nothing_unless_allowEmpty_says_so()
    {
        using Scratch scratch = new();
        scratch.WriteApplication("web", "web").WriteConfigMap("web/a.yaml", "a", "one").Write("web/README.md", "here the folder stays");
        await using Bowline up = Bowline.Start(scratch.Home, "up", scratch.Repository);
        await up.WaitForOutputAsync("Ctrl-C ends it", Patience);
        Kubectl kubectl = new(Directory.EnumerateFiles(scratch.Home, "kubeconfig", SearchOption.AllDirectories).Single());
        File.Delete(Path.Combine(scratch.Repository, "web", "a.yaml"));
        await up.WaitForOutputAsync("kept because nothing at all is left there (allowEmpty is off)", Patience);
        Assert.Equal("one", await ValueAsync(kubectl));

        string application = Path.Combine(scratch.Repository, "apps", "web.yaml");
        await File.WriteAllTextAsync(application, (await File.ReadAllTextAsync(application)).Replace("prune: true", "prune: true, allowEmpty: true", StringComparison.Ordinal));
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "web", "get", "cm", "a")).Exit != 0, Patience, () => up.Output);
    }

    private static async Task<string> ValueAsync(Kubectl kubectl) => await kubectl.RunAsync("-n", "web", "get", "cm", "a", "-o", "jsonpath={.data.value}");

    private static async Task<string> StandingAsync(Kubectl kubectl) =>
        (await kubectl.RunAsync("-n", "argocd", "get", "applications.argoproj.io", "web", "-o", "jsonpath={.status.sync.status} {.status.conditions[*].type}")).Trim();

    private static string Application(string name, string url) => $$"""
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata:
          name: {{name}}
        spec:
          source: {repoURL: "{{url}}", path: web, targetRevision: main}
          destination: {server: https://kubernetes.default.svc, namespace: {{name}} }
          syncPolicy:
            automated: {prune: true, selfHeal: true}
            syncOptions: [CreateNamespace=true]

        """;

    private static void Commit(Scratch scratch, bool initial = false)
    {
        if (initial)
        {
            scratch.Git("init", "-q", "-b", "main");
        }

        scratch.Git("add", ".");
        scratch.Git("commit", "-qm", "change");
    }

    /// <summary>Accepts connections and says nothing until it is released, then passes everything through.</summary>
    private sealed class HangingFront : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Uri behind;

        public HangingFront(Uri behind)
        {
            this.behind = behind;
            listener.Start();
            _ = AcceptAsync();
        }

        public string Address => $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/";

        public void Release() => released.TrySetResult();

        public void Dispose() => listener.Stop();

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    _ = PassAsync(await listener.AcceptTcpClientAsync());
                }
            }
            catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
            {
                // Disposed.
            }
        }

        private async Task PassAsync(TcpClient client)
        {
            using (client)
            {
                await released.Task;
                using TcpClient server = new();
                try
                {
                    await server.ConnectAsync(IPAddress.Loopback, behind.Port);
                    await Task.WhenAny(client.GetStream().CopyToAsync(server.GetStream()), server.GetStream().CopyToAsync(client.GetStream()));
                }
                catch (Exception gone) when (gone is IOException or SocketException)
                {
                    // One of the two has hung up.
                }
            }
        }
    }
}
