using Bowline.Applications.Sourcing;

namespace Bowline.Server.Composition.Homes;

/// <summary>The repository that is delivered: a folder of this machine, or one fetched from a server.</summary>
internal interface IHome : IDisposable
{
    /// <summary>The folder's or repository's name with a few digits of a hash, so that two of the same name do not meet.</summary>
    string Name { get; }

    /// <summary>Where in it to look for applications; empty for everywhere.</summary>
    string SearchPath { get; }

    Task<HomeRepository> OpenAsync(CancellationToken cancellationToken);

    /// <summary>Notes changes from now on; before the first load, so that none is missed between loading and following.</summary>
    void BeginWatching();

    /// <summary>Files that changed since <see cref="BeginWatching"/>, relative to the root, a breath at a time; null when anything may have. Empty where a poller watches instead.</summary>
    IAsyncEnumerable<IReadOnlyCollection<string>?> ChangesAsync(CancellationToken cancellationToken);
}
