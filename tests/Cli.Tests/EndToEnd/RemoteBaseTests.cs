namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>Kustomizations that build upon other repositories, through the whole program and without a network.</summary>
public sealed class RemoteBaseTests
{
    [Fact]
    public async Task Render_fetches_a_base_of_another_repository_at_its_revision()
    {
        using Scratch scratch = new();
        string overlay = Tagged(scratch, "?ref=v1");
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "render", overlay);
        Assert.True(exit == 0, errors);
        Assert.Contains("name: first", output);
    }

    [Theory]
    [InlineData("?ref=v9", "v9")]
    [InlineData("/nowhere?ref=v1", "nowhere")]
    public async Task A_base_that_cannot_be_had_is_named_and_nothing_is_printed(string reference, string reason)
    {
        using Scratch scratch = new();
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "render", Tagged(scratch, reference));
        Assert.Equal(1, exit);
        Assert.Equal(string.Empty, output.Trim());
        Assert.Contains("kustomization.yaml", errors);
        Assert.Contains(reason, errors);
    }

    [Fact]
    public async Task Credentials_of_a_base_are_not_printed()
    {
        using Scratch scratch = new();
        scratch.Write("kustomization.yaml", "resources: ['git://user:hunter2@localhost:1/org/repo//base?ref=v1', 'https://user:hunter2@localhost:1/org/repo//base?ref=v1']\n");
        (int exit, _, string errors) = await Bowline.RunAsync(scratch.Home, "render", scratch.Repository);
        Assert.Equal(1, exit);
        Assert.Contains("localhost", errors);
        Assert.DoesNotContain("hunter2", errors);
    }

    [Fact]
    public async Task What_is_delivered_may_not_build_upon_folders_of_this_machine_but_a_mapped_repository_is_read()
    {
        using Scratch scratch = new();
        string folder = Path.Combine(scratch.Root, "elsewhere");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "kustomization.yaml"), "resources: [cm.yaml]\n");
        await File.WriteAllTextAsync(Path.Combine(folder, "cm.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: mapped\n");
        scratch.Write("kustomization.yaml", $"resources: ['file://{folder}']\n");
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--once");
        Assert.NotEqual(0, exit);
        Assert.Contains("may not name", output + errors);
        scratch.Write("kustomization.yaml", "resources: ['https://localhost:1/org/repo?ref=v1']\n");
        (exit, output, errors) = await Bowline.RunAsync(scratch.Home, "up", scratch.Repository, "--once", "--repo-map", $"https://localhost:1/org/repo={folder}");
        Assert.True(exit == 0, output + errors);
    }

    /// <summary>A repository whose base was called "first" at tag v1, and a folder outside it that builds upon the base.</summary>
    private static string Tagged(Scratch scratch, string reference)
    {
        scratch.Write("base/kustomization.yaml", "resources: [cm.yaml]\n").WriteConfigMap("base/cm.yaml", "first");
        scratch.Git("init", "-q");
        scratch.Git("add", "-A");
        scratch.Git("commit", "-q", "-m", "first");
        scratch.Git("tag", "v1");
        scratch.WriteConfigMap("base/cm.yaml", "second");
        scratch.Git("commit", "-q", "-a", "-m", "second");
        string overlay = Path.Combine(scratch.Root, "overlay");
        Directory.CreateDirectory(overlay);
        File.WriteAllText(Path.Combine(overlay, "kustomization.yaml"), $"resources: ['file://{scratch.Repository}//base{reference}']\n");
        return overlay;
    }
}
