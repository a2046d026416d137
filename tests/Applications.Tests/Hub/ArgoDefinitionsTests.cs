using Bowline.Applications.Hub;
using Bowline.Cluster.Http;
using Bowline.Cluster.Requests;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Applications.Tests.Hub;

public sealed class ArgoDefinitionsTests
{
    private static readonly KindInfo Definitions = new(new ResourceKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition"), "customresourcedefinitions", Namespaced: false);

    [Fact]
    public async Task The_embedded_cluster_serves_the_three_kinds_under_their_short_names()
    {
        await using TestCluster bench = await TestCluster.StartAsync();
        await ArgoDefinitions.InstallAsync(bench.Cluster, TimeProvider.System, default);
        KindInfo[] kinds = [.. (await bench.Cluster.DiscoverAsync(default)).Kinds.Where(kind => kind.Kind.Group == "argoproj.io").OrderBy(kind => kind.Plural, StringComparer.Ordinal)];
        Assert.Equal(["applications", "applicationsets", "appprojects"], kinds.Select(kind => kind.Plural));
        Assert.Equal(["app", "apps"], kinds[0].ShortNames);
        Assert.Equal(["appset", "appsets"], kinds[1].ShortNames);
        Assert.Equal(["appproj", "appprojs"], kinds[2].ShortNames);
        Assert.Equal([false, true, false], kinds.Select(kind => kind.Subresources.Contains("status")));
    }

    [Fact]
    public async Task Installing_again_changes_nothing_and_what_somebody_else_installed_is_left_alone()
    {
        await using TestCluster bench = await TestCluster.StartAsync();
        MapNode theirs = ArgoDefinitions.DefinitionOf("Application");
        theirs.EnsureMap("metadata").Remove("labels");
        await bench.Cluster.CreateAsync(Definitions, string.Empty, theirs, new WriteOptions(), default);
        string[] before = [];
        for (int round = 0; round < 2; round++)
        {
            await ArgoDefinitions.InstallAsync(bench.Cluster, TimeProvider.System, default);
            string[] now = [.. (await bench.Cluster.ListAsync(Definitions, string.Empty, ListOptions.All, default)).Items.Select(item => item.At("metadata", "generation")!.ToString()!)];
            Assert.Equal(["1", "1", "1"], now);
            Assert.True(round == 0 || before.SequenceEqual(now));
            before = now;
        }

        Assert.Null((await bench.Cluster.GetAsync(new ObjectKey(Definitions, string.Empty, "applications.argoproj.io"), default))!.At("metadata", "labels"));
    }

    [Fact]
    public async Task Fields_that_Argo_CD_does_not_have_are_dropped_and_wrong_types_refused()
    {
        await using TestCluster bench = await TestCluster.StartAsync();
        await ArgoDefinitions.InstallAsync(bench.Cluster, TimeProvider.System, default);
        MapNode made = await CreateAsync(bench.Cluster, "{repoURL: https://example.com/a, helm: {valuesObject: {free: {form: [1, a]}}, nonsense: 1}}");
        Assert.Equal("""{"repoURL":"https://example.com/a","helm":{"valuesObject":{"free":{"form":[1,"a"]}}}}""", JsonWriter.ToText(made.At("spec", "source")!));
        ClusterException refused = await Assert.ThrowsAsync<ClusterException>(() => CreateAsync(bench.Cluster, "{repoURL: https://example.com/a, directory: {recurse: sometimes}}"));
        Assert.Contains("spec.source.directory.recurse", refused.Message);
    }

    private static Task<MapNode> CreateAsync(HttpCluster cluster, string source) => cluster.CreateAsync(ArgoDefinitions.Applications, "default", (MapNode)YamlReader.Read($$"""
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {generateName: web-}
        spec: {project: default, destination: {server: https://kubernetes.default.svc}, source: {{source}}}
        """, YamlReadOptions.Kubernetes), new WriteOptions(), default);
}
