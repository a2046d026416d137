using System.Text;
using Bowline.Sources.Files;

namespace Bowline.Sources.Tests.Files;

public sealed class OverlayTreeTests
{
    private static readonly FileTree Tree = new OverlayTree(
        MemoryTree.FromText([new("chart/Chart.yaml", "own"), new("chart/charts/old.tgz", "old"), new("chart/charts/kept.tgz", "kept"), new("other", "other")]),
        MemoryTree.FromText([new("chart/charts/new.tgz", "new"), new("chart/Chart.yaml", "over"), new("fresh/file", "fresh")]),
        new HashSet<string> { "chart/charts/old.tgz" });

    [Fact]
    public void What_is_added_covers_what_was_there_and_what_is_hidden_is_gone()
    {
        Assert.Equal(["chart/Chart.yaml", "chart/charts/kept.tgz", "chart/charts/new.tgz", "fresh/file", "other"], Tree.Walk());
        Assert.Equal("over", Encoding.UTF8.GetString(Tree.Read("chart/Chart.yaml")));
        Assert.Equal("kept", Encoding.UTF8.GetString(Tree.Read("./chart/charts/kept.tgz")));
        Assert.False(Tree.FileExists("chart/charts/old.tgz"));
        Assert.Throws<SourceException>(() => Tree.Read("chart//charts/old.tgz"));
        Assert.Throws<SourceException>(() => Tree.List("nowhere"));
    }
}
