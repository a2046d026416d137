using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Bowline.Tests;

namespace Bowline.Resources.Tests.Yaml;

/// <summary>What the real tools printed, read and written again.</summary>
public class GoldenTests
{
    [SharedFact]
    public void Every_document_that_kustomize_printed_is_written_back_byte_for_byte()
    {
        List<string> wrong = [];
        int documents = 0;
        foreach (string file in Directory.EnumerateFiles(SharedFolder.Goldens("kustomize"), "expected.yaml", SearchOption.AllDirectories))
        {
            foreach (string document in Documents(File.ReadAllText(file)))
            {
                documents++;
                if (YamlWriter.ToText(YamlReader.Read(document)) != document)
                {
                    wrong.Add(Path.GetFileName(Path.GetDirectoryName(file))!);
                }
            }
        }

        Assert.True(documents > 600, $"only {documents} documents");
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {documents}: {string.Join(", ", wrong.Distinct())}");
    }

    [SharedFact]
    public void Every_values_file_of_the_toYaml_cases_prints_as_helm_prints_it()
    {
        List<string> wrong = [];
        int cases = 0;
        foreach (string folder in Directory.EnumerateDirectories(SharedFolder.Goldens("helm"), "own-toyaml-*"))
        {
            string template = File.ReadAllText(Path.Combine(folder, "chart", "templates", "out.yaml"));
            if (!template.Contains("\n  v:\n    {{- toYaml .Values.v | nindent 4 }}", StringComparison.Ordinal))
            {
                continue;
            }

            cases++;
            Node values = YamlReader.Read(File.ReadAllBytes(Path.Combine(folder, "chart", "values.yaml")), YamlReadOptions.HelmValues);
            string text = Marshal(values["v"]!).TrimEnd('\n').Replace("\n", "\n    ", StringComparison.Ordinal);
            // Helm cuts white space off the end of what a template prints.
            string expected = $"\n  v:\n    {text}".TrimEnd() + "\n";
            if (!File.ReadAllText(Path.Combine(folder, "expected.yaml")).Contains(expected, StringComparison.Ordinal))
            {
                wrong.Add(Path.GetFileName(folder));
            }
        }

        Assert.True(cases >= 15, $"only {cases} cases");
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {cases}: {string.Join(", ", wrong)}");
    }

    [SharedTheory]
    [InlineData("helm/own-err-values-file-bad/values-bad.yaml")]
    [InlineData("helm/own-err-values-bad-yaml/chart/values.yaml")]
    [InlineData("helm/own-err-chart-bad-yaml/chart/Chart.yaml")]
    [InlineData("helm/own-err-values-tab/chart/values.yaml")]
    [InlineData("helm/own-err-output-tab/chart/templates/out.yaml")]
    [InlineData("helm/own-err-output-alias/chart/templates/out.yaml")]
    [InlineData("helm/own-err-output-bad-yaml/chart/templates/out.yaml")]
    [InlineData("kustomize/own-err-bad-yaml-kustomization/input/kustomization.yaml")]
    [InlineData("kustomize/krusty-TestBasicIO3812/input/service.yaml")]
    [InlineData("kustomize/own-err-bad-yaml-resource/input/bad.yaml")]
    [InlineData("kustomize/own-err-duplicate-yaml-key/input/cm.yaml")]
    public void Broken_files_are_refused_in_the_words_of_the_real_tool(string path)
    {
        string[] parts = path.Split('/');
        string folder = Path.Combine(SharedFolder.Goldens(parts[0]), parts[1]);
        string text = File.ReadAllText(Path.Combine([folder, .. parts[2..]]));
        YamlReadOptions options = parts[0] == "kustomize" ? YamlReadOptions.Kustomize : YamlReadOptions.HelmValues;
        YamlException error = Assert.Throws<YamlException>(() => YamlReader.ReadAll(text, options));
        Assert.Contains(error.GoMessage, File.ReadAllText(Path.Combine(folder, "expected-error.txt")), StringComparison.Ordinal);
    }

    private static string Marshal(Node node)
    {
        try
        {
            return YamlWriter.ToText(node, YamlWriteOptions.Marshal);
        }
        catch (YamlException)
        {
            return string.Empty;
        }
    }

    private static IEnumerable<string> Documents(string stream) =>
        stream.Split("\n---\n").Select(document => document.EndsWith('\n') || document.Length == 0 ? document : document + "\n").Where(document => document.Length > 0);
}
