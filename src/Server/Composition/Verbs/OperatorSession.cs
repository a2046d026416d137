using System.Globalization;
using Bowline.Applications.ArgoCd;
using Bowline.Applications.Model;
using Bowline.Cluster.Http;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Inventories;
using Bowline.Server.Composition.Fetching;
using Bowline.Server.Composition.Up;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Server.Composition.Verbs;

/// <summary>What was delivered of one application to one cluster.</summary>
public sealed record ApplicationRecord(string Cluster, Inventory Inventory);

/// <summary>
/// Speaks to whoever delivers an application the only way there is: through the application's record in its cluster. Requests are
/// written there, and answers read there, so it makes no difference which process or machine delivers.
/// </summary>
public sealed class OperatorSession : IDisposable
{
    private static readonly HttpClusterOptions Http = HttpClusterOptions.Default with { ConnectTimeout = TimeSpan.FromSeconds(2) };
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan TakeUpPatience = TimeSpan.FromSeconds(10);
    private readonly TimeProvider time;
    private readonly List<HttpCluster> clusters;
    private readonly UpOptions options;
    private List<HttpCluster>? registered;

    private OperatorSession(List<HttpCluster> clusters, UpOptions options, TimeProvider time)
    {
        this.clusters = clusters;
        this.options = options;
        this.time = time;
    }

    /// <exception cref="UsageException">There is nothing that could be asked.</exception>
    public static OperatorSession Open(UpOptions options, TimeProvider time)
    {
        KubeContexts contexts;
        IReadOnlyList<string> names;
        if (options.TargetsRealCluster)
        {
            contexts = ClusterFleet.LoadContexts(options);
            // A kubeconfig that was named may be that of an 'up' with several clusters; the user's own holds clusters that nobody means.
            names = options.TargetContext.Length > 0 ? [options.TargetContext] : options.TargetKubeconfig.Length > 0 ? [.. contexts.Names] : [contexts.Current];
        }
        else
        {
            string file = ClusterFleet.KubeconfigOf(options, Repository.NameOf(options));
            if (!File.Exists(file))
            {
                throw new UsageException($"no 'bowline up' of {options.Path} has written {file}; name a cluster with --context, or the repository with --repo");
            }

            contexts = KubeContexts.Read([file]);
            names = [.. contexts.Names];
        }

        return new OperatorSession([.. names.Select(name => new HttpCluster(contexts.Connection(name), time, Http))], options, time);
    }

    /// <summary>The application's record on every cluster that has one.</summary>
    /// <exception cref="UsageException">No cluster has.</exception>
    public async Task<IReadOnlyList<ApplicationRecord>> ReadAsync(string application, CancellationToken cancellationToken) =>
        [.. (await FindAsync(ApplicationNamespaces.Read(application), cancellationToken).ConfigureAwait(false)).Select(found => new ApplicationRecord(found.Cluster.Name, found.Inventory))];

    /// <summary>Asks, and waits until it is carried out, refused, or (null) nobody takes it up.</summary>
    /// <param name="timeout">How long a request that was taken up may take.</param>
    public async Task<RequestAnswer?> AskAsync(string application, string verb, string argument, TimeSpan timeout, CancellationToken cancellationToken)
    {
        application = ApplicationNamespaces.Read(application);
        List<(HttpCluster Cluster, Inventory Inventory)> found = await FindAsync(application, cancellationToken).ConfigureAwait(false);
        if (found.Count > 1)
        {
            throw new UsageException($"{application} is delivered to several clusters ({string.Join(", ", found.Select(one => one.Cluster.Name))}); say which with --context and --kubeconfig");
        }

        DateTimeOffset now = time.GetUtcNow();
        string id = string.Create(CultureInfo.InvariantCulture, $"{now.ToUnixTimeMilliseconds():x}-{Environment.ProcessId:x}");
        InventoryStore store = new(found[0].Cluster);
        await store.AskAsync(application, new OperatorRequest(id, verb, argument, Environment.UserName, now), cancellationToken).ConfigureAwait(false);
        long asked = time.GetTimestamp();
        while (true)
        {
            Inventory inventory = await store.ReadAsync(application, cancellationToken).ConfigureAwait(false);
            bool mine = inventory.Answer?.Id == id;
            if (mine && inventory.Answer!.Done)
            {
                return inventory.Answer;
            }

            TimeSpan waited = time.GetElapsedTime(asked);
            if (!mine && waited > TakeUpPatience)
            {
                return null;
            }

            if (waited > timeout)
            {
                return inventory.Answer! with { Succeeded = false, Message = $"{inventory.Answer.Message}, not done after {timeout.TotalSeconds:0} s" };
            }

            await Task.Delay(Poll, time, cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose() => clusters.Concat(registered ?? []).ToList().ForEach(cluster => cluster.Dispose());

    private async Task<List<(HttpCluster Cluster, Inventory Inventory)>> FindAsync(string application, CancellationToken cancellationToken)
    {
        List<string> unreachable = [];
        List<(HttpCluster Cluster, Inventory Inventory)> found = await FindAsync(application, clusters, unreachable, cancellationToken).ConfigureAwait(false);
        if (found.Count == 0 && options.TargetsRealCluster)
        {
            // Not in the hub: then in one of the clusters that its Secrets describe.
            registered ??= await OpenRegisteredAsync(unreachable, cancellationToken).ConfigureAwait(false);
            found = await FindAsync(application, registered, unreachable, cancellationToken).ConfigureAwait(false);
        }

        return found.Count > 0 ? found
            : throw new UsageException($"nothing was delivered under the name {application} to {string.Join(", ", clusters.Concat(registered ?? []).Select(cluster => cluster.Name))}{string.Concat(unreachable.Select(message => $"; {message}"))}");
    }

    private async Task<List<HttpCluster>> OpenRegisteredAsync(List<string> unreachable, CancellationToken cancellationToken)
    {
        using ArgoCdObjects objects = new(options, time);
        List<HttpCluster> open = [];
        foreach (ClusterSecret secret in ArgoCdSettings.Read(await objects.ReadAsync(cancellationToken).ConfigureAwait(false)).Clusters.All.Where(secret => secret.Server != ClusterSecret.LocalServer))
        {
            try
            {
                open.Add(new HttpCluster(secret.Connect(options.AllowedExecPlugins), time, Http));
            }
            catch (ApplicationException unusable)
            {
                unreachable.Add(unusable.Message);
            }
        }

        return open;
    }

    private async Task<List<(HttpCluster Cluster, Inventory Inventory)>> FindAsync(string application, List<HttpCluster> among, List<string> unreachable, CancellationToken cancellationToken)
    {
        List<(HttpCluster, Inventory)> found = [];
        foreach (HttpCluster cluster in among)
        {
            try
            {
                Inventory inventory = await new InventoryStore(cluster).ReadAsync(application, cancellationToken).ConfigureAwait(false);
                if (!ReferenceEquals(inventory, Inventory.Empty))
                {
                    found.Add((cluster, inventory));
                }
            }
            catch (ClusterException refused) when (among.Count > 1 || among == registered)
            {
                unreachable.Add(refused.Message);
            }
        }

        return found;
    }
}
