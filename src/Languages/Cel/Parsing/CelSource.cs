using System.Globalization;
using System.Text;

namespace Bowline.Languages.Cel.Parsing;

/// <summary>The text of an expression and what was found wrong with it.</summary>
internal sealed class CelSource
{
    private const int MostIssues = 100;
    private readonly List<CelIssue> issues = [];
    private readonly string[] lines;
    private readonly List<int> lineOffsets = [0];

    public CelSource(string text)
    {
        Text = text;
        Runes = [.. text.EnumerateRunes()];
        lines = text.Split('\n');
        for (int i = 0; i < Runes.Length; i++)
        {
            if (Runes[i].Value == '\n')
            {
                lineOffsets.Add(i + 1);
            }
        }
    }

    public string Text { get; }

    public Rune[] Runes { get; }

    public bool HasIssues => issues.Count > 0;

    public void Report(int offset, string message)
    {
        int line = lineOffsets.BinarySearch(offset);
        line = line >= 0 ? line : ~line - 1;
        if (issues.Count < MostIssues)
        {
            issues.Add(new CelIssue(line + 1, offset - lineOffsets[line] + 1, message));
        }
    }

    public CelException ToException()
    {
        CelIssue[] sorted = [.. issues.OrderBy(issue => issue.Line).ThenBy(issue => issue.Column)];
        return new CelException(string.Join('\n', sorted.Select(Describe)), sorted);
    }

    private string Describe(CelIssue issue)
    {
        string position = string.Create(CultureInfo.InvariantCulture, $"ERROR: <input>:{issue.Line}:{issue.Column}: {issue.Message}");
        string line = lines[issue.Line - 1].Replace('\t', ' ');
        StringBuilder marker = new();
        bool wide = false;
        foreach (Rune rune in line.EnumerateRunes().Take(issue.Column - 1))
        {
            marker.Append(rune.Utf8SequenceLength > 1 ? '\uFF0E' : '.');
        }

        marker.Append('.', Math.Max(0, issue.Column - 1 - line.EnumerateRunes().Count()));
        wide = line.EnumerateRunes().Skip(issue.Column - 1).FirstOrDefault().Utf8SequenceLength > 1;
        marker.Append(wide ? '\uFF3E' : '^');
        return $"{position}\n | {line}\n | {marker}";
    }
}
