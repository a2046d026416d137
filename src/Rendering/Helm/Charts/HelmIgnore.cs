using Bowline.Rendering.Globs;

namespace Bowline.Rendering.Helm.Charts;

/// <summary>A chart's <c>.helmignore</c>. Unlike Git's: the first rule that applies decides, and a <c>!</c> rule ignores everything it does not match.</summary>
internal sealed class HelmIgnore
{
    public const string FileName = ".helmignore";

    private readonly List<Rule> rules = [];

    /// <exception cref="ChartException">A malformed pattern, or one with <c>**</c>.</exception>
    public HelmIgnore(string? text)
    {
        foreach (string line in text?.TrimStart('\uFEFF').Split('\n') ?? [])
        {
            Add(line.Trim());
        }

        Add("templates/.?*");
    }

    public bool Ignores(string path, bool isDirectory)
    {
        foreach (Rule rule in rules)
        {
            if (rule.Negated)
            {
                if ((rule.OnlyDirectories && !isDirectory) || !rule.Matches(path))
                {
                    return true;
                }
            }
            else if ((!rule.OnlyDirectories || isDirectory) && rule.Matches(path))
            {
                return true;
            }
        }

        return false;
    }

    private void Add(string line)
    {
        if (line.Length == 0 || line.StartsWith('#'))
        {
            return;
        }

        if (line.Contains("**", StringComparison.Ordinal))
        {
            throw new ChartException("double-star (**) syntax is not supported");
        }

        if (GoMatch.Compile(line) is null)
        {
            throw new ChartException("syntax error in pattern");
        }

        bool negated = line.StartsWith('!');
        string pattern = negated ? line[1..] : line;
        bool onlyDirectories = pattern.EndsWith('/');
        pattern = onlyDirectories ? pattern[..^1] : pattern;
        bool wholePath = pattern.Contains('/', StringComparison.Ordinal);
        rules.Add(new Rule(GoMatch.Compile(pattern.StartsWith('/') ? pattern[1..] : pattern), wholePath, negated, onlyDirectories));
    }

    private sealed record Rule(GoMatch? Pattern, bool WholePath, bool Negated, bool OnlyDirectories)
    {
        public bool Matches(string path) => Pattern?.IsMatch(WholePath ? path : GoPath.Base(path)) == true;
    }
}
