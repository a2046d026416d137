using Bowline.Rendering.Kustomize;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Sources.Files;
using Bowline.Tests;
using static Bowline.Rendering.Tests.Kustomize.KustomizeCase;

namespace Bowline.Rendering.Tests.Kustomize;

public sealed class KustomizeRendererTests
{
    [Fact]
    public void An_object_knows_its_file_its_line_and_what_changed_it()
    {
        FileTree files = Files(
            "base/kustomization.yaml", "namePrefix: p-\nresources: [all.yaml]\n",
            "base/all.yaml", $"{ConfigMap}---\n{ConfigMap.Replace("name: cm", "name: two", StringComparison.Ordinal)}",
            "over/kustomization.yaml", "resources: [../base]\nnamespace: ns\n");
        Resource second = Build(files, "over").Resources[1];
        Assert.Equal("p-two", second.Name);
        Assert.Equal("base/all.yaml", second.Origin.File);
        Assert.Equal(8, second.Origin.Line);
        Assert.Equal(["PrefixTransformer (base/kustomization.yaml)", "NamespaceTransformer (over/kustomization.yaml)"], second.Origin.Through);
    }

    [Fact]
    public void The_result_names_every_file_it_depends_on()
    {
        FileTree files = Files(
            "o/kustomization.yaml", "resources: [../b]\npatches: [{path: p.yaml}]\n", "o/p.yaml", ConfigMap, "o/unused.yaml", "x",
            "b/kustomization.yaml", "resources: [cm.yaml]\n", "b/cm.yaml", ConfigMap);
        Assert.Equal(["b/cm.yaml", "b/kustomization.yaml", "o/kustomization.yaml", "o/p.yaml"], Build(files, "o").FilesRead.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Options_are_a_layer_above_the_kustomization()
    {
        FileTree files = Files("kustomization.yaml", "namePrefix: in-\nresources: [d.yaml]\nconfigMapGenerator: [{name: cm, literals: [a=b]}]\n", "d.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: d}\nspec: {containers: [{name: c, image: 'nginx:1', envFrom: [{configMapRef: {name: cm}}]}]}\n");
        KustomizeOptions options = new()
        {
            NamePrefix = "out-",
            NameSuffix = "-z",
            Namespace = "ns",
            Images = ["nginx=example.org/nginx:2"],
            CommonLabels = [new("l", "v")],
            CommonAnnotations = [new("a", "w")],
        };
        Resource pod = Build(files, options: options).Resources.Single(resource => resource.Kind.Kind == "Pod");
        Assert.Equal("out-in-d-z", pod.Name);
        Assert.Equal("ns", pod.Namespace);
        Assert.Equal(("v", "w"), (pod.Label("l"), pod.Annotation("a")));
        Node container = pod.Node["spec"]!["containers"]!.AsList()![0];
        Assert.Equal("example.org/nginx:2", container["image"]!.AsString());
        Assert.StartsWith("out-in-cm-z-", container["envFrom"]!.AsList()![0].At("configMapRef", "name")!.AsString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_remote_base_is_read_through_the_fetcher()
    {
        SourceRef? asked = null;
        FileTree remote = Files("deploy/kustomization.yaml", "resources: [cm.yaml]\nnamePrefix: far-\n", "deploy/cm.yaml", ConfigMap);
        KustomizeRenderer renderer = new(fetch: (reference, _) =>
        {
            asked = reference;
            return remote;
        });
        RenderResult result = Build(Files("kustomization.yaml", "resources: ['https://example.org/org/repo//deploy?ref=v1.2']\n"), renderer: renderer);
        Assert.Equal("far-cm", result.Resources[0].Name);
        Assert.Equal(new SourceRef("https://example.org/org/repo", "v1.2"), asked);
        Assert.Equal(["kustomization.yaml"], result.FilesRead);
    }

    [Fact]
    public void A_chart_that_is_not_in_the_source_is_named_with_version_and_repository()
    {
        FileTree files = Files("kustomization.yaml", "helmCharts: [{name: podinfo, version: 6.1.0, repo: 'https://user:secret@charts.example.org'}]\n");
        string message = Refusal(files).Message;
        Assert.Contains("'podinfo' version 6.1.0 of https://charts.example.org", message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
        Assert.Contains("--enable-helm", Refusal(files, options: new() { EnableHelm = false }).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_chart_in_the_source_is_rendered_with_its_values()
    {
        RecordingCharts charts = new();
        FileTree files = Files(
            "app/kustomization.yaml",
            "namespace: ns\nhelmGlobals: {chartHome: ../charts}\nhelmCharts:\n- {name: podinfo, version: 1.0.0, releaseName: web, namespace: apps, includeCRDs: true, valuesFile: v.yaml, valuesInline: {a: 1}}\n",
            "app/v.yaml", "b: 2\n",
            "charts/podinfo/Chart.yaml", "name: podinfo\n");
        RenderResult result = Build(files, "app", renderer: new KustomizeRenderer(charts));
        Assert.Equal(string.Empty, result.Resources[0].Namespace);
        RenderRequest asked = charts.Request!;
        Assert.Equal(("charts/podinfo", "web", "apps", true), (asked.Path, asked.ReleaseName, asked.Namespace, asked.Helm.IncludeCrds));
        Assert.Equal(["b", "a"], asked.Helm.Values!.Keys);
    }

    [Fact]
    public void One_renderer_serves_many_threads()
    {
        KustomizeRenderer renderer = new();
        FileTree files = Files("kustomization.yaml", "namePrefix: p-\nresources: [cm.yaml]\nconfigMapGenerator: [{name: g, literals: [a=b]}]\n", "cm.yaml", ConfigMap);
        string expected = Build(files, renderer: renderer).Text();
        Parallel.For(0, 200, _ => Assert.Equal(expected, Build(files, renderer: renderer).Text()));
    }

    [Theory]
    [InlineData("ressources: [a]\n", "ressources")]
    [InlineData("resources: a\n", "resources")]
    [InlineData("namePrefix: [a]\n", "namePrefix")]
    [InlineData("resources: [missing.yaml]\n", "missing.yaml")]
    [InlineData("patches: [{path: missing.yaml}]\n", "missing.yaml")]
    [InlineData("sortOptions: {order: up}\n", "sortOptions")]
    public void An_error_names_the_file_and_the_cause(string kustomization, string cause)
    {
        RenderException error = Refusal(Files("app/kustomization.yaml", kustomization), "app");
        Assert.StartsWith("app/", error.File, StringComparison.Ordinal);
        Assert.Contains(cause, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"a\":{\"b\":\"x\"},\"n\":1}", "a.b", "new", "{\"a\":{\"b\":\"new\"},\"n\":1}")]
    [InlineData("{\n  \"n\": 1,\n  \"a\": {}\n}", "n", "2", "{\n  \"a\": {},\n  \"n\": 2\n}")]
    [InlineData("# top\na:\n  b: x # here\n", "a.b", "new", "# top\na:\n  b: new # here")]
    [InlineData("a: \"x\"\n", "a", "1", "a: \"1\"")]
    [InlineData("l:\n- {k: v}\n- {k: w}\n", "l.[k=w].k", "z", "l:\n- {k: v}\n- {k: z}")]
    public void A_replacement_reaches_into_structured_text(string text, string path, string value, string expected)
    {
        FileTree files = Files(
            "kustomization.yaml", $"resources: [cm.yaml]\nreplacements: [{{sourceValue: '{value}', targets: [{{select: {{kind: ConfigMap}}, fieldPaths: ['data.t.{path}']}}]}}]\n",
            "cm.yaml", $"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: cm}}\ndata:\n  t: {System.Text.Json.JsonSerializer.Serialize(text)}\n");
        Assert.Equal(expected, Build(files).Resources[0].Node.At("data", "t")!.AsString());
    }

    [Fact]
    public void Negative_indices_count_from_the_end_anywhere_in_a_json_patch_path()
    {
        FileTree files = Files(
            "kustomization.yaml", "resources: [d.yaml]\npatches: [{target: {kind: Pod}, path: p.yaml}]\n",
            "p.yaml", "- {op: replace, path: /spec/containers/-1/name, value: last}\n- {op: add, path: /spec/containers/-1, value: {name: x}}\n- {op: remove, path: /spec/containers/-3}\n",
            "d.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: d}\nspec: {containers: [{name: a}, {name: b}]}\n");
        ListNode containers = Build(files).Resources[0].Node.At("spec", "containers")!.AsList()!;
        Assert.Equal(["last", "x"], containers.Select(container => container["name"]!.AsString()));
        FileTree beyond = Files("kustomization.yaml", "resources: [cm.yaml]\npatches: [{target: {kind: ConfigMap}, patch: '[{\"op\": \"remove\", \"path\": \"/metadata/finalizers/-2\"}]'}]\n", "cm.yaml", ConfigMap.Replace("name: cm", "name: cm\n  finalizers: [a]", StringComparison.Ordinal));
        Assert.Contains("-2", Refusal(beyond).Message, StringComparison.Ordinal);
    }

    [SharedFact]
    public void Every_kustomization_of_a_real_repository_builds_or_names_what_it_could_not_fetch()
    {
        DirectoryTree files = new(SharedFolder.Corpus("goingdark-iac"));
        KustomizeRenderer renderer = new();
        string[] known = ["this build fetches no charts", "is not available here", "is refused: a build reads no files over HTTP", "does not exist; cannot merge or replace"];
        foreach (string path in files.Walk().Where(path => TreePath.Name(path) == "kustomization.yaml"))
        {
            try
            {
                Build(files, TreePath.Parent(path), renderer: renderer).Text();
            }
            catch (RenderException error)
            {
                Assert.True(known.Any(reason => error.Message.Contains(reason, StringComparison.Ordinal)), $"{path}: {error.Message}");
            }
        }
    }

    private sealed class RecordingCharts : IRenderer
    {
        public RenderRequest? Request { get; private set; }

        public RenderResult Render(RenderRequest request, CancellationToken cancellationToken)
        {
            Request = request;
            MapNode made = new() { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new MapNode { ["name"] = "from-chart" } };
            return new RenderResult([new Resource(made)], new HashSet<string>()) { Text = () => "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-chart}\n" };
        }
    }
}
