using System.Text;
using System.Text.Json;
using Bowline.Rendering.Kustomize;
using Bowline.Rendering.Requests;
using Bowline.Sources.Files;
using Bowline.Tests;
using Xunit.Abstractions;

namespace Bowline.Rendering.Tests.Kustomize;

/// <summary>Every case of ../shared/goldens/kustomize: the reference tool's output byte for byte, and its refusals refused.</summary>
public sealed class KustomizeConformance(ITestOutputHelper output)
{
    /// <summary>Raised whenever more cases match; never lowered.</summary>
    private const int Floor = 293;

    [SharedFact]
    public void Builds_match_the_reference_tool_byte_for_byte()
    {
        KustomizeRenderer renderer = new();
        List<string> mismatches = [];
        int total = 0;
        string? only = Environment.GetEnvironmentVariable("KUSTOMIZE_CASE");
        foreach (string directory in Directory.GetDirectories(SharedFolder.Goldens("kustomize")).Order(StringComparer.Ordinal))
        {
            if (only is not null && Path.GetFileName(directory) != only)
            {
                continue;
            }

            total++;
            if (Difference(renderer, directory) is { } difference)
            {
                mismatches.Add($"{Path.GetFileName(directory)}: {difference}");
            }
        }

        string report = $"kustomize: {total - mismatches.Count}/{total}\n{string.Join('\n', mismatches)}";
        output.WriteLine(report);
        if (Environment.GetEnvironmentVariable("KUSTOMIZE_REPORT") is { } path)
        {
            File.WriteAllText(path, report);
        }

        Assert.True(only is not null ? mismatches.Count == 0 : total - mismatches.Count >= Floor, report);
    }

    private static string? Difference(KustomizeRenderer renderer, string directory)
    {
        string expected = Path.Combine(directory, "expected.yaml");
        try
        {
            string actual = Render(renderer, directory);
            if (!File.Exists(expected))
            {
                return "built, but the reference tool refuses";
            }

            string wanted = File.ReadAllText(expected, Encoding.UTF8);
            return actual == wanted ? null : FirstDifference(wanted, actual);
        }
        catch (RenderException error)
        {
            return File.Exists(expected) ? $"refused: {error.Message}" : error.File.Length == 0 ? $"names no file: {error.Message}" : null;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            return $"crashed: {error}";
        }
    }

    private static string Render(KustomizeRenderer renderer, string directory)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, "case.json")));
        string root = document.RootElement.GetProperty("root").GetString()!;
        string[] flags = [.. document.RootElement.GetProperty("flags").EnumerateArray().Select(flag => flag.GetString()!)];
        RenderRequest request = new()
        {
            Files = new DirectoryTree(Path.Combine(directory, "input")),
            Path = root == "." ? string.Empty : root,
            Kustomize = new KustomizeOptions
            {
                AllowFilesOutsideRoot = flags.Contains("--load-restrictor=LoadRestrictionsNone"),
                EnableHelm = flags.Contains("--enable-helm"),
            },
        };
        return renderer.Render(request, CancellationToken.None).Text();
    }

    private static string FirstDifference(string wanted, string actual)
    {
        string[] left = wanted.Split('\n');
        string[] right = actual.Split('\n');
        int at = 0;
        while (at < left.Length && at < right.Length && left[at] == right[at])
        {
            at++;
        }

        return $"line {at + 1}: expected |{(at < left.Length ? left[at] : "<end>")}| got |{(at < right.Length ? right[at] : "<end>")}|";
    }
}
