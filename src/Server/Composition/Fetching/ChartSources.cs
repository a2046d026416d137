using Bowline.Rendering.Helm.Dependencies;
using Bowline.Server.Composition.Homes;
using Bowline.Sources.Downloads;
using Bowline.Sources.HelmRepositories;
using Bowline.Sources.Oci;

namespace Bowline.Server.Composition.Fetching;

/// <summary>The composition root of fetching charts: one cache below Bowline's home, Helm's own list of repositories.</summary>
public sealed class ChartSources : IDisposable
{
    private readonly HttpDownloads downloads;

    /// <param name="configFile">A repositories.yaml; null for the one that <c>helm repo add</c> writes, which need not exist.</param>
    /// <param name="plainHttp">Talk http to OCI registries.</param>
    /// <param name="more">Logins beside those of Helm's and Docker's own files, such as Argo CD's Secrets.</param>
    public ChartSources(TimeProvider time, string? configFile = null, bool plainHttp = false, Func<Uri, HostCredentials?>? more = null)
    {
        Config = ReadConfig(configFile);
        RegistryLogins[] logins = [.. LoginFiles().Where(File.Exists).Select(file => new RegistryLogins(File.ReadAllBytes(file)))];
        downloads = new HttpDownloads(time, address => Config.CredentialsFor(address) ?? logins.Select(login => login.For(address)).FirstOrDefault(known => known is not null) ?? more?.Invoke(address));
        ContentCache cache = new(Path.Combine(BowlineHome.Folder, "charts"));
        Repositories = new ChartRepositories(new HelmRepositoryClient(downloads, cache), new OciRegistryClient(downloads, cache, plainHttp), time);
    }

    public RepositoryConfig Config { get; }

    public ChartRepositories Repositories { get; }

    public void Dispose() => downloads.Dispose();

    private static RepositoryConfig ReadConfig(string? given)
    {
        string file = given ?? DefaultConfigFile();
        return given is not null || File.Exists(file) ? RepositoryConfig.Parse(File.ReadAllBytes(file), file) : RepositoryConfig.Empty;
    }

    private static string DefaultConfigFile() => Variable("HELM_REPOSITORY_CONFIG") ?? Path.Combine(HelmFolder(), "repositories.yaml");

    private static string[] LoginFiles() =>
    [
        Variable("HELM_REGISTRY_CONFIG") ?? Path.Combine(HelmFolder(), "registry", "config.json"),
        Path.Combine(Variable("DOCKER_CONFIG") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker"), "config.json"),
    ];

    private static string HelmFolder() => Variable("HELM_CONFIG_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "helm");

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
