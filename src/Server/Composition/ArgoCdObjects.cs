using Bowline.Applications.ArgoCd;
using Bowline.Cluster.Http;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;
using Bowline.Server.Composition.Up;

namespace Bowline.Server.Composition;

/// <summary>Reads Argo CD's own objects (repository Secrets, projects, keys) from the namespace that Argo CD has in the target cluster.</summary>
internal sealed class ArgoCdObjects : IDisposable
{
    private readonly HttpCluster cluster;
    private readonly string @namespace;
    private IReadOnlyList<MapNode>? read;

    public ArgoCdObjects(UpOptions options, TimeProvider time)
    {
        ClusterConnection connection = ClusterFleet.LoadContexts(options).Connection(options.TargetContext);
        Address = connection.Server;
        cluster = new HttpCluster(connection, time);
        @namespace = options.SettingsNamespace;
    }

    /// <summary>The cluster's objects; null where no real cluster is meant.</summary>
    public static ArgoCdObjects? For(UpOptions options, TimeProvider time) => options.TargetsRealCluster ? new ArgoCdObjects(options, time) : null;

    /// <summary>The cluster's objects, and the options with the namespaces that argocd-cmd-params-cm of a real cluster allows to Applications, where nobody asked for others.</summary>
    /// <returns>No objects where no real cluster is meant.</returns>
    public static async Task<(UpOptions Options, ArgoCdObjects? Objects)> OpenAsync(UpOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgoCdObjects? objects = For(options, time);
        if (objects is null || options.ApplicationNamespaces.Count > 0)
        {
            return (options, objects);
        }

        try
        {
            objects.read = await objects.ListAsync(cancellationToken).ConfigureAwait(false);
            return (options with { ApplicationNamespaces = ArgoCdSettings.Read(objects.read).Installation.ApplicationNamespaces }, objects);
        }
        catch
        {
            objects.Dispose();
            throw;
        }
    }

    /// <summary>Of the cluster's API server.</summary>
    public Uri Address { get; }

    /// <summary>Nothing where there is no Argo CD, or where this user may not read what is its own. What was read to open it is not read twice.</summary>
    public async Task<IReadOnlyList<MapNode>> ReadAsync(CancellationToken cancellationToken) =>
        Interlocked.Exchange(ref read, null) ?? await ListAsync(cancellationToken).ConfigureAwait(false);

    private async Task<IReadOnlyList<MapNode>> ListAsync(CancellationToken cancellationToken)
    {
        KindInfo secrets = await KindAsync("v1", "Secret", cancellationToken).ConfigureAwait(false) ?? throw new ClusterException($"{cluster.Name} serves no Secrets");
        KindInfo configMaps = await KindAsync("v1", "ConfigMap", cancellationToken).ConfigureAwait(false) ?? throw new ClusterException($"{cluster.Name} serves no ConfigMaps");
        List<MapNode> objects = [];
        await AddAsync(async () => (await cluster.ListAsync(secrets, @namespace, new ListOptions { LabelSelector = RepositorySecrets.TypeLabel }, cancellationToken).ConfigureAwait(false)).Items).ConfigureAwait(false);
        await AddAsync(async () => await cluster.GetAsync(new ObjectKey(secrets, @namespace, "argocd-secret"), cancellationToken).ConfigureAwait(false) is { } own ? [own] : []).ConfigureAwait(false);
        foreach (string name in ArgoCdSettings.ConfigMaps)
        {
            await AddAsync(async () => await cluster.GetAsync(new ObjectKey(configMaps, @namespace, name), cancellationToken).ConfigureAwait(false) is { } found ? [found] : []).ConfigureAwait(false);
        }

        if (await KindAsync("argoproj.io/v1alpha1", "AppProject", cancellationToken).ConfigureAwait(false) is { } projects)
        {
            await AddAsync(async () => (await cluster.ListAsync(projects, @namespace, ListOptions.All, cancellationToken).ConfigureAwait(false)).Items).ConfigureAwait(false);
        }

        return [.. objects.Where(ArgoCdSettings.Understands)];

        async Task AddAsync(Func<Task<IReadOnlyList<MapNode>>> read)
        {
            try
            {
                objects.AddRange(await read().ConfigureAwait(false));
            }
            catch (ClusterException refused) when (refused.Status is 403 or 404)
            {
                // Whoever delivers without these rights uses his own Git configuration.
            }
        }
    }

    public void Dispose() => cluster.Dispose();

    private Task<KindInfo?> KindAsync(string apiVersion, string kind, CancellationToken cancellationToken) => cluster.FindKindAsync(ResourceKind.Of(apiVersion, kind), cancellationToken);
}
