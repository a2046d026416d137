using Bowline.Applications.ApplicationSets.Controlling;
using Bowline.Applications.Hub;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Applications.Tests.ApplicationSets;

/// <summary>Sets in other namespaces than the controller's (<c>applicationsetcontroller.namespaces</c>).</summary>
public sealed class ElsewhereTests : IAsyncLifetime
{
    private const string Spec = """
        generators: [{git: {repoURL: https://example.com/r.git, revision: main, directories: [{path: 'apps/*'}]}}]
        template:
          metadata: {name: '{{path.basename}}'}
          spec: {project: shared, source: {repoURL: https://example.com/r.git, path: '{{path}}'}, destination: {server: https://kubernetes.default.svc, namespace: web}}
        """;

    private SetHub hub = null!;

    public async Task InitializeAsync()
    {
        hub = await SetHub.StartAsync("team-a", "team-b");
        hub.Files["apps/a/x.yaml"] = string.Empty;
        await hub.ApplyAsync("{apiVersion: v1, kind: Namespace, metadata: {name: stranger}}");
        await hub.ApplyAsync("{apiVersion: argoproj.io/v1alpha1, kind: AppProject, metadata: {name: shared, namespace: argocd}, spec: {sourceNamespaces: ['team-*'], sourceRepos: ['*'], destinations: [{server: '*', namespace: '*'}]}}");
    }

    public async Task DisposeAsync() => await hub.DisposeAsync();

    [Fact]
    public async Task A_sets_applications_lie_beside_it_and_namesakes_in_other_namespaces_are_nothing_to_it()
    {
        foreach (string home in (string[])["team-a", "team-b", "argocd", "stranger"])
        {
            await hub.ApplySetAsync(Spec.Replace("namespace: web", $"namespace: of-{home}", StringComparison.Ordinal), @namespace: home);
        }

        await UntilAsync("team-a/a team-b/a argocd/a");
        MapNode[] made = [.. await ListAsync()];
        Assert.All(made, item => Assert.Equal($"of-{new Resource(item).Namespace}", item.At("spec", "destination", "namespace")!.AsString()));
        await SetHub.UntilAsync(async () => (await SetAsync("team-a")).At("status", "resources") is ListNode { Count: 1 }, () => "the set does not name its application");
        Assert.Null((await SetAsync("stranger"))["status"]);

        // What somebody changes there is put right, and a set that goes takes along what is its own.
        await hub.Cluster.PatchAsync(new ObjectKey(ArgoDefinitions.Applications, "team-b", "a"), PatchKind.Merge, Resources.Yaml.YamlReader.Read("{spec: {destination: {namespace: moved}}}"), new WriteOptions { FieldManager = "somebody" }, default);
        await SetHub.UntilAsync(async () => (await ListAsync()).All(item => item.At("spec", "destination", "namespace")!.AsString() == $"of-{new Resource(item).Namespace}"), () => "the namespace is not put back");
        hub.Files["apps/c/x.yaml"] = string.Empty;
        hub.Files.Remove("apps/a/x.yaml");
        hub.Controller.RepositoriesChanged(_ => true);
        await SetHub.UntilAsync(async () => (await ListAsync()).Count(item => item.At("metadata", "deletionTimestamp") is not null) == 3, () => "those that are gone are not deleted");
        Assert.Equal(["shared"], hub.OpenedFor.Distinct().Where(project => project.Length > 0));
    }

    [Fact]
    public async Task A_namespace_that_is_allowed_later_or_no_more_counts_at_once()
    {
        hub.Settings = hub.Settings with { Namespaces = ["team-b"] };
        await hub.ApplySetAsync(Spec, @namespace: "team-a");
        await hub.ApplySetAsync(Spec, @namespace: "team-b");
        await UntilAsync("team-b/a");
        hub.Settings = hub.Settings with { Namespaces = ["team-a"] };
        hub.Controller.SettingsChanged();
        await UntilAsync("team-a/a team-b/a");
        hub.Files["apps/c/x.yaml"] = string.Empty;
        hub.Controller.RepositoriesChanged(_ => true);
        await UntilAsync("team-a/a team-a/c team-b/a");
    }

    [Fact]
    public async Task A_project_that_does_not_permit_the_namespace_lends_it_no_credentials()
    {
        await hub.ApplySetAsync(Spec.Replace("project: shared", "project: default", StringComparison.Ordinal), @namespace: "team-a");
        await UntilAsync("team-a/a");
        Assert.Equal([string.Empty], hub.OpenedFor.Distinct());
    }

    [Fact]
    public async Task Git_servers_are_asked_only_where_they_are_named_and_with_the_Secrets_beside_the_set()
    {
        await using FakeForge forge = await FakeForge.StartAsync();
        forge.Authorization = "Bearer theirs";
        forge.Lists["/api/v3/orgs/acme/repos?per_page=100"] = [];
        await hub.ApplyAsync("{apiVersion: v1, kind: Secret, metadata: {name: token, namespace: argocd}, stringData: {key: homes}}");
        await hub.ApplyAsync("{apiVersion: v1, kind: Secret, metadata: {name: token, namespace: team-a}, stringData: {key: theirs}}");
        string spec = """
            generators: [{scmProvider: {github: {organization: acme, api: "ADDRESS", tokenRef: {secretName: token, key: key}}}}]
            template: {metadata: {name: '{{repository}}'}, spec: {project: shared, source: {repoURL: '{{url}}', path: .}, destination: {server: s, namespace: web}}}
            """.Replace("ADDRESS", forge.Address, StringComparison.Ordinal);
        await hub.ApplySetAsync(spec, @namespace: "team-a");
        await SetHub.UntilAsync(() => Task.FromResult(hub.Troubles.GetValueOrDefault("team-a/demo")?.Contains("ask nobody where sets may lie in other namespaces") == true), () => $"{hub.Troubles.GetValueOrDefault("team-a/demo")}");
        Assert.Empty(forge.Asked);
        hub.Settings = hub.Settings with { AllowedForges = [forge.Address] };
        hub.Controller.SettingsChanged();
        await SetHub.UntilAsync(() => Task.FromResult(hub.Troubles.GetValueOrDefault("team-a/demo") is { Length: 0 }), () => $"{hub.Troubles.GetValueOrDefault("team-a/demo")}");
        Assert.NotEmpty(forge.Asked);
    }

    private async Task<IReadOnlyList<MapNode>> ListAsync() => (await hub.Cluster.ListAsync(ArgoDefinitions.Applications, string.Empty, ListOptions.All, default)).Items;

    private async Task<MapNode> SetAsync(string home) => (await hub.Cluster.GetAsync(new ObjectKey(ArgoDefinitions.ApplicationSets, home, "demo"), default))!;

    private async Task UntilAsync(string expected)
    {
        string seen = string.Empty;
        string[] wanted = [.. expected.Split(' ').Order(StringComparer.Ordinal)];
        await SetHub.UntilAsync(async () => (seen = string.Join(' ', (await ListAsync()).Select(item => $"{new Resource(item).Namespace}/{new Resource(item).Name}").Order(StringComparer.Ordinal))) == string.Join(' ', wanted), () => $"there are {seen}");
    }
}
