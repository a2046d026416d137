using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Bowline.Sources.Files;
using Bowline.Sources.Git;

namespace Bowline.Applications.Sourcing;

public sealed record SourcePollerOptions
{
    /// <summary>How often a source is looked at without being told (Argo CD's <c>timeout.reconciliation</c>); zero for never.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Added at random to each wait, so that a thousand sources are not asked for in one moment (Argo CD's <c>timeout.reconciliation.jitter</c>).</summary>
    public TimeSpan Jitter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Least time between two looks at one source, however many webhooks ask for them.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Sources asked for at once.</summary>
    public int Parallelism { get; init; } = 8;
}

/// <param name="Chart">A chart's name, when the reference is a repository of charts.</param>
/// <param name="Resolved">The commit or version that it meant when it was last used; empty when it could not be used, so that it is tried again.</param>
public sealed record WatchedSource(SourceRef Reference, string Chart, string Resolved)
{
    /// <summary>Whose logins open it.</summary>
    public string Project { get; init; } = string.Empty;

    internal bool IsFixed => Resolved.Length > 0
        && (Chart.Length > 0 ? Reference.Revision == Resolved : Reference.Revision.Length is 40 or 64 && Reference.Revision.All(char.IsAsciiHexDigit));
}

/// <summary>
/// Notices when a branch, tag or range of another repository comes to mean something else: by asking from time to time, and at once
/// when a webhook says so. A webhook is only believed that much; what is delivered is what the repository itself says then.
/// </summary>
public sealed class SourcePoller(ISourceFetcher fetcher, Func<WatchedSource, CancellationToken, Task<string?>> resolveChart, Func<SourcePollerOptions> pace, TimeProvider time, Random random)
{
    /// <summary>What an interval of zero comes to: sources are looked at when somebody asks for it, and otherwise once a year.</summary>
    private static readonly TimeSpan Never = TimeSpan.FromDays(365);

    private readonly ConcurrentDictionary<Watched, Known> known = new();
    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Told what cannot be reached, once until it can be again.</summary>
    public Action<string> Complain { get; init; } = _ => { };

    /// <summary>Watches these sources and no others; those whose revision can only mean one thing are passed over.</summary>
    public void Watch(IEnumerable<WatchedSource> sources)
    {
        Dictionary<Watched, Known> wanted = [];
        foreach (WatchedSource source in sources.Where(source => !source.IsFixed))
        {
            wanted.TryAdd(new Watched(source.Reference.Url, source.Reference.Revision, source.Chart), new Known(source.Reference, source.Project, source.Resolved, Due(), DateTimeOffset.MinValue, string.Empty));
        }

        foreach (Watched gone in known.Keys.Where(key => !wanted.ContainsKey(key)))
        {
            known.TryRemove(gone, out _);
        }

        foreach ((Watched watched, Known found) in wanted)
        {
            known.AddOrUpdate(watched, found, (_, old) => old with { Reference = found.Reference, Project = found.Project, Resolved = found.Resolved });
        }

        wake.Writer.TryWrite(true);
    }

    /// <summary>Looks at every watched source of these repositories now.</summary>
    /// <returns>How many there are.</returns>
    public int Notify(IReadOnlyCollection<string> urls)
    {
        int count = 0;
        foreach ((Watched watched, Known found) in known)
        {
            if (urls.Any(url => RepositoryUrl.Same(url, watched.Url)))
            {
                known.TryUpdate(watched, found with { Due = found.Looked + pace().Pause }, found);
                count++;
            }
        }

        wake.Writer.TryWrite(true);
        return count;
    }

    /// <summary>Every source that moved, as soon as it is noticed, those noticed together together; ends when cancelled.</summary>
    public async IAsyncEnumerable<IReadOnlyList<SourceChange>> ChangesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Channel<SourceChange> moved = Channel.CreateUnbounded<SourceChange>();
        Task watching = WatchAsync(moved.Writer, cancellationToken);
        while (await moved.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            List<SourceChange> together = [];
            while (moved.Reader.TryRead(out SourceChange? change))
            {
                together.Add(change);
            }

            yield return together;
        }

        await watching.ConfigureAwait(false);
    }

    /// <summary>Looks at what is due, each by itself, so that a server that hangs delays nobody else.</summary>
    private async Task WatchAsync(ChannelWriter<SourceChange> moved, CancellationToken cancellationToken)
    {
        using SemaphoreSlim slots = new(pace().Parallelism);
        List<Task> looking = [];
        try
        {
            while (true)
            {
                DateTimeOffset now = time.GetUtcNow();
                foreach ((Watched watched, Known found) in known)
                {
                    if (found.Due <= now && known.TryUpdate(watched, found with { Due = DateTimeOffset.MaxValue }, found))
                    {
                        looking.Add(LookAsync(watched, slots, moved, cancellationToken));
                    }
                }

                await SleepAsync(now, cancellationToken).ConfigureAwait(false);
                looking.RemoveAll(look => look.IsCompletedSuccessfully);
            }
        }
        catch (OperationCanceledException stopped)
        {
            await Task.WhenAll(looking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            moved.Complete(stopped);
        }
        catch (Exception bug)
        {
            moved.Complete(bug);
        }
    }

    private async Task LookAsync(Watched watched, SemaphoreSlim slots, ChannelWriter<SourceChange> moved, CancellationToken cancellationToken)
    {
        await slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (await LookAsync(watched, cancellationToken).ConfigureAwait(false) is { } change)
            {
                moved.TryWrite(change);
            }
        }
        finally
        {
            slots.Release();
        }
    }

    private async Task<SourceChange?> LookAsync(Watched watched, CancellationToken cancellationToken)
    {
        if (!known.TryGetValue(watched, out Known? present))
        {
            return null;
        }

        Known found = present with { Looked = time.GetUtcNow() };
        known.TryUpdate(watched, found, present);
        try
        {
            string resolved = watched.Chart.Length > 0
                ? await resolveChart(new WatchedSource(found.Reference, watched.Chart, found.Resolved) { Project = found.Project }, cancellationToken).ConfigureAwait(false) ?? found.Resolved
                : await fetcher.ResolveAsync(found.Reference, cancellationToken).ConfigureAwait(false);
            SourceChange? change = null;
            if (resolved != found.Resolved)
            {
                IReadOnlyList<string>? files = watched.Chart.Length > 0 ? null : await fetcher.ChangedFilesAsync(found.Reference, found.Resolved, resolved, cancellationToken).ConfigureAwait(false);
                change = new SourceChange(watched.Url, watched.Revision, watched.Chart, files) { Resolved = resolved };
            }

            Set(watched, found with { Resolved = resolved, Complaint = string.Empty });
            return change;
        }
        catch (SourceException gone) when (gone.IsUnknownRevision && found.Resolved.Length > 0)
        {
            // The branch was deleted: no passing trouble, but what the repository says now, which is for the applications that follow it to tell.
            Set(watched, found with { Resolved = string.Empty, Complaint = gone.Message });
            return new SourceChange(watched.Url, watched.Revision, watched.Chart, null);
        }
        catch (SourceException unreachable)
        {
            if (unreachable.Message != found.Complaint)
            {
                Complain($"not looked at: {unreachable.Message}");
            }

            Set(watched, found with { Complaint = unreachable.Message });
            return null;
        }
    }

    /// <summary>Only what is still watched; a webhook that came while it was looked at makes it due again.</summary>
    private void Set(Watched watched, Known found)
    {
        while (known.TryGetValue(watched, out Known? present)
            && !known.TryUpdate(watched, found with { Reference = present.Reference, Due = present.Due < DateTimeOffset.MaxValue ? present.Due : Due() }, present))
        {
            // Somebody watched or notified in between: the same again over his.
        }

        wake.Writer.TryWrite(true);
    }

    private TimeSpan Interval => pace().Interval is var interval && interval > TimeSpan.Zero ? interval : Never;

    private DateTimeOffset Due()
    {
        lock (random)
        {
            return time.GetUtcNow() + Interval + (pace().Jitter * random.NextDouble());
        }
    }

    private async Task SleepAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        DateTimeOffset next = known.Values.Select(found => found.Due).Append(now + Interval).Min();
        using CancellationTokenSource until = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task due = Task.Delay(next > now ? next - now : TimeSpan.Zero, time, until.Token);
        await Task.WhenAny(due, wake.Reader.WaitToReadAsync(until.Token).AsTask()).ConfigureAwait(false);
        wake.Reader.TryRead(out _);
        await until.CancelAsync().ConfigureAwait(false);
        await due.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private readonly record struct Watched(string Url, string Revision, string Chart);

    /// <param name="Looked">When it was asked for last.</param>
    /// <param name="Complaint">Why it could not be looked at last time; empty when it could.</param>
    private sealed record Known(SourceRef Reference, string Project, string Resolved, DateTimeOffset Due, DateTimeOffset Looked, string Complaint);
}
