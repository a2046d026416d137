using System.Diagnostics;
using System.Text;
using Bowline.Sources.Files;

namespace Bowline.Sources.Tests.Files;

public sealed class DirectoryTreeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_file_is_read_and_listed()
    {
        folder.Write("root/b/z.yaml", "z");
        folder.Write("root/a.yaml", "a");
        folder.Write("root/B.yaml", "B");
        DirectoryTree tree = Tree();
        Assert.Equal("z", Text(tree, "b/z.yaml"));
        Assert.Equal("z", Text(tree, "./b//x/../z.yaml"));
        Assert.Equal([new("B.yaml", false), new("a.yaml", false), new("b", true)], tree.List(""));
        Assert.Equal(["B.yaml", "a.yaml", "b/z.yaml"], tree.Walk());
        Assert.True(tree.DirectoryExists(""));
        Assert.False(tree.FileExists("b"));
        Assert.False(tree.FileExists("a.yaml/b"));
    }

    [Theory]
    [InlineData("../secret")]
    [InlineData("b/../../secret")]
    [InlineData("/etc/passwd")]
    [InlineData("a\0b")]
    [InlineData(".git/config")]
    [InlineData("b/.GIT/config")]
    public void Paths_out_of_the_root_are_refused(string path)
    {
        folder.Write("secret", "s");
        folder.Write("root/b/.git/config", "token");
        folder.Write("root/.git/config", "token");
        DirectoryTree tree = Tree();
        Assert.Throws<SourceException>(() => tree.Read(path));
        Assert.Throws<SourceException>(() => tree.FileExists(path));
        Assert.Throws<SourceException>(() => tree.Below(path));
    }

    [Fact]
    public void Symlinks_are_followed_inside_and_refused_outside()
    {
        folder.Write("secret/s.yaml", "s");
        folder.Write("root/real/f.yaml", "f");
        folder.Write("root/.git/config", "token");
        folder.Link("root/inside", "real");
        folder.Link("root/deep/back.yaml", "../inside/f.yaml");
        folder.Link("root/absolute", folder.Path("root/real"));
        folder.Link("root/outside", "../secret");
        folder.Link("root/passwd", "/etc/passwd");
        folder.Link("root/tricky", "inside/../../secret/s.yaml");
        folder.Link("root/git", ".git");
        folder.Link("root/dangling", "nowhere");
        DirectoryTree tree = Tree();
        Assert.Equal("f", Text(tree, "inside/f.yaml"));
        Assert.Equal("f", Text(tree, "deep/back.yaml"));
        Assert.Equal("f", Text(tree, "absolute/f.yaml"));
        Assert.Equal("real/f.yaml", tree.Resolve("deep/back.yaml"));
        Assert.Contains("outside/s.yaml", Assert.Throws<SourceException>(() => tree.Read("outside/s.yaml")).Message);
        Assert.Throws<SourceException>(() => tree.Read("passwd"));
        Assert.Throws<SourceException>(() => tree.Read("tricky"));
        Assert.Throws<SourceException>(() => tree.Read("git/config"));
        Assert.False(tree.FileExists("dangling"));
        Assert.Contains(new FileTreeEntry("inside", true), tree.List(""));
        Assert.Contains(new FileTreeEntry("outside", false), tree.List(""));
    }

    [Fact]
    public void Circles_of_symlinks_end()
    {
        folder.Write("root/a/f.yaml", "f");
        folder.Link("root/a/up", "..");
        folder.Link("root/x", "y");
        folder.Link("root/y", "x");
        DirectoryTree tree = Tree();
        Assert.Contains("circle", Assert.Throws<SourceException>(() => tree.Read("x")).Message);
        Assert.Equal(["a/f.yaml", "x", "y"], tree.Walk());
    }

    [Fact]
    public void A_large_file_is_refused_before_it_is_read()
    {
        using (FileStream stream = File.Create(folder.Path("root/large")))
        {
            stream.SetLength(1L << 40);
        }

        Assert.Contains("larger", Assert.Throws<SourceException>(() => Tree().Read("large")).Message);
    }

    [Fact]
    public void A_pipe_is_refused_without_waiting_for_it()
    {
        using Process process = Process.Start("mkfifo", [folder.Path("root/pipe")]);
        process.WaitForExit();
        Assert.Throws<SourceException>(() => Tree().Read("pipe"));
    }

    [Fact]
    public void A_tree_below_cannot_name_what_is_above()
    {
        folder.Write("root/a/b/f.yaml", "f");
        folder.Write("root/a/g.yaml", "g");
        folder.Link("root/a/b/g.yaml", "../g.yaml");
        FileTree below = Tree().Below("a").Below("b");
        Assert.Equal("f", Text(below, "f.yaml"));
        Assert.Equal("g", Text(below, "g.yaml"));
        Assert.Equal(["f.yaml", "g.yaml"], below.Walk());
        Assert.Equal("f.yaml", below.Resolve("./f.yaml"));
        Assert.Throws<SourceException>(() => below.Read("../g.yaml"));
    }

    [Fact]
    public void A_recording_tree_knows_what_matters()
    {
        MemoryTree files = MemoryTree.FromText(new Dictionary<string, string> { ["app/k.yaml"] = "k", ["app/d/x.yaml"] = "x", ["other/o.yaml"] = "o" });
        RecordingTree tree = new(files);
        FileTree app = tree.Below("app");
        app.Read("k.yaml");
        Assert.False(app.FileExists("maybe.yaml"));
        Assert.False(app.DirectoryExists("charts"));
        app.List("d");
        Assert.True(tree.Depends("app/k.yaml"));
        Assert.True(tree.Depends("app/maybe.yaml"));
        Assert.True(tree.Depends("app/charts/sub/Chart.yaml"));
        Assert.True(tree.Depends("app/d/new.yaml"));
        Assert.True(tree.Depends("app/d/sub/new.yaml"));
        Assert.False(tree.Depends("app/e/new.yaml"));
        Assert.False(tree.Depends("other/o.yaml"));
    }

    [Fact]
    public void A_memory_tree_refuses_a_path_that_is_both_file_and_folder()
    {
        Assert.Throws<SourceException>(() => MemoryTree.FromText([new("a", ""), new("a/b", "")]));
        Assert.Throws<SourceException>(() => MemoryTree.FromText([new("a/b", ""), new("a", "")]));
        Assert.Throws<SourceException>(() => MemoryTree.FromText([new("../a", "")]));
    }

    private static string Text(FileTree tree, string path) => Encoding.UTF8.GetString(tree.Read(path));

    private DirectoryTree Tree()
    {
        Directory.CreateDirectory(folder.Path("root"));
        return new DirectoryTree(folder.Path("root"));
    }
}
