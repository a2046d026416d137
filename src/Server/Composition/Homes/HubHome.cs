using Bowline.Applications.Hub;
using Bowline.Applications.Sourcing;
using Bowline.Sources.Files;

namespace Bowline.Server.Composition.Homes;

/// <summary>No repository at all: applications are those that the hub holds.</summary>
internal sealed class HubHome(string @namespace) : IHome
{
    public string Name => "hub";

    public string SearchPath => string.Empty;

    public Task<HomeRepository> OpenAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new HomeRepository(ApplicationHub.IdentityOf(@namespace), new SourceSnapshot(new MemoryTree([]), new SourceRevision(string.Empty, WorkingTree: false)), []) { IsNone = true });

    public void BeginWatching()
    {
        // There are no files to change.
    }

    public IAsyncEnumerable<IReadOnlyCollection<string>?> ChangesAsync(CancellationToken cancellationToken) => AsyncEnumerable.Empty<IReadOnlyCollection<string>?>();

    public void Dispose()
    {
        // Nothing is held.
    }
}
