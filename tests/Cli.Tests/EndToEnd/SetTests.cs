using Bowline.Tests;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>ApplicationSets, delivered as any application.</summary>
public sealed class SetTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [SharedFact]
    public async Task Both_sets_of_goingdark_come_to_one_application_a_folder_and_charts_that_cannot_be_had_are_named()
    {
        using Scratch scratch = new();
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "up", SharedFolder.Corpus("goingdark-iac"), "--once", "-o", "json");
        Assert.True(exit == 1, errors);
        UpJson report = new(output);
        Assert.Equal(["infra-argocd", "infra-base-system", "infra-database", "platform-cryptpad", "platform-elastic", "platform-hypebot", "platform-mastodon"], report.Applications.Select(application => application["name"]!.AsString()).Order());
        Assert.Contains("chart 'argo-cd' version 9.5.11", report.Message("infra-argocd"));
        Assert.Contains("chart 'cert-manager'", report.Message("infra-base-system"));
        Assert.Contains("chart 'eck-operator'", report.Message("platform-elastic"));
        Assert.Contains("--allow-remote-files", report.Message("infra-database"));
        foreach (string name in (string[])["platform-cryptpad", "platform-hypebot", "platform-mastodon"])
        {
            Assert.True(report.State(name) == "Synced Healthy", $"{name}: {report.State(name)}: {report.Message(name)}");
        }

        Assert.Equal(62, report.Application("platform-mastodon")["resources"]!.AsInteger());
        foreach (string kind in (string[])["gateway.networking.k8s.io HTTPRoute", "postgresql.cnpg.io Cluster", "external-secrets.io ExternalSecret", "elasticsearch.k8s.elastic.co Elasticsearch"])
        {
            Assert.Contains(report.Assumptions("CustomResourceDefinition"), text => text.Contains(kind));
        }
    }

    [Fact]
    public async Task The_example_of_three_environments_is_delivered_and_another_folder_is_another_environment()
    {
        using Scratch scratch = new();
        string copy = Path.Combine(scratch.Root, "environments");
        CopyFolder(Path.Combine(SharedFolder.Checkout, "examples", "environments"), copy);
        string kubeconfig = Path.Combine(scratch.Root, "kubeconfig");
        await using Bowline up = Bowline.Start(scratch.Home, "up", copy, "--write-kubeconfig", kubeconfig);
        await up.WaitForOutputAsync("Ctrl-C ends it", Patience);
        Kubectl kubectl = new(kubeconfig);
        Assert.Equal("1 3 2", await kubectl.RunAsync("get", "deploy", "-A", "-o", "jsonpath={.items[*].spec.replicas}"));
        Assert.Equal("true false true", await kubectl.RunAsync("-n", "argocd", "get", "app", "-o", "jsonpath={.items[*].spec.syncPolicy.automated.selfHeal}"));
        Assert.Equal("True", await kubectl.RunAsync("-n", "argocd", "get", "appset", "notes", "-o", "jsonpath={.status.conditions[?(@.type==\"ResourcesUpToDate\")].status}"));

        CopyFolder(Path.Combine(copy, "overlays", "dev"), Path.Combine(scratch.Root, "test"));
        File.WriteAllText(Path.Combine(scratch.Root, "test", "environment.yaml"), "name: test\nselfHeal: true\n");
        Directory.Move(Path.Combine(scratch.Root, "test"), Path.Combine(copy, "overlays", "test"));
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "notes-test", "get", "deploy", "notes")).Exit == 0, Patience, () => up.Output + up.Errors);

        Directory.Delete(Path.Combine(copy, "overlays", "staging"), recursive: true);
        await Until.TrueAsync(async () => (await kubectl.TryAsync("-n", "notes-staging", "get", "deploy", "notes")).Exit != 0, Patience, () => up.Output + up.Errors);
        await Until.TrueAsync(async () => await kubectl.RunAsync("-n", "argocd", "get", "app", "-o", "jsonpath={.items[*].metadata.name}") == "notes-dev notes-prod notes-test", Patience, () => up.Output + up.Errors);
    }

    [Fact]
    public async Task What_the_page_about_sets_shows_works_as_it_stands_there()
    {
        string page = await File.ReadAllTextAsync(Path.Combine(SharedFolder.Checkout, "docs", "application-sets.md"));
        string[] commands = [.. page.Split('\n').Where(line => line.StartsWith("$ ./bowline ", StringComparison.Ordinal)).Select(line => line["$ ./bowline ".Length..])];
        Assert.NotEmpty(commands);
        foreach (string command in commands)
        {
            using Scratch scratch = new();
            (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, command.Split(' '));
            Assert.True(exit == 0, output + errors);
        }
    }

    [Fact]
    public async Task A_set_that_cannot_be_expanded_is_in_the_report_with_its_file_and_line()
    {
        using Scratch scratch = new();
        scratch.Write("sets/broken.yaml", "\n---\napiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: broken, namespace: argocd}\nspec:\n  goTemplate: true\n  generators: [{list: {elements: [{id: one}, {id: two, path: web}]}}]\n  goTemplateOptions: [missingkey=error]\n  template:\n    metadata: {name: 'app-{{.id}}'}\n    spec: {project: default, source: {repoURL: https://example.com/repo.git, path: '{{.path}}'}, destination: {server: https://kubernetes.default.svc, namespace: web}, syncPolicy: {automated: {}, syncOptions: [CreateNamespace=true]}}\n");
        scratch.WriteConfigMap("web/a.yaml", "a");
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--once", "-o", "json", "--timeout", "30s");
        Assert.True(exit == 1, errors);
        UpJson report = new(output);
        Assert.Equal("Synced Healthy", report.State("app-two"));
        Assert.Contains("sets/broken.yaml:3: ApplicationSet broken: failed to execute go template {{.path}}", report.Message("broken"));
    }

    private static void CopyFolder(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
