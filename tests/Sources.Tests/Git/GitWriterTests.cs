using Bowline.Sources.Files;
using Bowline.Sources.Git;
using Bowline.Tests;

namespace Bowline.Sources.Tests.Git;

/// <summary>Reverts in real repositories: here, and pushed over HTTP.</summary>
public sealed class GitWriterTests : IDisposable
{
    private static readonly CommitText Text = new("Back to better days\n\nIt burns.", "Ann <ann@example.com>");
    private readonly TestRepository repository = new();
    private readonly GitFetcher fetcher;
    private readonly GitWriter writer;
    private readonly string first;

    public GitWriterTests()
    {
        fetcher = new GitFetcher(repository.Elsewhere("cache"), TimeProvider.System);
        writer = new GitWriter(fetcher);
        repository.Write("web/a", "1\n");
        repository.Write("other/b", "1\n");
        first = repository.Commit("first");
    }

    public void Dispose()
    {
        fetcher.Dispose();
        repository.Dispose();
    }

    [Fact]
    public async Task Only_commits_that_concern_the_asker_are_reverted_in_one_commit_that_names_them()
    {
        string second = Change("web/a", "2");
        Change("other/b", "2");
        string third = Change("web/a", "3");
        RevertPlan plan = await PlanAsync();
        Assert.Equal([third, second], plan.Commits.Select(commit => commit.Id));
        Assert.Equal(["web/a"], plan.Files);
        Assert.Equal("main", plan.Branch);
        Assert.Equal("3\n", Read("web/a"));

        string commit = await writer.WriteAsync(plan, Text, CancellationToken.None);
        Assert.Equal(commit, Run("rev-parse", "main"));
        Assert.Equal("1\n", Read("web/a"));
        Assert.Equal("2\n", Read("other/b"));
        Assert.Equal("", Run("status", "--porcelain"));
        Assert.Equal($"Ann ann@example.com Back to better days\n\nIt burns.\n\nThis reverts commit {third}.\nThis reverts commit {second}.", Run("log", "-1", "--format=%an %ae %B"));
    }

    [Fact]
    public async Task Of_a_merge_everything_is_reverted_that_it_brought()
    {
        repository.Run("checkout", "-qb", "side");
        Change("web/a", "2");
        Change("web/new", "2");
        repository.Run("checkout", "-q", "main");
        Change("other/b", "2");
        repository.Run("-c", "user.name=t", "-c", "user.email=t@t", "merge", "-q", "--no-ff", "-m", "merge side", "side");
        RevertPlan plan = await PlanAsync();
        RevertedCommit merge = Assert.Single(plan.Commits);
        Assert.True(merge.IsMerge);
        Assert.Equal(["web/a", "web/new"], plan.Files);
        await writer.WriteAsync(plan, Text, CancellationToken.None);
        Assert.Equal("1\n", Read("web/a"));
        Assert.False(File.Exists(repository.Path("web/new")));
        Assert.Contains($"This reverts commit {merge.Id}, a merge, relative to its first parent.", Run("log", "-1", "--format=%B"));
    }

    [Fact]
    public async Task What_conflicts_with_later_commits_is_refused_with_the_files_and_nothing_is_left_behind()
    {
        repository.Write("web/mine", "x\n");
        repository.Write("shared", "2\n");
        string bad = repository.Commit("bad");
        repository.Write("shared", "3\n");
        repository.Commit("built upon it");
        SourceException conflict = await Assert.ThrowsAsync<SourceException>(PlanAsync);
        Assert.Contains($"commit {bad[..7]} (bad) cannot be undone by itself, since later commits changed the same lines of shared", conflict.Message);
        Assert.Equal("", Run("status", "--porcelain"));
        Assert.Equal("3\n", Read("shared"));
    }

    [Fact]
    public async Task A_working_tree_with_changes_is_refused()
    {
        Change("web/a", "2");
        repository.Write("other/b", "by hand");
        Assert.Contains("the working tree has changes that no commit holds", (await Assert.ThrowsAsync<SourceException>(PlanAsync)).Message);
        Assert.Equal("by hand", Read("other/b"));
    }

    [Fact]
    public async Task A_rewritten_history_a_detached_head_and_nothing_to_do_are_each_said()
    {
        Assert.Contains("there is nothing to revert", (await Assert.ThrowsAsync<SourceException>(PlanAsync)).Message);
        Change("web/a", "2");
        Change("web/a", "1");
        Assert.Contains("changed back already", (await Assert.ThrowsAsync<SourceException>(PlanAsync)).Message);
        string orphan = Run("commit-tree", "-m", "x", "HEAD^{tree}");
        Assert.Contains("force-pushed", (await Assert.ThrowsAsync<SourceException>(() => PlanAsync(new SourceRef(repository.Root, ""), orphan))).Message);
        repository.Run("checkout", "-q", "--detach");
        Assert.Contains("no branch is checked out", (await Assert.ThrowsAsync<SourceException>(PlanAsync)).Message);
    }

    [Fact]
    public async Task Without_an_author_nobody_is_made_up()
    {
        Change("web/a", "2");
        RevertPlan plan = await PlanAsync();
        repository.Run("config", "user.name", "");
        Assert.Contains("--author", (await Assert.ThrowsAsync<SourceException>(() => writer.WriteAsync(plan, Text with { Author = "" }, CancellationToken.None))).Message);
        Assert.Contains("is written Name <mail>", (await Assert.ThrowsAsync<SourceException>(() => writer.WriteAsync(plan, Text with { Author = "Ann" }, CancellationToken.None))).Message);
        repository.Run("config", "user.name", "Ann");
        repository.Run("config", "user.email", "ann@example.com");
        await writer.WriteAsync(plan, Text with { Author = "" }, CancellationToken.None);
        Assert.Equal("Ann ann@example.com", Run("log", "-1", "--format=%cn %ce"));
    }

    [Fact]
    public async Task To_a_server_it_is_pushed_with_the_repositorys_credentials_unless_the_branch_moved()
    {
        Change("web/a", "2");
        // More than a partial clone fetches of itself.
        string large = string.Concat(Enumerable.Range(0, 200_000).Select(line => $"{line}\n"));
        foreach (string content in (string[])[large, large + "one more\n"])
        {
            repository.Write("web/large", content);
            repository.Commit("a large file");
        }

        repository.Run("clone", "-q", "--bare", repository.Root, repository.Elsewhere("server/r.git"));
        repository.Run("--git-dir", repository.Elsewhere("server/r.git"), "config", "uploadpack.allowFilter", "true");
        repository.Run("--git-dir", repository.Elsewhere("server/r.git"), "config", "http.receivepack", "true");
        using GitHttpServer server = new(repository.Elsewhere("server")) { Required = "Basic " + Convert.ToBase64String("ann:secret-word"u8) };
        SourceRef reference = new(server.Address + "r.git", "") { Access = new RepositoryAccess { Username = "ann", Password = "secret-word" } };
        RevertPlan plan = await PlanAsync(reference, first);
        Assert.Equal(("main", true), (plan.Branch, plan.IsPushed));
        string commit = await writer.WriteAsync(plan, Text, CancellationToken.None);
        Assert.Equal(commit, Run("--git-dir", repository.Elsewhere("server/r.git"), "rev-parse", "main"));
        Assert.Equal("1", Run("--git-dir", repository.Elsewhere("server/r.git"), "show", "main:web/a"));

        Assert.Contains("main has moved in the meantime", (await Assert.ThrowsAsync<SourceException>(() => writer.WriteAsync(plan, Text with { Message = "again" }, CancellationToken.None))).Message);
        Assert.Contains("is not a branch there", (await Assert.ThrowsAsync<SourceException>(() => PlanAsync(reference with { Revision = "v1.0.0" }, first))).Message);
    }

    private Task<RevertPlan> PlanAsync() => PlanAsync(new SourceRef(repository.Root, ""), first);

    private Task<RevertPlan> PlanAsync(SourceRef reference, string since) =>
        writer.PlanAsync(new RevertRequest(reference, since, path => path.StartsWith("web/", StringComparison.Ordinal)), CancellationToken.None);

    private string Change(string path, string value)
    {
        repository.Write(path, value + "\n");
        return repository.Commit($"change {path} to {value}");
    }

    private string Read(string path) => File.ReadAllText(repository.Path(path));

    private string Run(params string[] arguments) => repository.Run([.. arguments.Length > 0 && arguments[0] == "commit-tree" ? (string[])["-c", "user.name=t", "-c", "user.email=t@t"] : [], .. arguments]).Trim();
}
