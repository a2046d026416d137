using Bowline.Rendering.Helm;
using Xunit.Abstractions;

namespace Bowline.Tests.Helm;

/// <summary>Every chart of the golden corpus against what Helm 3.21.4 printed for it, byte for byte, error texts included.</summary>
public sealed class HelmConformance(ITestOutputHelper output)
{
    /// <summary>Raise it when more match; it never goes down.</summary>
    private const int Floor = 370;

    [SharedFact]
    public void Renders_what_helm_prints()
    {
        HelmRenderer renderer = new();
        int total = 0;
        List<string> mismatches = [];
        foreach (HelmCase one in HelmCase.All())
        {
            total++;
            string? mismatch;
            try
            {
                mismatch = one.Mismatch(renderer);
            }
            catch (Exception crash)
            {
                mismatch = $"crashed: {crash}";
            }

            if (mismatch is not null)
            {
                mismatches.Add($"{one.Name}: {mismatch}");
            }
        }

        int matched = total - mismatches.Count;
        string report = $"helm: {matched}/{total}\n{string.Join('\n', mismatches)}";
        output.WriteLine(report);
        File.WriteAllText(Path.Combine(AppContext.BaseDirectory, "helm-conformance.txt"), report);
        Assert.True(matched >= Floor, report);
    }
}
