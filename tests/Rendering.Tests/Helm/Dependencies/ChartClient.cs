using Bowline.Rendering.Helm.Dependencies;
using Bowline.Sources.Downloads;
using Bowline.Sources.HelmRepositories;
using Bowline.Sources.Oci;

namespace Bowline.Tests.Helm.Dependencies;

/// <summary>The client as the program composes it, with a cache folder of its own.</summary>
internal sealed class ChartClient : IDisposable
{
    private readonly HttpDownloads downloads;

    public ChartClient(Func<Uri, HostCredentials?>? credentials = null, string? cache = null)
    {
        CacheFolder = cache ?? Directory.CreateTempSubdirectory("bowline-charts-").FullName;
        downloads = new HttpDownloads(TimeProvider.System, credentials) { Timeout = TimeSpan.FromSeconds(30) };
        ContentCache content = new(CacheFolder);
        Http = new HelmRepositoryClient(downloads, content);
        Repositories = new ChartRepositories(Http, new OciRegistryClient(downloads, content, plainHttp: true), TimeProvider.System);
    }

    public string CacheFolder { get; }

    public HelmRepositoryClient Http { get; }

    public ChartRepositories Repositories { get; }

    public HttpDownloads Downloads => downloads;

    public Task<FetchedChart> FetchAsync(string repository, string name, string range) => Repositories.FetchAsync(repository, name, range, CancellationToken.None);

    public DependencyBuild Build(RepositoryConfig? config = null) => new(Repositories, config ?? RepositoryConfig.Empty);

    public void Dispose()
    {
        downloads.Dispose();
        Directory.Delete(CacheFolder, recursive: true);
    }
}
