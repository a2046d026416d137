using Bowline.Applications.Sourcing;
using Bowline.Sources.Files;

namespace Bowline.Applications.Tests.Sourcing;

public sealed class PatientFetcherTests
{
    private static readonly SourceRef Slow = new("https://git.example.com/slow.git", "main");

    [Fact]
    public async Task What_hangs_is_refused_after_a_while_and_its_late_answer_is_kept_for_a_run_that_ends()
    {
        Hanging server = new();
        PatientFetcher patient = new(server, TimeSpan.FromMilliseconds(20), TimeProvider.System) { KeepsLateAnswers = true };
        Assert.False(patient.TakeRefusals());
        SourceException refused = await Assert.ThrowsAsync<SourceException>(() => patient.FetchAsync(Slow, CancellationToken.None));
        Assert.Contains("has not answered", refused.Message, StringComparison.Ordinal);

        Assert.True(patient.TakeRefusals());
        Task waiting = patient.WaitForHangingAsync(CancellationToken.None);
        Assert.False(waiting.IsCompleted);
        server.Answer.SetResult(new SourceSnapshot(new MemoryTree([]), new SourceRevision("c0ffee", WorkingTree: false)));
        await waiting;
        Assert.Equal("c0ffee", (await patient.FetchAsync(Slow, CancellationToken.None)).Revision.Commit);
        Assert.Equal("c0ffee", (await patient.FetchAsync(Slow, CancellationToken.None)).Revision.Commit);
        Assert.Equal(1, server.Asked);
        Assert.False(patient.TakeRefusals());
    }

    [Fact]
    public async Task A_late_failure_is_not_waited_for_a_second_time()
    {
        Hanging server = new();
        PatientFetcher patient = new(server, TimeSpan.FromMilliseconds(20), TimeProvider.System) { KeepsLateAnswers = true };
        await Assert.ThrowsAsync<SourceException>(() => patient.FetchAsync(Slow, CancellationToken.None));
        server.Answer.SetException(new SourceException("gone for good"));
        await patient.WaitForHangingAsync(CancellationToken.None);
        Assert.Equal("gone for good", (await Assert.ThrowsAsync<SourceException>(() => patient.FetchAsync(Slow, CancellationToken.None))).Message);
        Assert.Equal(1, server.Asked);
    }

    private sealed class Hanging : ISourceFetcher
    {
        private int asked;

        public int Asked => asked;

        public TaskCompletionSource<SourceSnapshot> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<SourceSnapshot> FetchAsync(SourceRef reference, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref asked);
            return Answer.Task;
        }

        public Task<string> ResolveAsync(SourceRef reference, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<string>?> ChangedFilesAsync(SourceRef reference, string from, string to, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
