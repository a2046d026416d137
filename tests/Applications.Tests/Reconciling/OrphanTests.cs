using Bowline.Applications.ArgoCd;
using Bowline.Applications.Model;
using Bowline.Applications.Projects;
using Bowline.Applications.Reconciling;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Applications.Tests.Reconciling;

/// <summary>Objects that belong to no application, in namespaces whose projects look for them.</summary>
public sealed class OrphanTests
{
    [Fact]
    public async Task What_belongs_to_no_application_is_told_as_it_comes_and_goes_and_what_the_project_ignores_is_not()
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        Watch(bench, "{sourceRepos: ['*'], destinations: [{server: '*', namespace: a}], namespaceResourceBlacklist: [{group: '', kind: Service}], orphanedResources: {ignore: [{group: '', kind: ConfigMap, name: 'mine-*'}, {group: apps, kind: ControllerRevision}]}}");
        await bench.DeliverAsync("a", FaultBench.ConfigMap("one"));
        await bench.DeliverAsync("b", FaultBench.ConfigMap("elsewhere"));
        Assert.Empty(bench.Report("a")!.Orphans);

        await CreateAsync(bench, "{apiVersion: v1, kind: ConfigMap, metadata: {name: mine-1, namespace: a}}");
        await CreateAsync(bench, "{apiVersion: v1, kind: ConfigMap, metadata: {name: kube-root-ca.crt, namespace: a}}");
        await CreateAsync(bench, "{apiVersion: v1, kind: Service, metadata: {name: denied, namespace: a}, spec: {ports: [{port: 80}]}}");
        await CreateAsync(bench, "{apiVersion: v1, kind: ConfigMap, metadata: {name: of-b, namespace: a, annotations: {argocd.argoproj.io/tracking-id: 'b:/ConfigMap:a/of-b'}}}");
        await CreateAsync(bench, "{apiVersion: v1, kind: ConfigMap, metadata: {name: copied, namespace: a, annotations: {argocd.argoproj.io/tracking-id: 'b:/ConfigMap:b/copied'}}}");
        MapNode secret = await CreateAsync(bench, "{apiVersion: v1, kind: Secret, metadata: {name: left, namespace: a}}");
        string uid = secret.At("metadata", "uid")!.AsString()!;
        await CreateAsync(bench, $"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: owned, namespace: a, ownerReferences: [{{apiVersion: v1, kind: Secret, name: left, uid: {uid}}}]}}}}");
        await CreateAsync(bench, "{apiVersion: v1, kind: Secret, metadata: {name: gone-application, namespace: a, annotations: {argocd.argoproj.io/tracking-id: 'gone:/Secret:a/gone-application'}}}");
        await ToldAsync(bench, "ConfigMap a/copied", "Secret a/gone-application", "Secret a/left", "ConfigMap a/owned");
        Assert.Empty(bench.Report("b")!.Orphans);

        await bench.Server.DeleteAsync(new ObjectKey(Secrets, "a", "left"), DeleteOptions.Background, default);
        await bench.Server.DeleteAsync(new ObjectKey(ConfigMaps, "a", "owned"), DeleteOptions.Background, default);
        await ToldAsync(bench, "ConfigMap a/copied", "Secret a/gone-application");
    }

    [Theory]
    [InlineData("{sourceRepos: ['*'], destinations: [{server: '*', namespace: '*'}]}")]
    [InlineData("{sourceRepos: ['*'], destinations: [{server: '*', namespace: '*'}], orphanedResources: {warn: false}}")]
    public async Task Nobody_looks_where_the_project_does_not_ask_for_it(string project)
    {
        await using FaultBench bench = await FaultBench.StartAsync();
        Watch(bench, project);
        await bench.DeliverAsync("a", FaultBench.ConfigMap("one"));
        await CreateAsync(bench, "{apiVersion: v1, kind: Secret, metadata: {name: left, namespace: a}}");
        await bench.HealsAsync("one");
        Assert.Empty(bench.Report("a")!.Orphans);
        Assert.False(bench.Target.Live.Knows(Secrets.Kind, "a"), "Secrets are watched though nobody asked for it");
    }

    private static readonly KindInfo ConfigMaps = new(new ResourceKind(string.Empty, "v1", "ConfigMap"), "configmaps", Namespaced: true);
    private static readonly KindInfo Secrets = new(new ResourceKind(string.Empty, "v1", "Secret"), "secrets", Namespaced: true);

    private static void Watch(FaultBench bench, string project)
    {
        MapNode declared = new() { ["apiVersion"] = "argoproj.io/v1alpha1", ["kind"] = "AppProject", ["metadata"] = new MapNode { ["name"] = "default" }, ["spec"] = YamlReader.Read(project) };
        ProjectRules rules = new(ArgoCdSettings.Read([declared]), assume: false);
        bench.Context = bench.Context with { Orphans = new OrphanFinder(() => rules, name => name is "a" or "b") };
    }

    private static async Task<MapNode> CreateAsync(FaultBench bench, string manifest)
    {
        Resource resource = new((MapNode)YamlReader.Read(manifest));
        KindInfo kind = (await bench.Server.FindKindAsync(resource.Kind, default))!;
        return await bench.Server.CreateAsync(kind, resource.Namespace, resource.Node, new WriteOptions(), default);
    }

    private static Task ToldAsync(FaultBench bench, params string[] expected) => FaultBench.UntilAsync(
        () => bench.Report("a")!.Orphans.Select(id => id.ToString()).SequenceEqual(expected),
        () => string.Join(", ", bench.Report("a")!.Orphans));
}
