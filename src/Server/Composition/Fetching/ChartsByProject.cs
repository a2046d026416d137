using System.Collections.Concurrent;
using Bowline.Applications.ArgoCd;
using Bowline.Rendering.Helm.Dependencies;

namespace Bowline.Server.Composition.Fetching;

/// <summary>
/// Repositories of charts as the applications of each project may use them. A project with logins of its own has its own connections and
/// indexes, so that nothing that they opened is handed to another; all others share one.
/// </summary>
internal sealed class ChartsByProject(TimeProvider time, Func<RepositorySecrets> secrets) : IDisposable
{
    private const string AnyProject = "";
    private readonly ConcurrentDictionary<string, Lazy<ChartSources>> sources = new(StringComparer.Ordinal);

    /// <summary>With the logins that are open to all projects.</summary>
    public ChartRepositories Shared => Open(AnyProject);

    public ChartRepositories Of(string project) => Open(secrets().HasChartLoginsOf(project) ? project : AnyProject);

    public void Dispose()
    {
        foreach (Lazy<ChartSources> opened in sources.Values.Where(opened => opened.IsValueCreated))
        {
            opened.Value.Dispose();
        }
    }

    private ChartRepositories Open(string project) => sources.GetOrAdd(project, name => new Lazy<ChartSources>(() => new ChartSources(time, more: address => secrets().LoginFor(address, name)))).Value.Repositories;
}
