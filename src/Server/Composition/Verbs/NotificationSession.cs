using Bowline.Cluster.Http;
using Bowline.Cluster.Requests;
using Bowline.Notifications.Configuration;
using Bowline.Notifications.Model;
using Bowline.Notifications.Notifying;
using Bowline.Notifications.Variables;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Bowline.Server.Composition.Fetching;
using Bowline.Server.Composition.Homes;
using Bowline.Server.Composition.Up;
using Bowline.Sources.Files;
using Bowline.Sources.Git;

namespace Bowline.Server.Composition.Verbs;

/// <summary>What <c>bowline notifications</c> works on. What is not given as a file is read from the cluster.</summary>
/// <param name="Application">The name of an application, or the file of one.</param>
public sealed record NotificationSources(string Application)
{
    /// <summary>A file with argocd-notifications-cm; empty for the cluster's.</summary>
    public string ConfigMapFile { get; init; } = string.Empty;

    /// <summary>A file with argocd-notifications-secret; empty for the cluster's, or for none when the ConfigMap is a file.</summary>
    public string SecretFile { get; init; } = string.Empty;

    public string Kubeconfig { get; init; } = string.Empty;

    public string Context { get; init; } = string.Empty;

    public string ArgoCdNamespace { get; init; } = "argocd";
}

/// <summary>Tries triggers and templates on an application without waiting for it to change.</summary>
public sealed class NotificationSession : IDisposable
{
    private readonly GitFetcher fetcher;

    private NotificationSession(NotificationSettings settings, MapNode application, TimeProvider time)
    {
        Settings = settings;
        fetcher = new GitFetcher(Path.Combine(BowlineHome.Folder, "mirrors"), time);
        Trial = new NotificationTrial(settings, application, (query, token) => FindCommitAsync(fetcher, new SourceRef(query.Repository, query.Revision), token), time);
    }

    public NotificationSettings Settings { get; }

    public NotificationTrial Trial { get; }

    /// <exception cref="UsageException">There is no such file or object.</exception>
    public static async Task<NotificationSession> OpenAsync(NotificationSources sources, TimeProvider time, CancellationToken cancellationToken)
    {
        bool isFile = File.Exists(sources.Application);
        bool needsCluster = !isFile || sources.ConfigMapFile.Length == 0;
        using HttpCluster? cluster = needsCluster ? Connect(sources, time) : null;
        MapNode application = isFile ? Read(sources.Application)
            : await GetAsync(cluster!, sources.ArgoCdNamespace, "argoproj.io/v1alpha1", "Application", sources.Application, cancellationToken).ConfigureAwait(false)
            ?? throw new UsageException($"there is neither a file nor an Application {sources.Application} in namespace {sources.ArgoCdNamespace}");
        MapNode configMap = sources.ConfigMapFile.Length > 0 ? Read(sources.ConfigMapFile)
            : await GetAsync(cluster!, sources.ArgoCdNamespace, "v1", "ConfigMap", NotificationSettings.ConfigMapName, cancellationToken).ConfigureAwait(false)
            ?? throw new UsageException($"there is no ConfigMap {NotificationSettings.ConfigMapName} in namespace {sources.ArgoCdNamespace}; --config-map takes a file");
        MapNode? secret = sources.SecretFile.Length > 0 ? Read(sources.SecretFile)
            : sources.ConfigMapFile.Length > 0 ? null
            : await GetAsync(cluster!, sources.ArgoCdNamespace, "v1", "Secret", NotificationSettings.SecretName, cancellationToken).ConfigureAwait(false);
        return new NotificationSession(SettingsReader.Read(configMap, secret, time), application, time);
    }

    /// <summary>A commit as notifications tell of it.</summary>
    internal static CommitMetadata Metadata(CommitDetails commit) => new(commit.Message, commit.Author, commit.Date, commit.Tags);

    private static async Task<CommitMetadata> FindCommitAsync(GitFetcher fetcher, SourceRef reference, CancellationToken cancellationToken)
    {
        try
        {
            return Metadata(await fetcher.DescribeAsync(reference, cancellationToken).ConfigureAwait(false));
        }
        catch (SourceException missing)
        {
            throw new NotificationException(missing.Message, missing);
        }
    }

    public void Dispose()
    {
        Settings.Dispose();
        fetcher.Dispose();
    }

    private static HttpCluster Connect(NotificationSources sources, TimeProvider time)
    {
        UpOptions options = new(".") { TargetKubeconfig = sources.Kubeconfig, TargetContext = sources.Context };
        return new HttpCluster(ClusterFleet.LoadContexts(options).Connection(sources.Context), time);
    }

    private static async Task<MapNode?> GetAsync(HttpCluster cluster, string @namespace, string apiVersion, string kind, string name, CancellationToken cancellationToken) =>
        await cluster.FindKindAsync(ResourceKind.Of(apiVersion, kind), cancellationToken).ConfigureAwait(false) is { } served
            ? await cluster.GetAsync(new ObjectKey(served, @namespace, name), cancellationToken).ConfigureAwait(false)
            : null;

    private static MapNode Read(string file)
    {
        try
        {
            return YamlReader.Read(File.ReadAllBytes(file), YamlReadOptions.Kubernetes with { FileName = file }) as MapNode ?? throw new UsageException($"{file} holds no object");
        }
        catch (IOException missing)
        {
            throw new UsageException($"{file}: {missing.Message}");
        }
    }
}
