using System.Text.RegularExpressions;
using Bowline.Tests;

namespace Bowline.Architecture.Tests;

/// <summary>The table of floors in ARCHITECTURE.md: project, what it may reference, its rooms.</summary>
internal sealed record Floor(string Project, IReadOnlyList<string> References, IReadOnlyList<string> Rooms);

internal static partial class FloorPlan
{
    public static IReadOnlyList<Floor> Read()
    {
        string[] lines = File.ReadAllLines(Path.Combine(SharedFolder.Checkout, "ARCHITECTURE.md"));
        return [.. lines
            .Where(line => Row().IsMatch(line))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Where(cells => Directory.Exists(SourceOf(cells[1])))
            .Select(cells => new Floor(cells[1], Names(cells[2]), Names(cells[3])))];
    }

    public static string SourceOf(string project) => Path.Combine(SharedFolder.Checkout, "src", project);

    public static IEnumerable<string> SourceFiles(string project) =>
        Directory.EnumerateFiles(SourceOf(project), "*.cs", SearchOption.AllDirectories);

    private static string[] Names(string cell) => cell.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex(@"^\| [A-Z]\w+ \|")]
    private static partial Regex Row();
}
