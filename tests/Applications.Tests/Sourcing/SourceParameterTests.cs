using System.Text;
using Bowline.Applications.Reconciling;
using Bowline.Applications.Sourcing;
using Bowline.Rendering.Detection;
using Bowline.Rendering.Helm;
using Bowline.Rendering.Helm.Dependencies;
using Bowline.Rendering.Kustomize;
using Bowline.Rendering.Plain;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Bowline.Sources.Downloads;
using Bowline.Sources.Files;
using Bowline.Sources.HelmRepositories;
using Bowline.Sources.Oci;

namespace Bowline.Applications.Tests.Sourcing;

/// <summary>Where the parameters of a source come from: value files by name, glob, reference and address, and overrides that lie in the source.</summary>
public sealed class SourceParameterTests
{
    private const string Url = "https://example.com/repository.git";

    private static readonly Dictionary<string, string> Chart = new(StringComparer.Ordinal)
    {
        ["web/Chart.yaml"] = "apiVersion: v2\nname: web\nversion: 1.0.0\n",
        ["web/templates/cm.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {said: '{{ .Values.a }} {{ .Values.b }} {{ .Values.c }}'}\n",
        ["web/values.yaml"] = "a: chart\nb: chart\nc: chart\n",
    };

    private readonly Dictionary<string, string> files = new(Chart, StringComparer.Ordinal);
    private readonly List<string> asked = [];

    [Fact]
    public async Task Names_of_the_build_environment_in_value_files_and_file_parameters_are_replaced()
    {
        files["web/values-web.yaml"] = "a: of the application\n";
        files["web/note-web.txt"] = "a note";
        Assert.Equal("of the application a note chart", await SaidAsync("helm: {valueFiles: ['values-$ARGOCD_APP_NAME.yaml'], fileParameters: [{name: b, path: 'note-${ARGOCD_APP_NAME}.txt'}]}"));
        files["web/web/values.yaml"] = "a: below\n";
        Assert.Equal("below chart chart", await SaidAsync("helm: {valueFiles: [$ARGOCD_APP_NAME/values.yaml]}"));
        Assert.Contains("no source of the application has ref: valeus", await FailsAsync("helm: {valueFiles: [$valeus/values.yaml]}"));
    }

    [Fact]
    public async Task A_glob_stands_for_the_files_that_it_matches_in_order_and_a_file_that_is_named_keeps_its_own_place()
    {
        files["web/env/1.yaml"] = "a: one\nb: one\nc: one\n";
        files["web/env/2.yaml"] = "a: two\nb: two\n";
        files["web/env/3/deep.yaml"] = "a: deep\n";
        Assert.Equal("two two one", await SaidAsync("helm: {valueFiles: ['env/*.yaml']}"));
        Assert.Equal("one one one", await SaidAsync("helm: {valueFiles: ['env/*.yaml', env/1.yaml]}"));
        Assert.Equal("deep two one", await SaidAsync("helm: {valueFiles: ['/web/env/**/*.yaml']}"));
        Assert.Contains("values file glob \"prod/*.yaml\" matched no files", await FailsAsync("helm: {valueFiles: ['prod/*.yaml']}"));
        Assert.Equal("chart chart chart", await SaidAsync("helm: {valueFiles: ['prod/*.yaml'], ignoreMissingValueFiles: true}"));
    }

    [Fact]
    public async Task Value_files_are_fetched_by_the_schemes_that_argocd_cm_allows()
    {
        Assert.Equal("fetched chart from https://files.example.com/note.txt", await SaidAsync("helm: {valueFiles: ['https://user:secret@files.example.com/v.yaml?token=t0ken'], fileParameters: [{name: c, path: 'https://files.example.com/note.txt'}]}"));
        Assert.Equal(["https://user:secret@files.example.com/v.yaml?token=t0ken", "https://files.example.com/note.txt"], asked);
        Assert.Contains("the URL scheme 's3' is not allowed", await FailsAsync("helm: {valueFiles: ['s3://bucket/v.yaml']}"));
        string missing = await FailsAsync("helm: {valueFiles: ['https://user:secret@files.example.com/missing?token=t0ken'], ignoreMissingValueFiles: true}");
        Assert.Contains("https://files.example.com/missing answers 404", missing);
        Assert.DoesNotContain("secret", missing);
        Assert.DoesNotContain("t0ken", missing);
        Assert.Contains("not allowed", await FailsAsync("helm: {valueFiles: ['http://files.example.com/v.yaml']}", schemes: "https"));
        Assert.Contains("allows none", await FailsAsync("helm: {valueFiles: ['https://files.example.com/v.yaml']}", schemes: ""));
    }

    [Fact]
    public async Task File_parameters_may_lie_in_another_source()
    {
        files["elsewhere/note.txt"] = "a note";
        Assert.Equal("chart a note chart", await SaidAsync($$$"""
            sources:
              - {repoURL: "{{{Url}}}", path: web, helm: {fileParameters: [{name: b, path: $more/elsewhere/note.txt}]}}
              - {repoURL: "{{{Url}}}", ref: more}
            """));
    }

    [Fact]
    public async Task Parameters_that_lie_in_the_source_go_over_the_applications_and_those_for_one_application_over_those_for_all()
    {
        files["web/.argocd-source.yaml"] = "helm: {parameters: [{name: a, value: for all}, {name: b, value: for all}]}\n";
        Assert.Equal("for all for all own", await SaidAsync("helm: {valuesObject: {a: own, b: own, c: own}}"));
        files["web/.argocd-source-web.yaml"] = "helm: {valuesObject: {b: null}, parameters: [{name: a, value: for one}]}\nrepoURL: https://elsewhere\npath: elsewhere\n";
        Assert.Equal("for one chart own", await SaidAsync("helm: {valuesObject: {a: own, b: own, c: own}}"));
        files["web/.argocd-source-web.yaml"] = "helm: [\n";
        Assert.Contains("error while parsing source parameters: web/.argocd-source-web.yaml", await FailsAsync(string.Empty));
        files["web/.argocd-source-web.yaml"] = "plugin: {name: cmp}\n";
        Assert.Contains("web/.argocd-source-web.yaml: uses a config management plugin", await FailsAsync(string.Empty));
    }

    [Fact]
    public async Task Overrides_of_images_reach_a_kustomization_and_a_change_of_their_file_renders_it_again()
    {
        files["web/kustomization.yaml"] = "resources: [pod.yaml]\n";
        files["web/pod.yaml"] = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: nginx:1}]}\n";
        Workspace workspace = Open(string.Empty);
        WorkspaceState state = await workspace.LoadAsync(null, WorkspaceChange.Everything, null, CancellationToken.None);
        Assert.Equal("nginx:1", Image(state));
        files["web/.argocd-source-web.yaml"] = "kustomize: {images: ['nginx:2']}\n";
        state = await workspace.LoadAsync(state, new WorkspaceChange { HomeFiles = ["web/.argocd-source-web.yaml"] }, null, CancellationToken.None);
        Assert.Equal("nginx:2", Image(state));

        static string? Image(WorkspaceState state) => Assert.Single(Assert.Single(state.Rendered).Resources).Node.At("spec", "containers")!.AsList()!.Single()["image"]?.AsString();
    }

    [Fact]
    public async Task What_a_source_says_of_a_tool_decides_what_renders_it()
    {
        files["web/kustomization.yaml"] = "resources: []\nnamePrefix: built-\n";
        files["web/plain.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\n";
        Assert.Equal(["plain"], (await RenderAsync("directory: {include: plain.yaml}")).Resources.Select(resource => resource.Name));
        Assert.Equal(["a"], (await RenderAsync("helm: {releaseName: x}")).Resources.Select(resource => resource.Name));
        Assert.Empty((await RenderAsync("helm: {valueFiles: []}\ndirectory: {recurse: false}")).Resources);
        Assert.Contains("a source of several tools: Kustomize, Helm", await FailsAsync("helm: {releaseName: x}\nkustomize: {namePrefix: y}"));
    }

    private async Task<string?> SaidAsync(string source) => Assert.Single((await RenderAsync(source)).Resources).Node.At("data", "said")?.AsString();

    private async Task<RenderedApplication> RenderAsync(string source)
    {
        WorkspaceState state = await Open(source).LoadAsync(null, WorkspaceChange.Everything, null, CancellationToken.None);
        Assert.Empty(state.Faults.Select(fault => fault.Message));
        return Assert.Single(state.Rendered);
    }

    private async Task<string> FailsAsync(string source, string? schemes = null) =>
        Assert.Single((await Open(source, schemes).LoadAsync(null, WorkspaceChange.Everything, null, CancellationToken.None)).Faults).Message;

    /// <param name="source">What the source says beyond where it is, or <c>sources</c>.</param>
    private Workspace Open(string source, string? schemes = null)
    {
        MapNode said = source.Length == 0 ? [] : (MapNode)YamlReader.Read(source);
        MapNode spec = new() { ["project"] = "default", ["destination"] = new MapNode { ["namespace"] = "web" } };
        if (said["sources"] is { } sources)
        {
            spec["sources"] = sources;
        }
        else
        {
            said["repoURL"] = Url;
            said["path"] = "web";
            spec["source"] = said;
        }

        files["apps/web.yaml"] = Resources.Json.JsonWriter.ToText(new MapNode { ["apiVersion"] = "argoproj.io/v1alpha1", ["kind"] = "Application", ["metadata"] = new MapNode { ["name"] = "web" }, ["spec"] = spec });
        HttpDownloads downloads = new(TimeProvider.System, _ => null);
        ContentCache cache = new(Path.Combine(Path.GetTempPath(), "bowline-test-charts"));
        ChartRepositories charts = new(new HelmRepositoryClient(downloads, cache), new OciRegistryClient(downloads, cache, plainHttp: false), TimeProvider.System);
        HelmRenderer helm = new();
        MapNode config = (MapNode)YamlReader.Read($"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: argocd-cm}}\ndata: {{{(schemes is null ? string.Empty : $"helm.valuesFileSchemes: '{schemes}'")}}}\n");
        return new Workspace(
            new WorkspaceOptions(string.Empty, [], "default") { AssumesProjects = true },
            new Renderers(helm, new KustomizeRenderer(helm, null), new PlainRenderer()),
            new NoFetcher(),
            _ => charts,
            _ => Task.FromResult(new HomeRepository("/repository", new SourceSnapshot(MemoryTree.FromText(files), new SourceRevision("0123456789abcdef0123456789abcdef01234567", WorkingTree: false)), [Url])),
            (folder, _) => throw new SourceException($"nobody asked for {folder}"))
        {
            ReadClusterSettingsAsync = _ => Task.FromResult<IReadOnlyList<MapNode>>([config]),
            FetchAsync = FetchAsync,
        };
    }

    private Task<byte[]> FetchAsync(Uri address, CancellationToken cancellationToken)
    {
        asked.Add(address.ToString());
        string answer = address.AbsolutePath switch
        {
            "/v.yaml" => "a: fetched\n",
            "/note.txt" => $"from {WebAddress.Redact(address)}",
            _ => throw new SourceException($"{WebAddress.Redact(address)} answers 404"),
        };
        return Task.FromResult(Encoding.UTF8.GetBytes(answer));
    }
}
