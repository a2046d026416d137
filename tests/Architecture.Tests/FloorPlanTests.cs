using System.Text.RegularExpressions;
using System.Xml.Linq;
using Bowline.Tests;

namespace Bowline.Architecture.Tests;

public sealed partial class FloorPlanTests
{
    private static readonly IReadOnlyList<Floor> Floors = FloorPlan.Read();

    [Fact]
    public void Every_project_is_on_the_floor_plan()
    {
        string[] projects = [.. Directory.EnumerateDirectories(Path.Combine(SharedFolder.Checkout, "src")).Select(Path.GetFileName)!];
        Assert.Equal(projects.Order(StringComparer.Ordinal), Floors.Select(floor => floor.Project).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Projects_reference_only_what_the_floor_plan_allows()
    {
        List<string> wrong = [];
        foreach (Floor floor in Floors)
        {
            XDocument project = XDocument.Load(Path.Combine(FloorPlan.SourceOf(floor.Project), floor.Project + ".csproj"));
            IEnumerable<string> references = project.Descendants("ProjectReference").Select(reference => Path.GetFileNameWithoutExtension((string)reference.Attribute("Include")!));
            wrong.AddRange(references.Except(floor.References).Select(reference => $"{floor.Project} references {reference}"));
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void References_point_downward_only()
    {
        Dictionary<string, IReadOnlyList<string>> graph = Floors.ToDictionary(floor => floor.Project, floor => floor.References);
        Assert.Null(Cycles.Find(graph));
    }

    [Fact]
    public void Rooms_are_the_folders_that_the_floor_plan_names()
    {
        List<string> wrong = [];
        foreach (Floor floor in Floors)
        {
            string[] folders = [.. Directory.EnumerateDirectories(FloorPlan.SourceOf(floor.Project)).Select(folder => Path.GetFileName(folder)!)
                .Where(folder => Directory.EnumerateFiles(Path.Combine(FloorPlan.SourceOf(floor.Project), folder), "*", SearchOption.AllDirectories).Any())];
            wrong.AddRange(folders.Except(floor.Rooms).Select(folder => $"{floor.Project}/{folder} is not on the plan"));
            wrong.AddRange(floor.Rooms.Except(folders).Select(room => $"{floor.Project}/{room} is on the plan but has no files"));
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void A_files_namespace_is_its_folder()
    {
        List<string> wrong = [];
        foreach (Floor floor in Floors)
        {
            foreach (string file in FloorPlan.SourceFiles(floor.Project))
            {
                string folder = Path.GetRelativePath(FloorPlan.SourceOf(floor.Project), Path.GetDirectoryName(file)!);
                string expected = folder == "." ? $"Bowline.{floor.Project}" : $"Bowline.{floor.Project}.{folder.Replace(Path.DirectorySeparatorChar, '.')}";
                if (Namespace().Match(File.ReadAllText(file)) is { Success: true } declared && declared.Groups[1].Value != expected)
                {
                    wrong.Add($"{Path.GetRelativePath(SharedFolder.Checkout, file)}: {declared.Groups[1].Value}");
                }
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Rooms_of_a_project_do_not_use_each_other_in_circles()
    {
        List<string> wrong = [];
        foreach (Floor floor in Floors)
        {
            if (Cycles.Find(RoomGraph(floor)) is { } cycle)
            {
                wrong.Add($"{floor.Project}: {string.Join(" → ", cycle)}");
            }
        }

        Assert.Empty(wrong);
    }

    private static Dictionary<string, IReadOnlyList<string>> RoomGraph(Floor floor)
    {
        Dictionary<string, IReadOnlyList<string>> graph = [];
        foreach (string room in floor.Rooms)
        {
            string folder = Path.Combine(FloorPlan.SourceOf(floor.Project), room);
            string prefix = $"Bowline.{floor.Project}.";
            graph[room] = !Directory.Exists(folder) ? [] : [.. Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
                .SelectMany(file => floor.Rooms.Where(other => other != room && Regex.IsMatch(File.ReadAllText(file), $@"\b{Regex.Escape(prefix + other)}\b")))
                .Distinct()];
        }

        return graph;
    }

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
