using System.Diagnostics;
using Bowline.Rendering.Kustomize;
using Bowline.Rendering.Requests;
using Bowline.Sources.Files;
using Bowline.Sources.Git;
using static Bowline.Rendering.Tests.Kustomize.KustomizeCase;

namespace Bowline.Rendering.Tests.Kustomize;

public sealed class RemoteBaseTests
{
    [Theory]
    [InlineData("https://example.org/org/repo//deploy/a?ref=v1", "https://example.org/org/repo", "v1", "deploy/a")]
    [InlineData("https://example.org/org/repo/deploy?version=v2", "https://example.org/org/repo", "v2", "deploy")]
    [InlineData("https://example.org/org/repo?version=v2&ref=v1", "https://example.org/org/repo", "v1", "")]
    [InlineData("https://example.org/group/sub/repo.git/deploy", "https://example.org/group/sub/repo.git", "", "deploy")]
    [InlineData("https://dev.azure.com/org/project/_git/repo/deploy?ref=v1", "https://dev.azure.com/org/project/_git/repo", "v1", "deploy")]
    [InlineData("git::https://example.org/org/repo//deploy", "https://example.org/org/repo", "", "deploy")]
    [InlineData("github.com/org/repo/deploy?ref=v1", "https://github.com/org/repo", "v1", "deploy")]
    [InlineData("GitHub.com:org/repo", "https://github.com/org/repo", "", "")]
    [InlineData("git@github.com:org/repo//deploy?ref=v1", "git@github.com:org/repo", "v1", "deploy")]
    [InlineData("git@github.com/org/repo.git/deploy", "git@github.com:org/repo.git", "", "deploy")]
    [InlineData("ssh://git@github.com/org/repo//deploy", "git@github.com:org/repo", "", "deploy")]
    [InlineData("git@example.org:org/repo.git//deploy?ref=a%2Fb", "git@example.org:org/repo.git", "a/b", "deploy")]
    [InlineData("git@example.org/org/repo//deploy", "git@example.org:org/repo", "", "deploy")]
    [InlineData("ssh://git@example.org:2222/org/repo.git/deploy?timeout=90s&submodules=false", "ssh://git@example.org:2222/org/repo.git", "", "deploy")]
    [InlineData("file:///srv/git/repo.git//deploy?ref=v1", "file:///srv/git/repo.git", "v1", "deploy")]
    [InlineData("file:///srv/git/repo", "file:///srv/git/repo", "", "")]
    public void A_url_is_a_repository_a_revision_and_a_path(string url, string repository, string revision, string path)
    {
        SourceRef? asked = null;
        string at = path.Length == 0 ? "" : path + "/";
        KustomizeRenderer renderer = new(fetch: (reference, _) =>
        {
            asked = reference;
            return Files($"{at}kustomization.yaml", "resources: [cm.yaml]\n", $"{at}cm.yaml", ConfigMap);
        });
        Assert.Single(Build(Files("kustomization.yaml", $"resources: ['{url}']\n"), renderer: renderer).Resources);
        Assert.Equal(new SourceRef(repository, revision), asked);
    }

    [Theory]
    [InlineData("https://user:se@cret@example.org/org/repo")]
    [InlineData("https://user:se?cret@example.org/org/repo")]
    [InlineData("https://user:se#cret@example.org/org/repo")]
    [InlineData("https://token-cret@example.org/org")]
    public void No_part_of_a_password_is_printed(string url)
    {
        string message = Refusal(Files("kustomization.yaml", $"resources: ['{url}']\n")).ToString();
        Assert.DoesNotContain("cret@", message, StringComparison.Ordinal);
        Assert.DoesNotContain(":se", message, StringComparison.Ordinal);
        string patch = Refusal(Files("kustomization.yaml", $"resources: [cm.yaml]\nconfigMapGenerator: [{{name: x, files: ['k={url.Replace("https", "ssh", StringComparison.Ordinal)}']}}]\n", "cm.yaml", ConfigMap)).ToString();
        Assert.DoesNotContain("cret@", patch, StringComparison.Ordinal);
    }

    [Fact]
    public void One_build_fetches_a_repository_once_and_notes_where_an_object_came_from()
    {
        int fetched = 0;
        KustomizeRenderer renderer = new(fetch: (_, _) =>
        {
            fetched++;
            return Files("a/kustomization.yaml", "resources: [../cm.yaml]\nnamePrefix: a-\n", "b/kustomization.yaml", "resources: [../base]\nnamePrefix: b-\n", "base/kustomization.yaml", "resources: [cm.yaml]\n", "base/cm.yaml", ConfigMap);
        });
        FileTree files = Files("kustomization.yaml", "buildMetadata: [originAnnotations]\nresources: ['https://u:secret@example.org/org/repo//b?ref=v1', 'https://u:secret@example.org/org/repo//base?ref=v1']\n");
        RenderResult result = Build(files, renderer: renderer);
        Assert.Equal(1, fetched);
        Assert.Equal("path: base/cm.yaml\nrepo: https://example.org/org/repo\nref: v1\n", result.Resources[0].Annotation("config.kubernetes.io/origin"));
        Assert.Equal("https://example.org/org/repo//base/cm.yaml", result.Resources[0].Origin.File);
    }

    [Fact]
    public void A_remote_base_that_names_itself_is_a_cycle()
    {
        const string Url = "https://example.org/org/repo//a?ref=v1";
        KustomizeRenderer renderer = new(fetch: (_, _) => Files("a/kustomization.yaml", $"resources: ['{Url}']\n"));
        Assert.Contains("cycle detected", Refusal(Files("kustomization.yaml", $"resources: ['{Url}']\n"), renderer: renderer).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_time_that_a_url_allows_is_kept()
    {
        KustomizeRenderer renderer = new(fetch: (_, cancellationToken) =>
        {
            cancellationToken.WaitHandle.WaitOne(TimeSpan.FromSeconds(30));
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        });
        Stopwatch watch = Stopwatch.StartNew();
        RenderException error = Refusal(Files("kustomization.yaml", "resources: ['https://example.org/org/repo?timeout=200ms']\n"), renderer: renderer);
        Assert.Contains("longer than", error.Message, StringComparison.Ordinal);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void A_base_and_a_component_are_fetched_from_a_git_repository()
    {
        string folder = Directory.CreateTempSubdirectory("bowline-remote").FullName;
        try
        {
            string origin = Path.Combine(folder, "origin");
            Write(origin, "base/kustomization.yaml", "resources: [cm.yaml]\n");
            Write(origin, "base/cm.yaml", ConfigMap);
            Write(origin, "extra/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -extra\n");
            Git(origin, "init", "-q", "-b", "main");
            Commit(origin);
            Git(origin, "tag", "v1");
            Write(origin, "base/kustomization.yaml", "resources: [cm.yaml]\nnamePrefix: new-\n");
            Commit(origin);
            using GitFetcher fetcher = new(Path.Combine(folder, "cache"), TimeProvider.System);
            KustomizeRenderer renderer = new(fetch: (reference, cancellationToken) => fetcher.FetchAsync(reference, cancellationToken).GetAwaiter().GetResult().Files);
            string Name(string revision) =>
                Build(Files("kustomization.yaml", $"resources: ['file://{origin}//base{revision}']\ncomponents: ['file://{origin}//extra{revision}']\n"), renderer: renderer).Resources[0].Name;
            Assert.Equal("cm-extra", Name("?ref=v1"));
            Assert.Equal("new-cm-extra", Name("?ref=main"));
            Assert.Equal("new-cm-extra", Name(string.Empty));
            Assert.Contains("v9", Assert.Throws<RenderException>(() => Name("?ref=v9")).Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Write(string root, string path, string text)
    {
        string file = Path.Combine(root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    private static void Commit(string root)
    {
        Git(root, "add", "-A");
        Git(root, "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false", "commit", "-q", "-m", "x");
    }

    private static void Git(string root, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = root })!;
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
