using System.Collections.Concurrent;
using Bowline.Applications.Sourcing;
using Bowline.Sources.Files;

namespace Bowline.Applications.Tests.Sourcing;

public sealed class SourcePollerTests
{
    private const string Url = "https://git.example.com/org/app.git";

    [Fact]
    public async Task A_branch_that_moves_is_noticed_with_the_files_that_changed()
    {
        Server server = new() { ["main"] = "1" };
        SourcePoller poller = Make(server, TimeSpan.FromMilliseconds(20));
        poller.Watch([Watched("main", "1")]);
        await using IAsyncEnumerator<IReadOnlyList<SourceChange>> changes = poller.ChangesAsync(Limit()).GetAsyncEnumerator();
        ValueTask<bool> next = changes.MoveNextAsync();
        server["main"] = "2";
        Assert.True(await next);
        SourceChange change = Assert.Single(changes.Current);
        Assert.Equal((Url, "main"), (change.Url, change.Revision));
        Assert.Equal(["1..2"], change.Files);
    }

    [Fact]
    public async Task A_webhook_makes_it_look_at_once_and_not_for_every_one_of_a_flood()
    {
        Server server = new() { ["main"] = "1" };
        SourcePoller poller = Make(server, TimeSpan.FromHours(1));
        poller.Watch([Watched("main", "1")]);
        await using IAsyncEnumerator<IReadOnlyList<SourceChange>> changes = poller.ChangesAsync(Limit()).GetAsyncEnumerator();
        ValueTask<bool> next = changes.MoveNextAsync();
        server["main"] = "2";
        Assert.Equal(0, poller.Notify(["https://git.example.com/org/other"]));
        Assert.Equal(1, poller.Notify(["git@git.example.com:org/app"]));
        Assert.True(await next);
        next = changes.MoveNextAsync();
        for (int i = 0; i < 1000; i++)
        {
            poller.Notify([Url]);
        }

        await Task.Delay(100, CancellationToken.None);
        Assert.True(server.Asked <= 2, $"asked {server.Asked} times");
        server["main"] = "3";
        Assert.True(await next);
        Assert.True(server.Asked <= 3, $"asked {server.Asked} times");
    }

    [Fact]
    public async Task What_cannot_be_reached_is_said_once_and_tried_again()
    {
        Server server = new() { ["main"] = "1", Broken = true };
        ConcurrentQueue<string> complaints = new();
        SourcePoller poller = Make(server, TimeSpan.FromMilliseconds(10), complaints.Enqueue);
        poller.Watch([Watched("main", string.Empty)]);
        await using IAsyncEnumerator<IReadOnlyList<SourceChange>> changes = poller.ChangesAsync(Limit()).GetAsyncEnumerator();
        ValueTask<bool> next = changes.MoveNextAsync();
        while (server.Asked < 5)
        {
            await Task.Delay(10, CancellationToken.None);
        }

        server.Broken = false;
        Assert.True(await next);
        Assert.Single(complaints);
    }

    [Fact]
    public async Task A_branch_that_is_deleted_is_told_once_as_a_change_and_again_when_it_is_back()
    {
        Server server = new() { ["main"] = "1" };
        ConcurrentQueue<string> complaints = new();
        SourcePoller poller = Make(server, TimeSpan.FromMilliseconds(10), complaints.Enqueue);
        poller.Watch([Watched("main", "1")]);
        await using IAsyncEnumerator<IReadOnlyList<SourceChange>> changes = poller.ChangesAsync(Limit()).GetAsyncEnumerator();
        ValueTask<bool> next = changes.MoveNextAsync();
        server.TryRemove("main", out _);
        Assert.True(await next);
        Assert.Null(Assert.Single(changes.Current).Files);
        next = changes.MoveNextAsync();
        int asked = server.Asked;
        while (server.Asked < asked + 5)
        {
            await Task.Delay(10, CancellationToken.None);
        }

        Assert.False(next.IsCompleted);
        server["main"] = "2";
        Assert.True(await next);
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task A_server_that_hangs_delays_no_other_and_a_webhook_that_comes_meanwhile_is_not_lost()
    {
        TaskCompletionSource hangs = new();
        Server server = new() { ["main"] = "1", ["slow"] = "1", Hangs = reference => reference.Revision == "slow" ? hangs.Task : Task.CompletedTask };
        SourcePoller poller = Make(server, TimeSpan.FromHours(1));
        poller.Watch([Watched("slow", "1"), Watched("main", "1")]);
        await using IAsyncEnumerator<IReadOnlyList<SourceChange>> changes = poller.ChangesAsync(Limit()).GetAsyncEnumerator();
        ValueTask<bool> next = changes.MoveNextAsync();
        server["main"] = "2";
        poller.Notify([Url]);
        Assert.True(await next);
        Assert.Equal("main", Assert.Single(changes.Current).Revision);
        poller.Notify([Url]);
        hangs.SetResult();
        server["slow"] = "2";
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal("slow", Assert.Single(changes.Current).Revision);
    }

    [Fact]
    public async Task A_commit_and_an_exact_chart_version_are_never_asked_for()
    {
        Server server = new();
        SourcePoller poller = Make(server, TimeSpan.FromMilliseconds(5));
        string commit = new('a', 40);
        poller.Watch([Watched(commit, commit), new WatchedSource(new SourceRef("https://charts.example.com", "1.2.3"), "web", "1.2.3")]);
        await using IAsyncEnumerator<IReadOnlyList<SourceChange>> changes = poller.ChangesAsync(Limit(TimeSpan.FromMilliseconds(200))).GetAsyncEnumerator();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await changes.MoveNextAsync());
        Assert.Equal(0, server.Asked);
    }

    private static CancellationToken Limit(TimeSpan? time = null) => new CancellationTokenSource(time ?? TimeSpan.FromSeconds(30)).Token;

    private static WatchedSource Watched(string revision, string resolved) => new(new SourceRef(Url, revision), string.Empty, resolved);

    private static SourcePoller Make(Server server, TimeSpan interval, Action<string>? complain = null) =>
        new(server, (_, _) => Task.FromResult<string?>("9.9.9"), () => new SourcePollerOptions { Interval = interval, Jitter = TimeSpan.Zero }, TimeProvider.System, new Random(1)) { Complain = complain ?? (_ => { }) };

    /// <summary>What a Git server answers; the real one is met in tests/Sources.Tests and tests/Cli.Tests.</summary>
    private sealed class Server : ConcurrentDictionary<string, string>, ISourceFetcher
    {
        private int asked;

        public int Asked => asked;

        public bool Broken { get; set; }

        /// <summary>How long an answer takes, which is what the server knew when it was asked.</summary>
        public Func<SourceRef, Task> Hangs { get; init; } = _ => Task.CompletedTask;

        public async Task<string> ResolveAsync(SourceRef reference, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref asked);
            string known = TryGetValue(reference.Revision, out string? commit) ? commit : throw new SourceException($"no branch is called {reference.Revision}") { IsUnknownRevision = true };
            await Hangs(reference);
            return Broken ? throw new SourceException("unreachable") : known;
        }

        public Task<IReadOnlyList<string>?> ChangedFilesAsync(SourceRef reference, string from, string to, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<string>?>([$"{from}..{to}"]);

        public Task<SourceSnapshot> FetchAsync(SourceRef reference, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
