using System.Diagnostics;
using Bowline.Sources.Files;
using Bowline.Sources.Tests.Git;

namespace Bowline.Sources.Tests.Files;

public sealed class FolderWatcherTests : IDisposable
{
    private readonly TestRepository repository = new();

    public void Dispose() => repository.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Saved_files_and_commits_are_reported_soon_and_once(bool poll)
    {
        repository.Write("app/a.yaml", "1");
        repository.Commit();
        using FolderWatcher watcher = new(repository.Path("app"), TimeProvider.System, new FolderWatcherOptions { Poll = poll });
        Assert.Equal(poll, watcher.IsPolling);
        await using IAsyncEnumerator<FolderChange> changes = watcher.ChangesAsync(default).GetAsyncEnumerator();
        repository.Write("app/a.yaml", "22");
        repository.Write("app/new/b.yaml", "2");
        FolderChange saved = await NextAsync(changes);
        Assert.Contains("a.yaml", saved.Paths);
        Assert.Contains(saved.Paths, path => path.StartsWith("new", StringComparison.Ordinal));
        Assert.False(saved.Repository);
        repository.Write("outside.yaml", "x");
        repository.Commit();
        FolderChange committed = await NextAsync(changes);
        Assert.True(committed.Repository);
        Assert.Empty(committed.Paths);
        repository.Run("checkout", "-q", "-b", "other");
        Assert.True((await NextAsync(changes)).Repository);
        File.Delete(repository.Path("app/a.yaml"));
        Assert.Equal(["a.yaml"], (await NextAsync(changes)).Paths);
        ValueTask<bool> nothing = changes.MoveNextAsync();
        await Task.Delay(poll ? 700 : 200, CancellationToken.None);
        Assert.False(nothing.IsCompleted);
        watcher.Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => nothing.AsTask().WaitAsync(TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task A_commit_at_the_root_is_told_from_git_at_work()
    {
        repository.Write("a.yaml", "1");
        repository.Commit();
        using FolderWatcher watcher = new(repository.Root, TimeProvider.System);
        await using IAsyncEnumerator<FolderChange> changes = watcher.ChangesAsync(default).GetAsyncEnumerator();
        repository.Run("status");
        repository.Run("gc", "-q");
        repository.Write("a.yaml", "2");
        FolderChange saved = await NextAsync(changes);
        while (!saved.Paths.Contains("a.yaml"))
        {
            saved = await NextAsync(changes);
        }

        repository.Commit();
        Assert.True((await NextAsync(changes)).Repository);
    }

    [Fact]
    public async Task A_linked_worktree_reports_its_own_commits()
    {
        repository.Write("a.yaml", "1");
        repository.Commit();
        repository.Run("worktree", "add", "-q", repository.Elsewhere("linked"), "-b", "linked");
        using FolderWatcher watcher = new(repository.Elsewhere("linked"), TimeProvider.System);
        await using IAsyncEnumerator<FolderChange> changes = watcher.ChangesAsync(default).GetAsyncEnumerator();
        repository.Run("-C", repository.Elsewhere("linked"), "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "--allow-empty", "-m", "x");
        Assert.True((await NextAsync(changes)).Repository);
    }

    private static async Task<FolderChange> NextAsync(IAsyncEnumerator<FolderChange> changes)
    {
        long began = Stopwatch.GetTimestamp();
        Assert.True(await changes.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(3));
        return changes.Current;
    }
}
