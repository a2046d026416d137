using Bowline.Applications.Sourcing;
using Bowline.Sources.Files;

namespace Bowline.Applications.Tests.Sourcing;

public sealed class OneLookTests
{
    [Fact]
    public async Task Many_who_ask_for_one_branch_are_one_question_and_who_asks_for_another_or_with_other_keys_is_another()
    {
        CountingFetcher fetcher = new();
        OneLook look = new(fetcher, CancellationToken.None);
        SourceSnapshot[] same = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => look.FetchAsync(Of("main", "key"), default)));
        Assert.All(same, snapshot => Assert.Same(same[0], snapshot));
        await look.FetchAsync(Of("next", "key"), default);
        await look.FetchAsync(Of("main", "other"), default);
        Assert.Equal(3, fetcher.Asked);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_asked_once_and_whoever_gives_up_ends_nobody_elses_wait()
    {
        CountingFetcher fetcher = new() { Answer = new TaskCompletionSource<SourceSnapshot>() };
        OneLook look = new(fetcher, CancellationToken.None);
        using CancellationTokenSource impatient = new();
        Task<SourceSnapshot> first = look.FetchAsync(Of("main", "key"), impatient.Token);
        Task<SourceSnapshot> second = look.FetchAsync(Of("main", "key"), default);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        fetcher.Answer.SetException(new SourceException("https://example.com: connection refused"));
        Assert.Contains("refused", (await Assert.ThrowsAsync<SourceException>(() => second)).Message);
        Assert.Equal(1, fetcher.Asked);
    }

    private static SourceRef Of(string revision, string key) => new("https://example.com/r.git", revision) { TrustedKeys = new TrustedKeys([], [key]) };

    private sealed class CountingFetcher : ISourceFetcher
    {
        private int asked;

        public TaskCompletionSource<SourceSnapshot>? Answer { get; init; }

        public int Asked => asked;

        public Task<SourceSnapshot> FetchAsync(SourceRef reference, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref asked);
            return Answer?.Task ?? Task.FromResult(new SourceSnapshot(new MemoryTree([]), new SourceRevision("c", WorkingTree: false)));
        }

        public Task<string> ResolveAsync(SourceRef reference, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<string>?> ChangedFilesAsync(SourceRef reference, string from, string to, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
