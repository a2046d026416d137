using System.Text;
using Bowline.Rendering.Helm;
using Bowline.Rendering.Requests;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Sources.Files;

namespace Bowline.Tests.Helm.RealHelm;

/// <summary>Differential test: whole charts, most of them generated, with what a real helm printed for them (see the README beside this file).</summary>
public sealed class RealHelmTests
{
    private static readonly string Recorded = Path.Combine(SharedFolder.Checkout, "tests", "Rendering.Tests", "Helm", "RealHelm", "charts.jsonl");

    [Fact]
    public void Every_chart_ends_as_it_did_in_helm()
    {
        HelmRenderer renderer = new();
        int total = 0;
        StringBuilder wrong = new();
        foreach (string line in File.ReadLines(Recorded))
        {
            total++;
            Node chart = JsonReader.Read(line);
            string expected = chart["o"]?.AsString() ?? "error: " + chart["e"]!.AsString();
            string actual = Answer(renderer, chart);
            if (actual != expected)
            {
                wrong.AppendLine($"{total} ({chart["why"]!.AsString()})\n--- Helm\n{expected}\n--- here\n{actual}");
            }
        }

        Assert.True(total > 40, $"only {total} charts");
        Assert.True(wrong.Length == 0, wrong.ToString());
    }

    private static string Answer(HelmRenderer renderer, Node chart)
    {
        try
        {
            return renderer.Render(Request((MapNode)chart["files"]!, chart["case"]!), CancellationToken.None).Text();
        }
        catch (RenderException error)
        {
            return "error: " + error.Reason.TrimEnd('\n');
        }
    }

    /// <summary>Value files lie beside the chart, in the root of the tree.</summary>
    private static RenderRequest Request(MapNode files, Node settings) => new()
    {
        Files = new MemoryTree(files.ToDictionary(file => file.Key, file => Content(file.Value.AsString()!), StringComparer.Ordinal)),
        Path = "chart",
        ReleaseName = settings["release"]!.AsString()!,
        Namespace = settings["namespace"]!.AsString()!,
        KubeVersion = settings["kubeVersion"]!.AsString()!,
        ApiVersions = Texts(settings, "apiVersions"),
        Helm = new HelmOptions
        {
            ValueFiles = [.. Texts(settings, "values").Select(file => $"/{file}")],
            Set = Texts(settings, "set"),
            SetString = Texts(settings, "setString"),
            SetJson = Texts(settings, "setJson"),
            SetFile = [.. Texts(settings, "setFile").Select(argument => argument.Replace("=", "=/", StringComparison.Ordinal))],
            SetLiteral = Texts(settings, "setLiteral"),
            ShowOnly = Texts(settings, "showOnly"),
            IncludeCrds = Flag(settings, "includeCrds"),
            IsUpgrade = Flag(settings, "isUpgrade"),
            NoHooks = Flag(settings, "noHooks"),
            SkipTests = Flag(settings, "skipTests"),
        },
    };

    private static ReadOnlyMemory<byte> Content(string text)
    {
        const string Binary = "base64:";
        return text.StartsWith(Binary, StringComparison.Ordinal) ? Convert.FromBase64String(text[Binary.Length..]) : Encoding.UTF8.GetBytes(text);
    }

    private static IReadOnlyList<string> Texts(Node settings, string key) => settings[key] is ListNode list ? [.. list.Select(item => item.AsString()!)] : [];

    private static bool Flag(Node settings, string key) => settings[key]?.AsBool() ?? false;
}
