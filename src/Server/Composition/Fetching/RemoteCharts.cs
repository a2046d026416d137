using Bowline.Rendering.Helm.Dependencies;
using Bowline.Rendering.Kustomize;
using Bowline.Sources.Archives;
using Bowline.Sources.Files;

namespace Bowline.Server.Composition.Fetching;

/// <summary>Fetches the charts of <c>helmCharts</c>, through the same cache and with the same logins as any other chart.</summary>
public sealed class RemoteCharts(ChartRepositories repositories)
{
    /// <exception cref="SourceException">The repository cannot be reached.</exception>
    /// <exception cref="Rendering.Requests.RenderException">It has no such chart.</exception>
    public FileTree Fetch(RemoteChart chart, CancellationToken cancellationToken)
    {
        // Rendering is synchronous by design; only this one step of it ever waits for something.
        FetchedChart fetched = repositories.FetchAsync(chart.Repository, chart.Name, chart.Version, cancellationToken).GetAwaiter().GetResult();
        return new MemoryTree(TarGz.ReadChart(fetched.Archive).Select(file => KeyValuePair.Create<string, ReadOnlyMemory<byte>>(file.Name, file.Data)));
    }
}
