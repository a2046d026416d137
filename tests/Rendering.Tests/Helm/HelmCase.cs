using Bowline.Rendering.Helm;
using Bowline.Rendering.Requests;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Sources.Files;

namespace Bowline.Tests.Helm;

/// <summary>One folder of the golden corpus: a chart, how to render it and what real Helm printed.</summary>
internal sealed record HelmCase(string Folder)
{
    public string Name => Path.GetFileName(Folder);

    public string? Expected => Read("expected.yaml");

    /// <summary>All of Helm's standard error where it has several lines, without the advice that is always last.</summary>
    public string? ExpectedError => (Read("expected-stderr.txt") ?? Read("expected-error.txt"))?
        .Replace("\n\nUse --debug flag to render out invalid YAML", string.Empty, StringComparison.Ordinal).TrimEnd('\n');

    public static IEnumerable<HelmCase> All() => Directory.EnumerateDirectories(SharedFolder.Goldens("helm"))
        .Where(folder => File.Exists(Path.Combine(folder, "case.json")))
        .Order(StringComparer.Ordinal)
        .Select(folder => new HelmCase(folder));

    public RenderRequest Request()
    {
        Node settings = JsonReader.Read(File.ReadAllBytes(Path.Combine(Folder, "case.json")));
        return new RenderRequest
        {
            Files = new DirectoryTree(Folder),
            Path = "chart",
            ReleaseName = settings["release"]!.AsString()!,
            Namespace = settings["namespace"]!.AsString()!,
            KubeVersion = settings["kubeVersion"]!.AsString()!,
            ApiVersions = Texts(settings, "apiVersions"),
            Helm = new HelmOptions
            {
                // Relative to the case in the corpus, relative to the chart in a request; errors name them as given.
                ValueFiles = [.. Texts(settings, "values").Select(file => $"../{file}")],
                Set = Texts(settings, "set"),
                SetString = Texts(settings, "setString"),
                SetJson = Texts(settings, "setJson"),
                SetFile = [.. Texts(settings, "setFile").Select(argument => argument.Replace("=", "=../", StringComparison.Ordinal))],
                SetLiteral = Texts(settings, "setLiteral"),
                ShowOnly = Texts(settings, "showOnly"),
                IncludeCrds = Flag(settings, "includeCrds"),
                IsUpgrade = Flag(settings, "isUpgrade"),
                NoHooks = Flag(settings, "noHooks"),
                SkipTests = Flag(settings, "skipTests"),
            },
        };
    }

    /// <summary>Null when the render is what Helm made of it, else what differs first.</summary>
    public string? Mismatch(HelmRenderer renderer)
    {
        string text;
        try
        {
            text = renderer.Render(Request(), CancellationToken.None).Text();
        }
        catch (RenderException error)
        {
            string reason = "Error: " + error.Reason.Replace("../", string.Empty, StringComparison.Ordinal).TrimEnd('\n');
            return Expected is not null ? $"failed: {Short(error.Message)}" : reason == ExpectedError ? null : $"says {Short(reason)} instead of {Short(ExpectedError!)}";
        }

        return Expected is { } expected ? FirstDifference(expected, text) : $"rendered instead of {Short(ExpectedError!)}";
    }

    private static string? FirstDifference(string expected, string actual)
    {
        if (expected == actual)
        {
            return null;
        }

        string[] wanted = expected.Split('\n');
        string[] got = actual.Split('\n');
        int line = 0;
        while (line < Math.Min(wanted.Length, got.Length) && wanted[line] == got[line])
        {
            line++;
        }

        return $"line {line + 1}: {Short(line < got.Length ? got[line] : "<end>")} instead of {Short(line < wanted.Length ? wanted[line] : "<end>")}";
    }

    private static string Short(string text) => text.Length <= 300 ? text : $"{text[..150]} … {text[^150..]}";

    private static IReadOnlyList<string> Texts(Node settings, string key) =>
        settings[key] is ListNode list ? [.. list.Select(item => item.AsString()!)] : [];

    private static bool Flag(Node settings, string key) => settings[key]?.AsBool() ?? false;

    private string? Read(string file) => File.Exists(Path.Combine(Folder, file)) ? File.ReadAllText(Path.Combine(Folder, file)) : null;
}
