using System.Text;
using Bowline.Rendering.Helm;
using Bowline.Rendering.Requests;
using Bowline.Sources.Files;

namespace Bowline.Tests.Helm;

/// <summary>A chart written down in a test: files by name, rendered from memory.</summary>
internal sealed class ChartFiles
{
    private readonly Dictionary<string, ReadOnlyMemory<byte>> files = new(StringComparer.Ordinal);

    public ChartFiles(string chartYaml = "apiVersion: v2\nname: t\nversion: 0.1.0\n") => With("Chart.yaml", chartYaml);

    public MemoryTree Tree => new(files);

    public ChartFiles With(string name, string text) => With(name, Encoding.UTF8.GetBytes(text));

    public ChartFiles With(string name, byte[] content)
    {
        files[$"c/{name}"] = content;
        return this;
    }

    /// <summary>A template that prints one value.</summary>
    public ChartFiles Printing(string expression) =>
        With("templates/out.yaml", $"kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: t\ndata:\n  out: {{{{ {expression} }}}}\n");

    public RenderRequest Request(HelmOptions? options = null) => new()
    {
        Files = Tree,
        Path = "c",
        ReleaseName = "rel",
        Namespace = "ns",
        Helm = options ?? new HelmOptions(),
    };

    public RenderResult Render(HelmOptions? options = null) => new HelmRenderer().Render(Request(options), CancellationToken.None);

    /// <summary>What the template of <see cref="Printing"/> printed.</summary>
    public string Printed(HelmOptions? options = null)
    {
        string text = Render(options).Text();
        return text[(text.IndexOf("  out:", StringComparison.Ordinal) + 6)..].Trim();
    }

    public RenderException Fails(HelmOptions? options = null) => Assert.Throws<RenderException>(() => Render(options));
}
