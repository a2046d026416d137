using Bowline.Applications.ArgoCd;
using Bowline.Applications.ApplicationSets.Controlling;
using Bowline.Resources.Model;

namespace Bowline.Applications.Tests.ApplicationSets;

public sealed class ControllerTests : IAsyncLifetime
{
    private const string Spec = """
        generators: [{git: {repoURL: https://example.com/r.git, revision: main, directories: [{path: 'apps/*'}]}}]
        template:
          metadata: {name: '{{path.basename}}', labels: {app: '{{path.basename}}'}, annotations: {note: set}}
          spec: {project: default, source: {repoURL: https://example.com/r.git, path: '{{path}}', targetRevision: main}, destination: {server: https://kubernetes.default.svc, namespace: web}, syncPolicy: {automated: {prune: true}}}
        """;

    private SetHub hub = null!;

    public async Task InitializeAsync()
    {
        hub = await SetHub.StartAsync();
        hub.Files["apps/a/x.yaml"] = hub.Files["apps/b/x.yaml"] = string.Empty;
    }

    public async Task DisposeAsync() => await hub.DisposeAsync();

    [Fact]
    public async Task Applications_follow_their_set_and_its_repository()
    {
        await hub.ApplySetAsync(Spec);
        await hub.UntilNamesAsync("a", "b");
        MapNode application = (await hub.FindAsync("a"))!;
        Assert.Equal("ApplicationSet demo", ApplicationChange.ControllerOf(application) is { } owner ? $"{owner["kind"]} {owner["name"]}" : null);
        Assert.Equal("apps/a", application.At("spec", "source", "path")!.AsString());
        await hub.UntilWellAsync();

        hub.Files["apps/c/x.yaml"] = string.Empty;
        hub.Files.Remove("apps/a/x.yaml");
        hub.Controller.RepositoriesChanged(query => query.Url == "https://example.com/r.git");
        await GoAsync("a");
        await hub.UntilNamesAsync("b", "c");

        await hub.ApplySetAsync(Spec.Replace("namespace: web", "namespace: other"));
        await SetHub.UntilAsync(async () => (await hub.FindAsync("b"))!.At("spec", "destination", "namespace")!.AsString() == "other", () => "b is not changed");
        await SetHub.UntilAsync(async () => (await hub.SetAsync())!.At("status", "resources") is ListNode { Count: 2 } && (await hub.SetAsync())!.At("status", "resourcesCount")!.AsInteger() == 2, () => "the set does not name its applications");
    }

    [Fact]
    public async Task What_somebody_changes_is_put_back_but_for_what_the_set_leaves_to_others()
    {
        await hub.ApplySetAsync(Spec + "\npreservedFields: {annotations: [mine], labels: [team]}\nignoreApplicationDifferences: [{jsonPointers: [/spec/source/targetRevision]}, {name: b, jqPathExpressions: [.spec.syncPolicy]}]");
        await hub.UntilNamesAsync("a", "b");
        await hub.PatchAsync("a", "{metadata: {annotations: {mine: kept, theirs: gone, notified.notifications.argoproj.io: kept}, labels: {team: x, app: wrong}}, spec: {source: {targetRevision: canary}, syncPolicy: null, destination: {namespace: moved}}, operation: {sync: {}}}");
        await hub.PatchAsync("b", "{spec: {syncPolicy: {automated: {prune: false}}, destination: {namespace: moved}}}");
        await SetHub.UntilAsync(async () => (await hub.ListAsync()).All(application => application.At("spec", "destination", "namespace")!.AsString() == "web"), () => "the namespace is not put back");
        MapNode a = (await hub.FindAsync("a"))!;
        Assert.Equal(["mine=kept", "note=set", "notified.notifications.argoproj.io=kept"], a.At("metadata", "annotations")!.AsMap()!.Select(item => $"{item.Key}={item.Value}").Order());
        Assert.Equal(["app=a", "team=x"], a.At("metadata", "labels")!.AsMap()!.Select(item => $"{item.Key}={item.Value}").Order());
        Assert.Equal("canary", a.At("spec", "source", "targetRevision")!.AsString());
        Assert.True(a.At("spec", "syncPolicy", "automated", "prune")!.AsBool());
        Assert.NotNull(a["operation"]);
        Assert.False((await hub.FindAsync("b"))!.At("spec", "syncPolicy", "automated", "prune")!.AsBool());
    }

    [Theory]
    [InlineData("create-only", "", false, false, false)]
    [InlineData("create-update", "", false, true, false)]
    [InlineData("create-delete", "", false, false, true)]
    [InlineData("sync", "", false, true, true)]
    [InlineData("sync", "create-only", false, false, false)]
    [InlineData("create-update", "create-delete", true, true, false)]
    public async Task A_policy_says_what_may_be_done_the_installations_before_the_sets(string policy, string installation, bool mayOverride, bool updates, bool deletes)
    {
        hub.Settings = new SetSettings { Policy = installation, AllowsPolicyOverride = mayOverride };
        string spec = Spec + $"\nsyncPolicy: {{applicationsSync: {policy}}}";
        await hub.ApplySetAsync(spec);
        await hub.UntilNamesAsync("a", "b");
        hub.Files.Remove("apps/a/x.yaml");
        hub.Files["apps/c/x.yaml"] = string.Empty;
        await hub.ApplySetAsync(spec.Replace("namespace: web", "namespace: other"));
        await SetHub.UntilAsync(async () => (await hub.FindAsync("c")) is not null, () => "c is not made");
        await SetHub.UntilAsync(() => Task.FromResult(hub.Controller.IsIdle), () => "it does not come to rest");
        Assert.Equal(updates ? "other" : "web", (await hub.FindAsync("b"))!.At("spec", "destination", "namespace")!.AsString());
        Assert.Equal(deletes, (await hub.FindAsync("a"))!.At("metadata", "deletionTimestamp") is not null);
    }

    [Fact]
    public async Task A_trial_writes_nothing_and_what_the_installation_says_anew_counts_at_once()
    {
        hub.Settings = new SetSettings { IsDryRun = true };
        await hub.ApplySetAsync(Spec);
        await hub.UntilTroubleAsync("2 applications are generated and none is written (applicationsetcontroller.dryrun)");
        Assert.Empty(await hub.ListAsync());
        hub.Settings = new SetSettings();
        hub.Controller.SettingsChanged();
        await hub.UntilNamesAsync("a", "b");
    }

    [Fact]
    public async Task A_generator_that_fails_keeps_its_applications_and_says_so()
    {
        await hub.ApplySetAsync(Spec);
        await hub.UntilNamesAsync("a", "b");
        hub.GitFault = "https://example.com/r.git: no answer";
        hub.Controller.RepositoriesChanged(_ => true);
        Assert.Equal("error generating params from git: https://example.com/r.git: no answer", await hub.UntilTroubleAsync("no answer"));
        Assert.Equal("error generating params from git: https://example.com/r.git: no answer", SetHub.Condition(await hub.SetAsync(), "ParametersGenerated", "False"));
        Assert.Equal(["a", "b"], await hub.NamesAsync());
        Assert.All(await hub.ListAsync(), application => Assert.Null(application.At("metadata", "deletionTimestamp")));
        hub.GitFault = null;
        hub.Controller.RepositoriesChanged(_ => true);
        await hub.UntilWellAsync();
    }

    [Fact]
    public async Task An_element_that_cannot_be_rendered_leaves_the_others_and_nothing_is_deleted()
    {
        const string Template = "\ngoTemplate: true\ngoTemplateOptions: [missingkey=error]\ntemplate: {metadata: {name: '{{.name}}'}, spec: {project: default, source: {repoURL: u, path: '{{.path}}'}, destination: {server: s}}}";
        await hub.ApplySetAsync("generators: [{list: {elements: [{name: one, path: p}, {name: two, path: p}]}}]" + Template);
        await hub.UntilNamesAsync("one", "two");
        await hub.ApplySetAsync("generators: [{list: {elements: [{name: one}, {name: three, path: p}]}}]" + Template);
        Assert.Contains("map has no entry for key \"path\"", await hub.UntilTroubleAsync("path"));
        await hub.UntilNamesAsync("one", "three", "two");
        Assert.Contains("Successfully", SetHub.Condition(await hub.SetAsync(), "ParametersGenerated", "True"));
    }

    [Fact]
    public async Task Of_two_sets_that_want_one_name_the_second_says_so_and_leaves_it()
    {
        await hub.ApplySetAsync(Spec);
        await hub.UntilNamesAsync("a", "b");
        await hub.ApplySetAsync(Spec.Replace("namespace: web", "namespace: stolen"), "second");
        Assert.Contains("application a belongs to ApplicationSet demo already (and 1 more)", await hub.UntilTroubleAsync("belongs", "second"));
        Assert.All(await hub.ListAsync(), application => Assert.Equal("web", application.At("spec", "destination", "namespace")!.AsString()));
        await hub.DeleteSetAsync("second");
        await Task.Delay(300);
        Assert.Equal(["a", "b"], await hub.NamesAsync());
    }

    [Fact]
    public async Task A_name_that_one_set_gives_up_is_the_others_at_once()
    {
        await hub.ApplySetAsync(Spec);
        await hub.UntilNamesAsync("a", "b");
        await hub.ApplySetAsync(Spec.Replace("namespace: web", "namespace: heir"), "second");
        await hub.UntilTroubleAsync("belongs", "second");
        await hub.DeleteSetAsync();
        foreach (string name in (string[])["a", "b"])
        {
            await SetHub.UntilAsync(async () => (await hub.FindAsync(name))?.At("metadata", "deletionTimestamp") is not null, () => $"{name} stays");
            await hub.PatchAsync(name, "{metadata: {finalizers: null}}");
        }

        await SetHub.UntilAsync(async () => (await hub.ListAsync()) is [var one, var two] && ((MapNode[])[one, two]).All(application => application.At("spec", "destination", "namespace")!.AsString() == "heir"), () => "the names are nobody's");
    }

    [Fact]
    public async Task An_application_of_the_repositorys_own_is_not_taken_and_one_of_nobody_is()
    {
        const string Existing = "{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: NAME, namespace: argocdANNOTATIONS}, spec: {project: default, source: {repoURL: mine}, destination: {server: s}}}";
        await hub.ApplyAsync(Existing.Replace("NAME", "a").Replace("ANNOTATIONS", ", annotations: {bowline.dev/repository: here}"));
        await hub.ApplyAsync(Existing.Replace("NAME", "b").Replace("ANNOTATIONS", string.Empty));
        await hub.ApplySetAsync(Spec);
        await hub.UntilTroubleAsync("application a is declared by a file of the repository already");
        await SetHub.UntilAsync(async () => (await hub.FindAsync("b"))!.At("spec", "source", "repoURL")!.AsString() != "mine", () => "b is not taken over");
        Assert.Equal("mine", (await hub.FindAsync("a"))!.At("spec", "source", "repoURL")!.AsString());
    }

    [Fact]
    public async Task A_project_that_there_is_not_keeps_an_application_back_until_there_is()
    {
        await hub.ApplySetAsync("generators: [{list: {elements: [{id: a, project: default}, {id: b, project: later}]}}]\ntemplate: {metadata: {name: '{{id}}'}, spec: {project: '{{project}}', source: {repoURL: u}, destination: {server: s}}}");
        Assert.Equal("application b references project later which does not exist", await hub.UntilTroubleAsync("later"));
        await hub.UntilNamesAsync("a");
        await hub.ApplyAsync("{apiVersion: argoproj.io/v1alpha1, kind: AppProject, metadata: {name: later, namespace: argocd}, spec: {}}");
        await hub.UntilNamesAsync("a", "b");
        await hub.UntilWellAsync();
    }

    [Fact]
    public async Task Applications_go_with_their_set_and_those_to_be_preserved_take_nothing_along()
    {
        await hub.ApplySetAsync(Spec + "\nsyncPolicy: {preserveResourcesOnDeletion: true}");
        await hub.UntilNamesAsync("a", "b");
        Assert.All(await hub.ListAsync(), application => Assert.Null(application.At("metadata", "finalizers")));
        await hub.DeleteSetAsync();
        await hub.UntilNamesAsync();
    }

    [Fact]
    public async Task Turning_preservation_on_takes_the_finalizers_off()
    {
        await hub.ApplySetAsync(Spec);
        await hub.UntilNamesAsync("a", "b");
        Assert.All(await hub.ListAsync(), application => Assert.Equal("resources-finalizer.argocd.argoproj.io", application.At("metadata", "finalizers")!.AsList()![0].AsString()));
        await hub.ApplySetAsync(Spec + "\nsyncPolicy: {preserveResourcesOnDeletion: true}");
        await SetHub.UntilAsync(async () => (await hub.ListAsync()).All(application => application.At("metadata", "finalizers") is null or ListNode { Count: 0 }), () => "finalizers stay");
    }

    [Fact]
    public async Task A_set_that_may_not_delete_lets_its_applications_go_when_it_is_deleted_itself()
    {
        await hub.ApplySetAsync(Spec + "\nsyncPolicy: {applicationsSync: create-update, preserveResourcesOnDeletion: true}", metadata: "  finalizers: [resources-finalizer.argocd.argoproj.io]\n");
        await hub.UntilNamesAsync("a", "b");
        await hub.DeleteSetAsync();
        await SetHub.UntilAsync(async () => await hub.SetAsync() is null, () => "the set stays");
        await Task.Delay(500);
        Assert.All(await hub.ListAsync(), application => Assert.Null(ApplicationChange.ControllerOf(application)));
        Assert.Equal(["a", "b"], await hub.NamesAsync());
    }

    [Fact]
    public async Task A_refresh_is_taken_up_and_its_annotation_removed()
    {
        await hub.ApplySetAsync(Spec);
        await hub.UntilNamesAsync("a", "b");
        await hub.UntilWellAsync();
        hub.Files["apps/c/x.yaml"] = string.Empty;
        await hub.ApplySetAsync(Spec, metadata: "  annotations: {argocd.argoproj.io/application-set-refresh: 'true'}\n");
        await hub.UntilNamesAsync("a", "b", "c");
        await SetHub.UntilAsync(async () => (await hub.SetAsync())!.At("metadata", "annotations", "argocd.argoproj.io/application-set-refresh") is null, () => "the annotation stays");
    }

    [Fact]
    public async Task New_clusters_get_their_applications()
    {
        await hub.ApplySetAsync("generators: [{clusters: {selector: {matchLabels: {env: prod}}}}]\ntemplate: {metadata: {name: 'on-{{nameNormalized}}'}, spec: {project: default, source: {repoURL: u}, destination: {server: '{{server}}'}}}");
        await hub.UntilWellAsync();
        await hub.ApplyAsync("{apiVersion: v1, kind: Secret, metadata: {name: c1, namespace: argocd, labels: {argocd.argoproj.io/secret-type: cluster, env: prod}}, stringData: {name: EU_1, server: 'https://eu.example.com'}}");
        await hub.UntilNamesAsync("on-eu-1");
        await hub.ApplyAsync("{apiVersion: v1, kind: Secret, metadata: {name: c1, namespace: argocd, labels: {argocd.argoproj.io/secret-type: cluster, env: dev}}, stringData: {name: EU_1, server: 'https://eu.example.com'}}");
        await GoAsync("on-eu-1");
        await hub.UntilNamesAsync();
    }

    [Fact]
    public async Task What_the_cluster_drops_is_not_written_again_and_again()
    {
        await hub.ApplySetAsync(Spec + "\ntemplatePatch: '{spec: {nonsense: true}}'");
        await hub.UntilNamesAsync("a", "b");
        await hub.UntilWellAsync();
        string version = (await hub.FindAsync("a"))!.At("metadata", "resourceVersion")!.AsString()!;
        for (int i = 0; i < 3; i++)
        {
            hub.Controller.RepositoriesChanged(_ => true);
            await Task.Delay(100);
        }

        string later = (await hub.FindAsync("a"))!.At("metadata", "resourceVersion")!.AsString()!;
        Assert.True(long.Parse(later) - long.Parse(version) < 50 && later == version, $"written from {version} to {later}");
    }

    [Fact]
    public async Task How_applications_fare_does_not_make_the_generators_be_asked_again()
    {
        await hub.ApplySetAsync(Spec);
        await hub.UntilNamesAsync("a", "b");
        await hub.UntilWellAsync();
        int opened = hub.Opened;
        await hub.PatchAsync("a", "{status: {sync: {status: Synced}, health: {status: Healthy}}}");
        await SetHub.UntilAsync(async () => (await hub.SetAsync())!.At("status", "resources") is ListNode list && list[0].At("health", "status")?.AsString() == "Healthy" && list[0]["status"]?.AsString() == "Synced", () => "the set does not tell");
        Assert.Equal(opened, hub.Opened);
    }

    /// <summary>Plays the loop, which takes an application's objects along before it lets it go.</summary>
    private async Task GoAsync(string application)
    {
        await SetHub.UntilAsync(async () => (await hub.FindAsync(application))?.At("metadata", "deletionTimestamp") is not null, () => $"{application} is not deleted");
        await hub.PatchAsync(application, "{metadata: {finalizers: null}}");
    }
}
