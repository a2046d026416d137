using Bowline.Applications.Model;
using Bowline.Applications.Placing;
using Bowline.Applications.Reconciling;
using Bowline.Applications.Sharding;
using Bowline.Cluster.Http;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Syncing;

namespace Bowline.Server.Composition;

/// <summary>The clusters of one run: embedded ones that live as long as the run, or contexts of a kubeconfig.</summary>
internal sealed class ClusterFleet(UpOptions options, string repositoryName, TimeProvider time) : IAsyncDisposable
{
    private readonly Dictionary<string, Member> members = new(StringComparer.Ordinal);
    private readonly KubeContexts? contexts = options.TargetsRealCluster ? LoadContexts(options) : null;

    public string KubeconfigFile { get; } = options.TargetsRealCluster ? options.TargetKubeconfig : KubeconfigOf(options, repositoryName);

    /// <summary>Where an <c>up</c> of a repository writes by which its clusters are reached.</summary>
    public static string KubeconfigOf(UpOptions options, string repositoryName) => options.KubeconfigFile.Length > 0 ? Path.GetFullPath(options.KubeconfigFile)
        : options.StateDirectory.Length > 0 ? Path.Combine(Path.GetFullPath(options.StateDirectory), "kubeconfig")
        : Path.Combine(BowlineHome.Folder, repositoryName, "kubeconfig");

    /// <summary>The clusters that run, or are connected to, by now.</summary>
    public IReadOnlyCollection<string> Started => members.Keys;

    /// <summary>Where a hub is when no application says: the context in use, or the embedded cluster of that usual name.</summary>
    public string Usual => contexts is null ? ClusterPlacer.DefaultName : options.TargetContext.Length > 0 ? options.TargetContext : contexts.Current;

    public DeliveryTarget Target(string cluster) => members[cluster].Target;

    /// <summary>Decides which cluster each application lives on.</summary>
    /// <param name="settled">Where applications live already; they stay.</param>
    public Placement Place(IReadOnlyList<Claims> claims, IReadOnlyList<PlacementRule> settled)
    {
        if (options.OneCluster)
        {
            return Placement.AllOn(ClusterPlacer.DefaultName, claims);
        }

        // Real clusters are never guessed: what no rule names goes to the context in use.
        PlacementRule[] rest = contexts is null ? [] : [new PlacementRule(Usual, ["*"])];
        return ClusterPlacer.Place(claims, [.. settled, .. options.PlacementRules, .. rest]);
    }

    /// <summary>Starts those that do not run yet, side by side.</summary>
    public async Task StartAsync(IReadOnlyList<string> names, IUpObserver observer, CancellationToken cancellationToken)
    {
        string[] missing = [.. names.Where(name => !members.ContainsKey(name))];
        bool first = members.Count == 0;
        foreach (Member member in await Task.WhenAll(missing.Select(name => ConnectAsync(name, cancellationToken))).ConfigureAwait(false))
        {
            members[member.Target.Name] = member;
            if (member.Embedded is { } embedded)
            {
                observer.Note(embedded.Introduction);
                await KubeconfigWriter.WriteAsync(KubeconfigFile, member.Connection, makeCurrent: first, time, cancellationToken).ConfigureAwait(false);
                first = false;
            }
        }
    }

    /// <summary>
    /// Reaches clusters without changing them: real ones, those of a running <c>up</c>, those kept under <c>--state</c>, or new and empty ones.
    /// </summary>
    /// <returns>Which of these it was, in words.</returns>
    public async Task<string> StartForReadingAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        if (contexts is null && await JoinRunningAsync(names, cancellationToken).ConfigureAwait(false))
        {
            return $"the clusters of the running 'bowline up' ({KubeconfigFile})";
        }

        foreach (Member member in await Task.WhenAll(names.Select(name => ConnectAsync(name, cancellationToken))).ConfigureAwait(false))
        {
            members[member.Target.Name] = member;
        }

        return contexts is not null ? $"the live cluster {string.Join(", ", names)}"
            : options.StateDirectory.Length > 0 ? $"the clusters kept in {options.StateDirectory}"
            : "empty clusters, since no 'bowline up' of this repository is running";
    }

    /// <summary>Connects to the clusters that another process serves, when its kubeconfig is there and all of them answer.</summary>
    private async Task<bool> JoinRunningAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        if (!File.Exists(KubeconfigFile))
        {
            return false;
        }

        KubeContexts running = KubeContexts.Read([KubeconfigFile]);
        if (!names.All(running.Names.Contains))
        {
            return false;
        }

        List<Member> joined = [];
        try
        {
            foreach (string name in names)
            {
                ClusterConnection connection = running.Connection(name);
                HttpCluster cluster = new(connection, time, HttpClusterOptions.Default with { ConnectTimeout = TimeSpan.FromSeconds(1), MaxRetries = 0 });
                joined.Add(new Member(null, connection, cluster, new DeliveryTarget(cluster, assumeKinds: false, time, new SyncOptions(), options.SettingsNamespace)));
                await cluster.DiscoverAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (ClusterException)
        {
            // Left behind by an 'up' that is gone.
            foreach (Member member in joined)
            {
                await member.DisposeAsync().ConfigureAwait(false);
            }

            return false;
        }

        foreach (Member member in joined)
        {
            members[member.Target.Name] = member;
        }

        return true;
    }

    public async Task<IReadOnlyList<Assumption>> AssumptionsAsync(CancellationToken cancellationToken)
    {
        List<Assumption> assumed = [];
        foreach (Member member in members.Values)
        {
            assumed.AddRange(member.Target.Kinds.AssumedKinds.Order().Select(kind => new Assumption(
                "CustomResourceDefinition", member.Target.Name, $"{kind.Group} {kind.Kind}", "the repository brings no CRD for it; objects are accepted as they are and nothing acts upon them")));
            if (member.Embedded is { } embedded)
            {
                assumed.AddRange(await embedded.AssumptionsAsync(cancellationToken).ConfigureAwait(false));
            }
        }

        return assumed;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Member member in members.Values)
        {
            await member.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<Member> ConnectAsync(string name, CancellationToken cancellationToken)
    {
        EmbeddedMember? embedded = contexts is null ? await EmbeddedMember.StartAsync(name, options, time, cancellationToken).ConfigureAwait(false) : null;
        ClusterConnection connection = embedded?.Connection ?? contexts!.Connection(name);
        HttpCluster cluster = new(connection, time, HttpClusterOptions.Default with { RequestsPerSecond = options.RequestsPerSecond, Burst = options.Burst });
        bool assume = embedded is not null && !options.Strict;
        ICluster allowed = options.Replica is { } replica ? new FencedCluster(cluster, replica, time) : cluster;
        return new Member(embedded, connection, cluster, new DeliveryTarget(allowed, assume, time, new SyncOptions(), options.SettingsNamespace) { DeliversUnasked = embedded is not null, Holder = options.Replica?.Identity ?? string.Empty });
    }

    internal static KubeContexts LoadContexts(UpOptions options) =>
        options.TargetKubeconfig.Length > 0 ? KubeContexts.Read([options.TargetKubeconfig], Allowing(options)) : KubeContexts.Load(Allowing(options));

    private static KubeconfigOptions Allowing(UpOptions options) => new() { AllowedExecPlugins = options.AllowedExecPlugins };

    private sealed record Member(EmbeddedMember? Embedded, ClusterConnection Connection, HttpCluster Cluster, DeliveryTarget Target) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Target.DisposeAsync().ConfigureAwait(false);
            Cluster.Dispose();
            if (Embedded is not null)
            {
                await Embedded.DisposeAsync().ConfigureAwait(false);
            }
        }
    }
}
