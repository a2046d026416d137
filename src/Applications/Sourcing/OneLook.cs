using System.Collections.Concurrent;
using Bowline.Sources.Files;

namespace Bowline.Applications.Sourcing;

/// <summary>
/// Asks each repository once, whoever of many asks: a thousand applications of one branch are one question to its server, and all of them
/// are made from the same commit. For as long as one load of a workspace takes.
/// </summary>
/// <param name="ends">Of the load: whoever of those who ask cancels only stops waiting.</param>
internal sealed class OneLook(ISourceFetcher fetcher, CancellationToken ends) : ISourceFetcher
{
    private readonly ConcurrentDictionary<SourceRef, Lazy<Task<SourceSnapshot>>> fetched = new();

    public Task<SourceSnapshot> FetchAsync(SourceRef reference, CancellationToken cancellationToken) =>
        fetched.GetOrAdd(reference, _ => new Lazy<Task<SourceSnapshot>>(() => fetcher.FetchAsync(reference, ends))).Value.WaitAsync(cancellationToken);

    public Task<string> ResolveAsync(SourceRef reference, CancellationToken cancellationToken) => fetcher.ResolveAsync(reference, cancellationToken);

    public Task<IReadOnlyList<string>?> ChangedFilesAsync(SourceRef reference, string from, string to, CancellationToken cancellationToken) =>
        fetcher.ChangedFilesAsync(reference, from, to, cancellationToken);
}
