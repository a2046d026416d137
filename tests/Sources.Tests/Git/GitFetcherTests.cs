using System.Globalization;
using System.Net;
using System.Text;
using Bowline.Sources.Files;
using Bowline.Sources.Git;
using Bowline.Tests;

namespace Bowline.Sources.Tests.Git;

public sealed class GitFetcherTests : IDisposable
{
    private readonly TestRepository repository = new();
    private readonly GitFetcher fetcher;

    public GitFetcherTests() => fetcher = new GitFetcher(repository.Elsewhere("cache"), TimeProvider.System);

    public void Dispose()
    {
        fetcher.Dispose();
        repository.Dispose();
    }

    [Fact]
    public async Task A_local_path_without_revision_is_its_working_tree()
    {
        repository.Write("a.yaml", "1");
        string commit = repository.Commit();
        Assert.Equal(new SourceRevision(commit, false), (await FetchAsync(repository.Root, "")).Revision);
        repository.Write("a.yaml", "2");
        SourceSnapshot dirty = await FetchAsync(repository.Root, "");
        Assert.Equal($"{commit[..7]}-dirty", dirty.Revision.Short);
        Assert.Equal("2", Text(dirty, "a.yaml"));
        Assert.Equal("1", Text(await FetchAsync(repository.Root, "HEAD"), "a.yaml"));
        Assert.Equal("1", Text(await FetchAsync("file://" + repository.Root, ""), "a.yaml"));
    }

    [Fact]
    public async Task A_commit_says_its_message_author_date_and_tags()
    {
        repository.Write("a.yaml", "1");
        string commit = repository.Commit();
        repository.Run("tag", "v1");
        foreach (string url in (string[])[repository.Root, "file://" + repository.Root])
        {
            CommitDetails said = await fetcher.DescribeAsync(new SourceRef(url, commit), default);
            Assert.Equal(repository.Run("show", "-s", "--format=%B|%an <%ae>|%at", commit).Trim().Replace("\n", "", StringComparison.Ordinal), $"{said.Message}|{said.Author}|{said.Date.ToUnixTimeSeconds()}");
            Assert.Equal(["v1"], said.Tags);
        }

        await Assert.ThrowsAsync<SourceException>(() => fetcher.DescribeAsync(new SourceRef(repository.Root, new string('0', 40)), default));
        await Assert.ThrowsAsync<SourceException>(() => fetcher.DescribeAsync(new SourceRef(repository.Root, "--output=/tmp/x"), default));
    }

    [Fact]
    public async Task A_folder_outside_of_any_repository_is_a_working_tree()
    {
        Directory.CreateDirectory(repository.Elsewhere("plain"));
        SourceSnapshot snapshot = await FetchAsync(repository.Elsewhere("plain"), "");
        Assert.Equal(new SourceRevision("", true), snapshot.Revision);
        Assert.Equal("worktree", snapshot.Revision.Short);
        Assert.Contains("not a Git repository", (await Assert.ThrowsAsync<SourceException>(() => FetchAsync(repository.Elsewhere("plain"), "main"))).Message);
        await Assert.ThrowsAsync<SourceException>(() => FetchAsync(repository.Elsewhere("missing"), ""));
    }

    [Fact]
    public async Task A_broken_repository_is_still_a_folder_of_files()
    {
        Directory.CreateDirectory(repository.Elsewhere("broken/.git"));
        await File.WriteAllTextAsync(repository.Elsewhere("broken/a.yaml"), "a");
        await File.WriteAllTextAsync(repository.Elsewhere("broken/.git/HEAD"), "nonsense");
        SourceSnapshot snapshot = await FetchAsync(repository.Elsewhere("broken"), "");
        Assert.Equal("worktree", snapshot.Revision.Short);
        Assert.Equal(["a.yaml"], snapshot.Files.Walk());
    }

    [Fact]
    public async Task A_linked_worktree_is_a_repository()
    {
        repository.Write("a.yaml", "1");
        string commit = repository.Commit();
        repository.Run("worktree", "add", "-q", repository.Elsewhere("linked"), "-b", "linked");
        Assert.Equal(new SourceRevision(commit, false), (await FetchAsync(repository.Elsewhere("linked"), "")).Revision);
        Assert.Equal("1", Text(await FetchAsync(repository.Elsewhere("linked"), "main"), "a.yaml"));
    }

    [Fact]
    public async Task Branches_tags_commits_and_ranges_are_resolved_locally_and_remotely()
    {
        repository.Write("v", "1");
        string first = repository.Commit();
        repository.Run("tag", "v1.0.0");
        repository.Write("v", "2");
        string second = repository.Commit();
        repository.Run("-c", "user.name=t", "-c", "user.email=t@t", "tag", "-a", "v1.2.0", "-m", "annotated");
        repository.Run("branch", "feature/x");
        repository.Write("v", "3");
        string third = repository.Commit();
        foreach (string url in (string[])[repository.Root, await repository.ServeAsync()])
        {
            foreach ((string revision, string expected) in ((string, string)[])[
                ("HEAD", third), ("main", third), ("feature/x", second), ("v1.0.0", first), ("v1.2.0", second), ("1.x", second), ("~1.0", first),
                ("refs/tags/v1.0.0", first), (first, first), (second[..8], second)])
            {
                Assert.Equal((url, revision, expected), (url, revision, (await FetchAsync(url, revision)).Revision.Commit));
            }

            SourceException error = await Assert.ThrowsAsync<SourceException>(() => FetchAsync(url, "nowhere"));
            Assert.Contains("nowhere", error.Message);
            await Assert.ThrowsAsync<SourceException>(() => FetchAsync(url, new string('0', 40)));
        }
    }

    [Fact]
    public async Task A_mirror_follows_force_pushes_and_serves_many_at_once()
    {
        repository.Write("v", "1");
        repository.Commit();
        string url = await repository.ServeAsync();
        SourceSnapshot[] many = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => FetchAsync(url, "main")));
        Assert.All(many, snapshot => Assert.Equal("1", Text(snapshot, "v")));
        repository.Write("v", "2");
        repository.Run("add", "-A");
        repository.Run("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "--amend", "-m", "rewritten");
        Assert.Equal("2", Text(await FetchAsync(url, ""), "v"));
        Assert.Equal("1", Text(many[0], "v"));
        using GitFetcher other = new(repository.Elsewhere("cache"), TimeProvider.System);
        Assert.Equal("2", Text(await other.FetchAsync(new SourceRef(url, "main"), default), "v"));
        Assert.Single(Directory.GetDirectories(repository.Elsewhere("cache")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Large_files_stay_on_the_server_until_one_of_their_folder_is_read(bool filters)
    {
        repository.Run("config", "uploadpack.allowFilter", filters ? "true" : "false");
        string large = Incompressible(2_000_000);
        foreach (string file in (string[])["charts/a.tgz", "charts/b.tgz", "films/c.mov"])
        {
            repository.Write(file, file + large);
        }

        repository.Write("charts/values.yaml", "small");
        repository.Commit();
        string url = await repository.ServeAsync();
        SourceSnapshot snapshot = await FetchAsync(url, "main");
        Assert.Equal("small", Text(snapshot, "charts/values.yaml"));
        Assert.Equal(filters ? 0 : 3, LargeFiles());
        Assert.Equal("charts/b.tgz" + large, Text(snapshot, "charts/b.tgz"));
        Assert.Equal(filters ? 2 : 3, LargeFiles());
        Assert.True(snapshot.Files.FileExists("films/c.mov"));

        // The server may build what is new upon what it takes to be here.
        repository.Write("films/c.mov", "films/c.mov" + large + "one more line");
        repository.Write("charts/a.tgz", "charts/a.tgz" + large + "one more line");
        repository.Commit();
        SourceSnapshot next = await FetchAsync(url, "main");
        Assert.Equal("films/c.mov" + large + "one more line", Text(next, "films/c.mov"));
        Assert.Equal("charts/a.tgz" + large + "one more line", Text(next, "charts/a.tgz"));
        Assert.Equal("films/c.mov" + large, Text(snapshot, "films/c.mov"));
    }

    [Fact]
    public async Task A_large_file_that_the_server_no_longer_gives_out_is_named()
    {
        repository.Run("config", "uploadpack.allowFilter", "true");
        repository.Write("film.mov", Incompressible(2_000_000));
        repository.Commit();
        SourceSnapshot snapshot = await FetchAsync(await repository.ServeAsync(), "main");
        repository.StopServing();
        SourceException error = Assert.Throws<SourceException>(() => Text(snapshot, "film.mov"));
        Assert.StartsWith("git://127.0.0.1:", error.Message);
        Assert.Contains("git fetch:", error.Message);
    }

    /// <summary>Objects of more than a megabyte that lie in the only mirror.</summary>
    private int LargeFiles()
    {
        string mirror = Directory.GetDirectories(repository.Elsewhere("cache")).Single();
        string sizes = repository.Run("--git-dir", mirror, "cat-file", "--batch-all-objects", "--batch-check=%(objectsize)");
        return sizes.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(size => int.Parse(size, CultureInfo.InvariantCulture) > 1_000_000);
    }

    private static string Incompressible(int length)
    {
        byte[] bytes = new byte[length / 2];
        new Random(1).NextBytes(bytes);
        return Convert.ToHexString(bytes);
    }

    [Fact]
    public async Task The_tree_of_a_commit_keeps_to_its_root()
    {
        repository.Write("b/f.yaml", "f");
        repository.Write("a.yaml", "ä");
        repository.Link("link", "b");
        repository.Link("b/up.yaml", "../a.yaml");
        repository.Link("out", "../../etc");
        repository.Link("passwd", "/etc/passwd");
        repository.Link("circle", "circle");
        repository.Write("big", new string('x', 10_000));
        string commit = repository.Commit();
        GitRepository found = (await GitRepository.FindAsync(repository.Path("b"), TimeProvider.System, default))!;
        GitTree tree = await found.TreeAsync(commit, default);
        Assert.Equal(["a.yaml", "b/f.yaml", "b/up.yaml", "big", "circle", "link/f.yaml", "link/up.yaml", "out", "passwd"], tree.Walk());
        Assert.Equal("f", Encoding.UTF8.GetString(tree.Read("link/f.yaml")));
        Assert.Equal("ä", Encoding.UTF8.GetString(tree.Below("link").Read("up.yaml")));
        Assert.Equal("a.yaml", tree.Resolve("link/up.yaml"));
        Assert.Throws<SourceException>(() => tree.Read("out/hosts"));
        Assert.Throws<SourceException>(() => tree.Read("passwd"));
        Assert.Throws<SourceException>(() => tree.Read("circle"));
        Assert.Throws<SourceException>(() => tree.Read("../x"));
        Assert.Throws<SourceException>(() => tree.Read("b"));
        Assert.Contains("larger", Assert.Throws<SourceException>(() => tree.Read("big", 100)).Message);
        Assert.Equal(10_000, tree.Read("big").Length);
        Assert.Equal([new("a.yaml", false), new("b", true), new("big", false), new("circle", false), new("link", true), new("out", false), new("passwd", false)], tree.List(""));
    }

    [Fact]
    public async Task State_remotes_and_changes_are_told()
    {
        Assert.Null(await GitRepository.FindAsync(repository.Elsewhere(""), TimeProvider.System, default));
        GitRepository found = (await GitRepository.FindAsync(repository.Root, TimeProvider.System, default))!;
        Assert.Equal(new GitState("", "main", false), await found.StateAsync(default));
        repository.Write("a", "1");
        repository.Write("c", "1");
        string first = repository.Commit();
        repository.Run("remote", "add", "origin", "git@github.com:a/b.git");
        Assert.Equal([new GitRemote("origin", "git@github.com:a/b.git")], await found.RemotesAsync(default));
        Assert.Equal(new GitState(first, "main", false), await found.StateAsync(default));
        repository.Write("untracked", "x");
        Assert.True((await found.StateAsync(default)).Dirty);
        repository.Run("mv", "a", "b");
        string second = repository.Commit();
        Assert.Equal(["a", "b", "untracked"], await found.ChangedFilesAsync(first, second, default));
        repository.Run("checkout", "-q", "--detach");
        Assert.Equal("", (await found.StateAsync(default)).Branch);
    }

    [Fact]
    public async Task Hooks_of_a_repository_are_not_run()
    {
        repository.Write("a", "1");
        string commit = repository.Commit();
        repository.Write(".git/hooks/post-checkout", $"#!/bin/sh\ntouch {repository.Elsewhere("ran")}\n");
        repository.Run("config", "core.fsmonitor", $"touch {repository.Elsewhere("ran")}; false");
        GitRepository found = (await GitRepository.FindAsync(repository.Root, TimeProvider.System, default))!;
        await found.StateAsync(default);
        (await found.TreeAsync(commit, default)).Read("a");
        Assert.False(File.Exists(repository.Elsewhere("ran")));
    }

    [Fact]
    public async Task Credentials_go_to_their_server_only_and_into_no_message()
    {
        using HttpListener thief = LocalListener.Start(out string thiefAddress);
        using HttpListener server = LocalListener.Start(out string address);
        List<string?> stolen = [];
        List<string?> given = [];
        Task serving = ServeAsync(server, context =>
        {
            given.Add(context.Request.Headers["Authorization"]);
            context.Response.Redirect(thiefAddress + "x/info/refs");
        });
        Task stealing = ServeAsync(thief, context =>
        {
            stolen.Add(context.Request.Headers["Authorization"]);
            context.Response.StatusCode = 403;
        });
        string url = address.Replace("://", "://user:s3cret-pw@", StringComparison.Ordinal) + "repo.git";
        SourceException error = await Assert.ThrowsAsync<SourceException>(() => FetchAsync(url, "main"));
        Assert.DoesNotContain("s3cret-pw", error.ToString());
        Assert.Contains("***@", error.Message);
        Assert.Equal(Convert.ToBase64String("user:s3cret-pw"u8), given.First()!["Basic ".Length..]);
        Assert.Empty(stolen);
        server.Stop();
        thief.Stop();
        await Task.WhenAll(serving, stealing);
    }

    [Fact]
    public async Task An_unreachable_server_is_said_to_be_so()
    {
        using HttpListener server = LocalListener.Start(out string address);
        server.Stop();
        SourceException error = await Assert.ThrowsAsync<SourceException>(() => FetchAsync(address + "repo.git", "main"));
        Assert.StartsWith(address + "repo.git: git ls-remote:", error.Message);
    }

    [Fact]
    public async Task A_server_that_never_answers_is_given_up()
    {
        using HttpListener server = LocalListener.Start(out string address);
        using GitFetcher hasty = new(repository.Elsewhere("cache"), TimeProvider.System) { Timeout = TimeSpan.FromSeconds(1) };
        SourceException error = await Assert.ThrowsAsync<SourceException>(() => hasty.FetchAsync(new SourceRef(address + "x", "main"), default));
        Assert.Contains("took longer than 1 s", error.Message);
    }

    private static async Task ServeAsync(HttpListener listener, Action<HttpListenerContext> answer)
    {
        try
        {
            while (listener.IsListening)
            {
                HttpListenerContext context = await listener.GetContextAsync();
                answer(context);
                context.Response.Close();
            }
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
        {
        }
    }

    private static string Text(SourceSnapshot snapshot, string path) => Encoding.UTF8.GetString(snapshot.Files.Read(path));

    private Task<SourceSnapshot> FetchAsync(string url, string revision) => fetcher.FetchAsync(new SourceRef(url, revision), default).WaitAsync(TimeSpan.FromSeconds(30));
}
