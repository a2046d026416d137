using Bowline.Rendering.Requests;
using Bowline.Sources.Files;

namespace Bowline.Rendering.Kustomize.Files;

/// <summary>What all loaders of one build share.</summary>
internal sealed class BuildFiles(ParsedFiles parsed, Func<SourceRef, CancellationToken, FileTree?>? fetch, bool allowOutsideRoot, CancellationToken cancellationToken)
{
    private readonly Dictionary<SourceRef, FileTree> fetched = [];
    private readonly HashSet<string> read = new(StringComparer.Ordinal);

    public ParsedFiles Parsed { get; } = parsed;

    public bool AllowOutsideRoot { get; } = allowOutsideRoot;

    public CancellationToken Cancellation { get; } = cancellationToken;

    /// <summary>Files of the snapshot that were read; those of remote bases do not count.</summary>
    public IReadOnlySet<string> Read => read;

    public void Note(string path) => read.Add(path);

    /// <summary>The files of a remote base; one build sees one state of each, however often it names it.</summary>
    /// <exception cref="RenderException">There is no way to fetch, the fetcher failed, or the URL's own time is over.</exception>
    public FileTree Fetch(RemoteReference reference)
    {
        if (fetched.TryGetValue(reference.Source, out FileTree? known))
        {
            return known;
        }

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        if (reference.Timeout is { } timeout)
        {
            limit.CancelAfter(timeout);
        }

        try
        {
            FileTree files = fetch?.Invoke(reference.Source, limit.Token)
                ?? throw new RenderException($"the remote base '{reference.Printable}' is not available here");
            fetched.Add(reference.Source, files);
            return files;
        }
        catch (SourceException error)
        {
            throw new RenderException($"the remote base '{reference.Printable}' cannot be fetched: {error.Message}", inner: error);
        }
        catch (OperationCanceledException error) when (!Cancellation.IsCancellationRequested)
        {
            throw new RenderException($"the remote base '{reference.Printable}' cannot be fetched: took longer than the {reference.Timeout} of its URL", inner: error);
        }
    }
}
