using BenchmarkDotNet.Attributes;
using Bowline.Rendering.Requests;
using Bowline.Resources.Json;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;
using Bowline.Resources.Yaml;
using Bowline.Server.Composition;
using Bowline.Sources.Files;

namespace Bowline.Benchmarks;

/// <summary>The hot paths one by one, for comparing before and after a change: <c>bench/run --filter '*HotPath*'</c>.</summary>
[MemoryDiagnoser]
public class HotPathBenchmarks
{
    private const string Manifest = """
        {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"default","labels":{"app":"x"}},"data":{"one":"1","two":"2"}}
        """;

    private readonly IRenderer renderer = Engines.CreateRenderer();
    private readonly Schema? schema = KubernetesKinds.Find(new ResourceKind(string.Empty, "v1", "ConfigMap"))?.Schema;
    private readonly FieldWriter writer = new("bench", "v1", string.Empty, DateTimeOffset.UnixEpoch);
    private readonly MapNode applied = (MapNode)JsonReader.Read(Manifest);
    private RenderRequest request = null!;
    private byte[] values = [];
    private MapNode live = null!;

    [GlobalSetup]
    public void Setup()
    {
        string repository = Numbers.CorpusFolder("echo-gitops");
        request = new RenderRequest { Files = new DirectoryTree(repository), Path = "helm/echo", Helm = new HelmOptions { ValueFiles = ["values-prod.yaml"] } };
        values = File.ReadAllBytes(Path.Combine(repository, "helm/echo/values-prod.yaml"));
        live = ServerSideApply.Apply(null, applied, schema, writer, force: true).Object;
    }

    [Benchmark]
    public RenderResult RenderEchoChart() => renderer.Render(request, CancellationToken.None);

    [Benchmark]
    public Node ReadValues() => YamlReader.Read(values, YamlReadOptions.HelmValues);

    [Benchmark]
    public Node ReadJson() => JsonReader.Read(Manifest);

    [Benchmark]
    public ApplyResult ApplyUnchanged() => ServerSideApply.Apply(live, applied, schema, writer, force: true);
}
