using Bowline.Rendering.Requests;
using Bowline.Sources.Files;
using Bowline.Sources.Git;

namespace Bowline.Rendering.Kustomize.Files;

/// <summary>What all loaders of one build share.</summary>
internal sealed class BuildFiles(ParsedFiles parsed, Func<SourceRef, CancellationToken, FileTree?>? fetch, bool allowOutsideRoot, CancellationToken cancellationToken)
{
    private readonly Dictionary<(SourceRef Source, bool Submodules), FileTree> fetched = [];
    private readonly Dictionary<RemoteChart, FileTree> charts = [];
    private readonly Dictionary<string, byte[]> remoteFiles = new(StringComparer.Ordinal);
    private readonly HashSet<string> read = new(StringComparer.Ordinal);

    public ParsedFiles Parsed { get; } = parsed;

    public bool AllowOutsideRoot { get; } = allowOutsideRoot;

    public CancellationToken Cancellation { get; } = cancellationToken;

    public Func<RemoteChart, CancellationToken, FileTree?>? Charts { get; init; }

    /// <summary>Null where URLs of files are refused.</summary>
    public Func<Uri, CancellationToken, byte[]?>? RemoteFiles { get; init; }

    /// <summary>Files of the snapshot that were read; those of remote bases do not count.</summary>
    public IReadOnlySet<string> Read => read;

    public void Note(string path) => read.Add(path);

    /// <summary>The files of a chart, from its own root; one build sees one state of each.</summary>
    /// <exception cref="RenderException">There is no way to fetch, or it failed; names the chart and the repository.</exception>
    public FileTree Fetch(RemoteChart chart)
    {
        if (charts.TryGetValue(chart, out FileTree? known))
        {
            return known;
        }

        string version = chart.Version.Length == 0 ? string.Empty : $" version {chart.Version}";
        string what = $"chart '{chart.Name}'{version} of {RemoteReference.WithoutSecrets(chart.Repository)}";
        try
        {
            FileTree files = Charts?.Invoke(chart, Cancellation) ?? throw new RenderException($"{what} is not in the source, and this build fetches no charts");
            charts.Add(chart, files);
            return files;
        }
        catch (SourceException error)
        {
            throw new RenderException($"{what} cannot be fetched: {error.Message}", inner: error);
        }
        catch (RenderException error) when (!error.Reason.StartsWith(what, StringComparison.Ordinal))
        {
            throw new RenderException($"{what} cannot be fetched: {error.Reason}", inner: error);
        }
    }

    /// <summary>A file by its URL.</summary>
    /// <exception cref="RenderException">Such files are not allowed, or this one cannot be had.</exception>
    public byte[] Fetch(string url)
    {
        string printable = RemoteReference.WithoutSecrets(url);
        if (remoteFiles.TryGetValue(url, out byte[]? known))
        {
            return known;
        }

        if (RemoteFiles is null || !Uri.TryCreate(url, UriKind.Absolute, out Uri? address))
        {
            throw new RenderException($"the file '{printable}' is refused: a build reads no files over HTTP unless that is allowed (--allow-remote-files)");
        }

        try
        {
            byte[] content = RemoteFiles(address, Cancellation) ?? throw new RenderException($"the file '{printable}' is not available here");
            remoteFiles.Add(url, content);
            return content;
        }
        catch (SourceException error)
        {
            throw new RenderException($"the file '{printable}' cannot be read: {error.Message}", inner: error);
        }
    }

    /// <summary>The files of a remote base; one build sees one state of each, however often it names it.</summary>
    /// <exception cref="RenderException">There is no way to fetch, the fetcher failed, or the URL's own time is over.</exception>
    public FileTree Fetch(RemoteReference reference)
    {
        if (fetched.TryGetValue((reference.Source, reference.Submodules), out FileTree? known))
        {
            return known;
        }

        FileTree files = Fetch(reference.Source, reference.Timeout, $"the remote base '{reference.Printable}'");
        if (reference.Submodules)
        {
            files = SubmoduleTree.Of(files, reference.Source, (submodule, source) =>
                Fetch(source, reference.Timeout, $"'{reference.Printable}' needs the submodule '{submodule.Path}', {RemoteReference.WithoutSecrets(source.Url)}, which"));
        }

        fetched.Add((reference.Source, reference.Submodules), files);
        return files;
    }

    private FileTree Fetch(SourceRef source, TimeSpan? timeout, string what)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        if (timeout is { } allowed)
        {
            limit.CancelAfter(allowed);
        }

        try
        {
            return fetch?.Invoke(source, limit.Token) ?? throw new RenderException($"{what} is not available here");
        }
        catch (SourceException error)
        {
            throw new RenderException($"{what} cannot be fetched: {error.Message}", inner: error);
        }
        catch (OperationCanceledException error) when (!Cancellation.IsCancellationRequested)
        {
            throw new RenderException($"{what} cannot be fetched: took longer than the {timeout} of its URL", inner: error);
        }
    }
}
