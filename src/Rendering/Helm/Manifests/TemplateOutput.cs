using System.Text;
using System.Text.RegularExpressions;
using Bowline.Rendering.Globs;
using Bowline.Rendering.Helm.Charts;

namespace Bowline.Rendering.Helm.Manifests;

/// <summary>What <c>helm template</c> writes to standard output.</summary>
internal static partial class TemplateOutput
{
    public static string Print(IEnumerable<(string Source, string Text)> manifests, IEnumerable<(string Source, string Text)> hooks, IReadOnlyList<string> showOnly)
    {
        StringBuilder first = new();
        Append(first, manifests);
        StringBuilder text = new StringBuilder(first.ToString().Trim()).Append('\n');
        Append(text, hooks);
        return showOnly.Count == 0 ? text.ToString() : Only(text.ToString(), showOnly);
    }

    /// <summary>The path that <c>--show-only</c> is compared with: without the chart's name.</summary>
    public static string PathInChart(string source) => source[(source.IndexOf('/', StringComparison.Ordinal) + 1)..];

    private static void Append(StringBuilder text, IEnumerable<(string Source, string Text)> documents)
    {
        foreach ((string source, string document) in documents)
        {
            text.Append("---\n# Source: ").Append(source).Append('\n').Append(document).Append('\n');
        }
    }

    private static string Only(string text, IReadOnlyList<string> showOnly)
    {
        (string Path, string Text)[] documents = [.. ManifestText.Split(text)
            .Select(document => (SourceLine().Match(document), document))
            .Where(pair => pair.Item1.Success)
            .Select(pair => (pair.Item1.Groups[1].Value, pair.document))];
        StringBuilder shown = new();
        foreach (string wanted in showOnly)
        {
            GoMatch? pattern = GoMatch.Compile(wanted);
            (string Path, string Text)[] matching = [.. documents.Where(document => pattern?.IsMatch(document.Path) == true)];
            if (matching.Length == 0)
            {
                throw new ChartException($"could not find template {wanted} in chart");
            }

            foreach ((_, string document) in matching)
            {
                shown.Append("---\n").Append(document).Append('\n');
            }
        }

        return shown.ToString();
    }

    [GeneratedRegex("# Source: [^/\n]+/([^\n]+)", RegexOptions.CultureInvariant)]
    private static partial Regex SourceLine();
}
