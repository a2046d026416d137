using Bowline.Delivery.Health;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Bowline.Tests;
using Xunit.Abstractions;

namespace Bowline.Delivery.Tests.Health;

/// <summary>The live objects of <c>goldens/health</c>, and the health that Argo CD gives them.</summary>
public sealed class HealthConformance(ITestOutputHelper output)
{
    // The number only goes up: cases that matched when this was last raised.
    private const int Floor = 582;

    [SharedFact]
    public void Live_objects_have_the_health_that_argo_cd_gives_them()
    {
        HealthAssessor assessor = new();
        int total = 0;
        List<string> wrong = [];
        foreach (string folder in Directory.GetDirectories(SharedFolder.Goldens("health")).Order(StringComparer.Ordinal))
        {
            total++;
            Node expected = JsonReader.Read(File.ReadAllBytes(Path.Combine(folder, "case.json")));
            HealthReport report = assessor.Judge((MapNode)YamlReader.ReadAll(File.ReadAllBytes(Path.Combine(folder, "resource.yaml"))).Select(document => document.Root).First(root => root is MapNode));
            if (report.Status.ToString() != expected["status"]!.AsString())
            {
                wrong.Add($"{Path.GetFileName(folder)}: expected {expected["status"]} «{expected["message"]}», was {report.Status} «{report.Message}»");
            }
        }

        string summary = $"health: {total - wrong.Count}/{total}";
        output.WriteLine(summary);
        output.WriteLine(string.Join('\n', wrong));
        Assert.True(total - wrong.Count >= Floor, $"{summary}\n{string.Join('\n', wrong)}");
    }

    [Fact]
    public void Every_rule_compiles_and_ends()
    {
        foreach (string kind in HealthRules.BuiltIn.Kinds)
        {
            string[] parts = kind.Replace("*", "x", StringComparison.Ordinal).Split('/');
            Assert.NotEmpty(HealthRules.BuiltIn.Find(parts[0], parts[1])!);
            Assert.NotNull(HealthRules.BuiltIn.Check(parts[0], parts[1], new MapNode { ["kind"] = parts[1], ["apiVersion"] = $"{parts[0]}/v1" }));
        }
    }
}
