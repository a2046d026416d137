using Bowline.Applications.ArgoCd;
using Bowline.Applications.Model;
using Bowline.Applications.Projects;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Planning;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Applications.Tests.Projects;

public sealed class ProjectTests
{
    private static readonly Destination Home = new() { Server = "https://kubernetes.default.svc", Namespace = "web" };

    [Theory]
    [InlineData("['*']", "https://github.com/a/b", true)]
    [InlineData("[]", "https://github.com/a/b", false)]
    [InlineData("['https://github.com/a/*']", "https://github.com/a/b.git", true)]
    [InlineData("['https://github.com/a/*']", "https://github.com/a/b/c", false)]
    [InlineData("['https://github.com/a/**']", "https://github.com/a/b/c", true)]
    [InlineData("['*', '!https://github.com/evil/*']", "https://github.com/evil/b", false)]
    [InlineData("['*', '!https://github.com/evil/*']", "https://github.com/good/b", true)]
    public void Sources_are_allowed_by_globs_and_forbidden_by_those_with_an_exclamation_mark(string repos, string url, bool allowed)
    {
        Project project = Read($"{{sourceRepos: {repos}, destinations: [{{server: '*', namespace: '*'}}]}}");
        Assert.Equal(allowed, project.Refuses(Application(url)).Length == 0);
    }

    [Theory]
    [InlineData("[{server: 'https://kubernetes.default.svc', namespace: web}]", "web", true)]
    [InlineData("[{name: in-cluster, namespace: 'w*'}]", "web", true)]
    [InlineData("[{server: '*', namespace: other}]", "web", false)]
    [InlineData("[{server: '*', namespace: '*'}, {server: '*', namespace: '!kube-system'}]", "kube-system", false)]
    [InlineData("[{server: '*', namespace: '*'}, {server: '!https://kubernetes.default.svc', namespace: '*'}]", "web", false)]
    [InlineData("[{server: 'https://elsewhere', namespace: '*'}]", "web", false)]
    public void Destinations_are_allowed_by_server_or_name_and_namespace(string destinations, string @namespace, bool allowed)
    {
        Project project = Read($"{{sourceRepos: ['*'], destinations: {destinations}}}");
        Assert.Equal(allowed, project.Refuses(Application("https://a") with { Destination = Home with { Namespace = @namespace } }).Length == 0);
    }

    [Theory]
    [InlineData("{}", "ConfigMap", true, true)]
    [InlineData("{}", "Namespace", false, false)]
    [InlineData("{clusterResourceWhitelist: [{group: '', kind: Namespace}]}", "Namespace", false, true)]
    [InlineData("{clusterResourceWhitelist: [{group: '', kind: Namespace, name: 'team-*'}]}", "Namespace", false, false)]
    [InlineData("{clusterResourceWhitelist: [{group: '*', kind: '*'}], clusterResourceBlacklist: [{group: '', kind: Name*}]}", "Namespace", false, false)]
    [InlineData("{namespaceResourceBlacklist: [{group: '', kind: ConfigMap}]}", "ConfigMap", true, false)]
    [InlineData("{namespaceResourceWhitelist: [{group: '', kind: Secret}]}", "ConfigMap", true, false)]
    [InlineData("{namespaceResourceWhitelist: []}", "ConfigMap", true, false)]
    public void Kinds_are_allowed_by_group_and_kind(string spec, string kind, bool namespaced, bool allowed)
    {
        MapNode rules = (MapNode)YamlReader.Read(spec, YamlReadOptions.Kubernetes);
        rules["destinations"] = YamlReader.Read("[{server: '*', namespace: '*'}]", YamlReadOptions.Kubernetes);
        Project project = Project.Read(new MapNode { ["metadata"] = new MapNode { ["name"] = "team" }, ["spec"] = rules }, ClusterSecrets.Read([]));
        Assert.Equal(allowed, project.Refuses(Home, new ResourceId(string.Empty, kind, namespaced ? "web" : string.Empty, "a"), namespaced).Length == 0);
    }

    [Fact]
    public void Every_document_counts_hooks_included_and_nothing_of_the_plan_goes_through()
    {
        // Attack list 15: what a manifest of several documents hides is held to the project, too.
        ProjectGate gate = Gate("{sourceRepos: ['*'], destinations: [{server: '*', namespace: web}]}");
        Assert.Equal(GateVerdict.Allow, gate.Decide(Plan(Wants("ConfigMap", "web"))).Verdict);
        GateDecision elsewhere = gate.Decide(Plan(Wants("ConfigMap", "web"), Wants("Secret", "kube-system")));
        Assert.Equal(GateVerdict.Deny, elsewhere.Verdict);
        Assert.Contains("kube-system", elsewhere.Reason);
        Assert.Contains("namespace kube-system is not permitted in project 'team'", elsewhere.Reason);
        PlannedAction hook = Wants("ClusterRole", string.Empty, "rbac.authorization.k8s.io") with { Hook = new Hook(SyncPhase.PreSync, HookDeletePolicies.None), Change = PlannedChange.RunHook };
        Assert.Contains("ClusterRole is not permitted", gate.Decide(Plan(Wants("ConfigMap", "web"), hook)).Reason);
    }

    [Fact]
    public void A_project_that_does_not_exist_holds_everything_back_and_default_always_exists()
    {
        ProjectRules none = new(ArgoCdSettings.Empty, assume: false);
        Assert.Null(none.Find("team"));
        Assert.Equal(string.Empty, none.Find("default")!.Refuses(Application("https://a")));
        Assert.NotNull(new ProjectRules(ArgoCdSettings.Empty, assume: true).Find("team"));
        Assert.Contains("does not exist", new ProjectGate(_ => Application("https://a"), () => none).Decide(Plan(Wants("ConfigMap", "web"))).Reason);
    }

    [Fact]
    public void A_repository_secret_of_one_project_opens_nothing_for_another()
    {
        // Attack list 12.
        MapNode secret = (MapNode)YamlReader.Read("{apiVersion: v1, kind: Secret, metadata: {name: a, labels: {argocd.argoproj.io/secret-type: repository}}, stringData: {url: 'https://git.example.com/a', project: team, username: u, password: p}}", YamlReadOptions.Kubernetes);
        RepositorySecrets secrets = RepositorySecrets.Read([secret]);
        Assert.NotNull(secrets.For("https://git.example.com/a", "team"));
        Assert.Null(secrets.For("https://git.example.com/a", "other"));
    }

    internal static ApplicationSpec Application(string url) => new("web") { Project = "team", Destination = Home, Sources = [new ApplicationSource { RepoUrl = url }] };

    internal static ProjectRules Rules(string spec) => new(ArgoCdSettings.Read([new MapNode
    {
        ["apiVersion"] = "argoproj.io/v1alpha1",
        ["kind"] = "AppProject",
        ["metadata"] = new MapNode { ["name"] = "team" },
        ["spec"] = YamlReader.Read(spec, YamlReadOptions.Kubernetes),
    }]), assume: false);

    [Fact]
    public void A_global_project_counts_for_those_whose_labels_its_selector_matches()
    {
        static MapNode Project(string name, string spec, string labels = "{}") => (MapNode)YamlReader.Read($"{{apiVersion: argoproj.io/v1alpha1, kind: AppProject, metadata: {{name: {name}, labels: {labels}}}, spec: {spec}}}", YamlReadOptions.Kubernetes);
        ArgoCdSettings settings = ArgoCdSettings.Read([
            Project("everywhere", "{sourceRepos: ['https://shared'], destinations: [{server: '*', namespace: common}], namespaceResourceBlacklist: [{group: '', kind: Secret}], clusterResourceWhitelist: [{group: '', kind: Namespace}]}"),
            Project("team", "{sourceRepos: ['https://a'], destinations: [{server: '*', namespace: web}]}", "{tier: gold}"),
            Project("other", "{sourceRepos: ['https://a'], destinations: [{server: '*', namespace: web}]}", "{tier: tin}"),
            (MapNode)YamlReader.Read("{kind: ConfigMap, metadata: {name: argocd-cm}, data: {globalProjects: '[{projectName: everywhere, labelSelector: {matchExpressions: [{key: tier, operator: In, values: [gold, silver]}]}}]'}}", YamlReadOptions.Kubernetes),
        ]);
        ProjectRules rules = new(settings, assume: false);
        ApplicationSpec shared = Application("https://shared") with { Destination = new Destination { Server = "https://x", Namespace = "common" } };
        Assert.Equal(string.Empty, rules.Find("team")!.Refuses(shared));
        Assert.Contains("is not permitted in project 'other'", rules.Find("other")!.Refuses(shared));
        Assert.Contains("Secret is not permitted", rules.Find("team")!.Refuses(shared.Destination, new ResourceId("", "Secret", "web", "s"), namespaced: true));
        Assert.Equal(string.Empty, rules.Find("other")!.Refuses(shared.Destination, new ResourceId("", "Secret", "web", "s"), namespaced: true));
        Assert.Equal(string.Empty, rules.Find("team")!.Refuses(shared.Destination, new ResourceId("", "Namespace", "", "n"), namespaced: false));
        Assert.Contains("is not permitted", rules.Find("everywhere")!.Refuses(Application("https://a")));
    }

    internal static SyncPlan Plan(params PlannedAction[] actions) => new("web", [new SyncWave(SyncPhase.Sync, 0, actions)]);

    internal static PlannedAction Wants(string kind, string @namespace, string group = "")
    {
        ResourceId id = new(group, kind, @namespace, "a");
        KindInfo info = new(new ResourceKind(group, "v1", kind), kind.ToLowerInvariant() + "s", Namespaced: @namespace.Length > 0);
        return new PlannedAction(id, PlannedChange.Create, "not in the cluster") { Desired = new DesiredObject(id, new MapNode(), Origin.Unknown) { Kind = info } };
    }

    private static ProjectGate Gate(string spec)
    {
        ProjectRules rules = Rules(spec);
        return new ProjectGate(_ => Application("https://a"), () => rules);
    }

    private static Project Read(string spec) => Rules(spec).Find("team")!;
}
