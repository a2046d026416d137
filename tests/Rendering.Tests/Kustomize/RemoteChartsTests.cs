using System.Text;
using Bowline.Rendering.Helm;
using Bowline.Rendering.Helm.Dependencies;
using Bowline.Rendering.Kustomize;
using Bowline.Rendering.Requests;
using Bowline.Sources.Archives;
using Bowline.Sources.Files;
using Bowline.Tests.Helm.Dependencies;
using static Bowline.Rendering.Tests.Kustomize.KustomizeCase;

namespace Bowline.Rendering.Tests.Kustomize;

/// <summary>helmCharts whose chart lies in a repository, fetched by the real client from a server in this process.</summary>
public sealed class RemoteChartsTests : IAsyncLifetime
{
    private readonly ChartClient client = new();
    private ChartServer server = null!;

    public async Task InitializeAsync() => server = await ChartServer.StartAsync();

    public async Task DisposeAsync()
    {
        client.Dispose();
        await server.DisposeAsync();
    }

    [Theory]
    [InlineData("version: 1.2.3", "from-web-1.2.3")]
    [InlineData("version: ^1", "from-web-1.9.0")]
    [InlineData("namespace: apps", "from-web-2.0.0")]
    [InlineData("devel: true", "from-web-3.0.0-rc.1")]
    public void A_chart_comes_from_the_repository_that_is_named(string fields, string expected)
    {
        server.ServeRepository("web", "1.2.3", "2.0.0", "1.9.0", "3.0.0-rc.1");
        RenderResult result = BuildCharts($"{{name: web, repo: '{server.Address}', {fields}}}");
        Assert.Equal(expected, Assert.Single(result.Resources).Name);
        Assert.Equal($"{server.Address}//web/templates/a.yaml", result.Resources[0].Origin.File);
        Assert.DoesNotContain(result.FilesRead, file => file.Contains("templates", StringComparison.Ordinal));
    }

    [Fact]
    public void A_chart_comes_from_a_registry()
    {
        server.ServeOci("org/charts/web", "1.2.3", ChartServer.Chart("web", "1.2.3"));
        RenderResult result = BuildCharts($"{{name: web, repo: 'oci://{server.Host}/org/charts', version: 1.2.3}}");
        Assert.Equal("from-web-1.2.3", Assert.Single(result.Resources).Name);
    }

    [Theory]
    [InlineData("", "chart")]
    [InlineData("valuesInline: {a: inline}", "inline")]
    [InlineData("valuesMerge: merge, valuesInline: {a: inline}", "chart")]
    [InlineData("valuesFile: v.yaml", "file")]
    [InlineData("additionalValuesFiles: [v.yaml], valuesInline: {a: inline}", "file")]
    public void Values_meet_those_of_the_fetched_chart(string fields, string expected)
    {
        byte[] archive = TarGz.WriteChart("web",
        [
            new ArchiveFile("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"u8.ToArray()),
            new ArchiveFile("values.yaml", "a: chart\n"u8.ToArray()),
            new ArchiveFile("templates/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Values.a }}'}\n"u8.ToArray()),
        ]);
        server.ServeOci("web", "1.0.0", archive);
        string comma = fields.Length == 0 ? string.Empty : ", ";
        Assert.Equal(expected, Assert.Single(BuildCharts($"{{name: web, repo: 'oci://{server.Host}', version: 1.0.0{comma}{fields}}}").Resources).Name);
    }

    [Fact]
    public void A_chart_in_the_source_is_not_fetched()
    {
        FileTree files = Files(
            "kustomization.yaml", $"helmCharts: [{{name: web, repo: '{server.Address}', version: 1.2.3}}]\n",
            "charts/web-1.2.3/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.2.3\n",
            "charts/web-1.2.3/web/templates/cm.yaml", ConfigMap);
        Assert.Equal("cm", Assert.Single(Build(files, renderer: Renderer()).Resources).Name);
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData("9.9.9", "not found")]
    [InlineData("not a range", "invalid version")]
    public void A_chart_that_cannot_be_had_is_named_with_its_repository(string version, string reason)
    {
        server.ServeRepository("web", "1.0.0");
        string message = Assert.Throws<RenderException>(() => BuildCharts($"{{name: web, repo: '{server.Address}', version: '{version}'}}")).Message;
        Assert.StartsWith("kustomization.yaml: ", message, StringComparison.Ordinal);
        Assert.Contains($"chart 'web' version {version} of {server.Address} cannot be fetched", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_repository_that_does_not_answer_is_named_without_its_password()
    {
        string message = Assert.Throws<RenderException>(() => BuildCharts("{name: web, repo: 'http://u:secret@127.0.0.1:9/charts', version: 1.0.0}")).Message;
        Assert.Contains("chart 'web' version 1.0.0 of http://127.0.0.1:9/charts cannot be fetched", message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_by_url_is_read_once_where_that_is_allowed()
    {
        int asked = 0;
        KustomizeRenderer renderer = new()
        {
            RemoteFiles = (address, _) =>
            {
                asked++;
                return Encoding.UTF8.GetBytes(address.AbsolutePath == "/cm.yaml" ? ConfigMap : "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata: {a: patched}\n");
            },
        };
        FileTree files = Files("kustomization.yaml", "resources: ['https://example.org/cm.yaml']\npatches: [{path: 'https://example.org/p.yaml'}, {path: 'https://example.org/p.yaml'}]\nbuildMetadata: [originAnnotations]\n");
        string text = Build(files, renderer: renderer).Text();
        Assert.Contains("a: patched", text, StringComparison.Ordinal);
        Assert.Contains("path: https://example.org/cm.yaml", text, StringComparison.Ordinal);
        Assert.Equal(2, asked);
        Assert.Contains("unless that is allowed", Refusal(files).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_by_url_that_cannot_be_had_is_named()
    {
        KustomizeRenderer renderer = new() { RemoteFiles = (_, _) => throw new SourceException("answers 404") };
        FileTree files = Files("kustomization.yaml", "resources: ['https://u:secret@example.org/cm.yaml?token=secret']\n");
        string message = Refusal(files, renderer: renderer).Message;
        Assert.Contains("https://example.org/cm.yaml", message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    private RenderResult BuildCharts(string chart) =>
        Build(Files("kustomization.yaml", $"helmCharts: [{chart}]\n", "v.yaml", "a: file\n"), renderer: Renderer());

    private KustomizeRenderer Renderer() => new(new HelmRenderer())
    {
        Charts = (chart, cancellationToken) =>
        {
            FetchedChart fetched = client.Repositories.FetchAsync(chart.Repository, chart.Name, chart.Version, cancellationToken).GetAwaiter().GetResult();
            return new MemoryTree(TarGz.ReadChart(fetched.Archive).Select(file => KeyValuePair.Create<string, ReadOnlyMemory<byte>>(file.Name, file.Data)));
        },
    };
}
