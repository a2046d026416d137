using Bowline.Rendering.Requests;
using Bowline.Sources.Files;

namespace Bowline.Rendering.Kustomize.Files;

/// <summary>What all loaders of one build share.</summary>
internal sealed class BuildFiles(ParsedFiles parsed, Func<SourceRef, CancellationToken, FileTree?>? fetch, bool allowOutsideRoot, CancellationToken cancellationToken)
{
    private readonly HashSet<string> read = new(StringComparer.Ordinal);

    public ParsedFiles Parsed { get; } = parsed;

    public bool AllowOutsideRoot { get; } = allowOutsideRoot;

    public CancellationToken Cancellation { get; } = cancellationToken;

    /// <summary>Files of the snapshot that were read; those of remote bases do not count.</summary>
    public IReadOnlySet<string> Read => read;

    public void Note(string path) => read.Add(path);

    /// <exception cref="RenderException">There is no way to fetch, or the fetcher failed.</exception>
    public FileTree Fetch(RemoteReference reference)
    {
        try
        {
            return fetch?.Invoke(reference.Source, Cancellation)
                ?? throw new RenderException($"the remote base '{reference.Printable}' is not available here");
        }
        catch (SourceException error)
        {
            throw new RenderException($"the remote base '{reference.Printable}' cannot be fetched: {error.Message}", inner: error);
        }
    }
}
