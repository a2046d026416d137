using Bowline.Rendering.Detection;
using Bowline.Rendering.Requests;
using Bowline.Sources.Files;

namespace Bowline.Tests.Detection;

public sealed class SourceDetectorTests
{
    [Theory]
    [InlineData("helm", SourceTool.Helm)]
    [InlineData("kustomize", SourceTool.Kustomize)]
    [InlineData("kustomize/old", SourceTool.Kustomize)]
    [InlineData("both", SourceTool.Kustomize)]
    [InlineData("plain", SourceTool.Directory)]
    [InlineData("", SourceTool.Directory)]
    public void A_directory_is_what_its_files_say(string path, SourceTool expected)
    {
        MemoryTree tree = MemoryTree.FromText(new Dictionary<string, string>
        {
            ["helm/Chart.yaml"] = string.Empty,
            ["kustomize/kustomization.yml"] = string.Empty,
            ["kustomize/old/Kustomization"] = string.Empty,
            ["both/Chart.yaml"] = string.Empty,
            ["both/kustomization.yaml"] = string.Empty,
            ["plain/x.yaml"] = string.Empty,
        });
        Assert.Equal(expected, SourceDetector.Detect(tree, path));
    }
}
