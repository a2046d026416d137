using System.Collections.Concurrent;
using System.Globalization;
using Bowline.Sources.Files;
using Bowline.Sources.Git;

namespace Bowline.Applications.Sourcing;

/// <summary>
/// Does not let one server that hangs hold up what comes from others: whoever asks is refused after a while, the asking itself goes on,
/// and when it is answered after all that is told. What hangs is not asked for a second time, nor waited for.
/// </summary>
public sealed class PatientFetcher(ISourceFetcher fetcher, TimeSpan patience, TimeProvider time) : ISourceFetcher
{
    private readonly ConcurrentDictionary<SourceRef, Task<SourceSnapshot>> fetching = new();
    private readonly ConcurrentDictionary<SourceRef, Task<string>> resolving = new();
    private int refusals;

    /// <summary>Told of a repository that answered when nobody waited for it any more.</summary>
    public Action<string> Arrived { get; set; } = _ => { };

    /// <summary>For a run that ends: what answered late, be it with a failure, is not asked for again.</summary>
    public bool KeepsLateAnswers { get; init; }

    /// <summary>Whether somebody was refused since this was asked last, for whom it is worth to ask again after <see cref="WaitForHangingAsync"/>.</summary>
    public bool TakeRefusals() => Interlocked.Exchange(ref refusals, 0) > 0;

    /// <summary>Waits for everything that hangs, to be answered or to fail.</summary>
    public async Task WaitForHangingAsync(CancellationToken cancellationToken)
    {
        foreach (Task asked in fetching.Values.Concat<Task>(resolving.Values).ToArray())
        {
            await Task.WhenAny(asked).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public Task<SourceSnapshot> FetchAsync(SourceRef reference, CancellationToken cancellationToken) =>
        WaitAsync(fetching, reference, token => fetcher.FetchAsync(reference, token), cancellationToken);

    public Task<string> ResolveAsync(SourceRef reference, CancellationToken cancellationToken) =>
        WaitAsync(resolving, reference, token => fetcher.ResolveAsync(reference, token), cancellationToken);

    public Task<IReadOnlyList<string>?> ChangedFilesAsync(SourceRef reference, string from, string to, CancellationToken cancellationToken) =>
        fetcher.ChangedFilesAsync(reference, from, to, cancellationToken);

    private async Task<T> WaitAsync<T>(ConcurrentDictionary<SourceRef, Task<T>> hanging, SourceRef reference, Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        // The fetcher bounds it in time; whoever cancels only stops waiting.
        bool hangs = hanging.TryGetValue(reference, out Task<T>? known);
        Task<T> asked = known ?? ask(CancellationToken.None);
        try
        {
            return await asked.WaitAsync(hangs ? TimeSpan.Zero : patience, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            if (hanging.TryAdd(reference, asked))
            {
                _ = HearAsync(hanging, reference, asked);
            }

            Interlocked.Increment(ref refusals);
            throw new SourceException($"{RepositoryUrl.Redact(reference.Url)}: has not answered for {patience.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture)} s; the others go on, and this follows when it does", reference.Url) { IsLate = true };
        }
    }

    private async Task HearAsync<T>(ConcurrentDictionary<SourceRef, Task<T>> hanging, SourceRef reference, Task<T> asked)
    {
        await Task.WhenAny(asked).ConfigureAwait(false);
        if (!KeepsLateAnswers)
        {
            hanging.TryRemove(reference, out _);
        }

        if (asked.IsCompletedSuccessfully)
        {
            Arrived(reference.Url);
        }
    }
}
