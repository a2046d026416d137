using Bowline.Applications.ArgoCd;
using Bowline.Applications.Model;
using Bowline.Applications.Placing;
using Bowline.Applications.Reconciling;
using Bowline.Applications.Sharding;
using Bowline.Cluster.Http;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Live;
using Bowline.Delivery.Syncing;
using Bowline.Server.Composition.Homes;
using Bowline.Server.Composition.Up;

namespace Bowline.Server.Composition;

/// <summary>The clusters of one run: embedded ones that live as long as the run, or contexts of a kubeconfig.</summary>
internal sealed class ClusterFleet(UpOptions options, string repositoryName, TimeProvider time) : IAsyncDisposable
{
    private readonly Dictionary<string, Member> members = new(StringComparer.Ordinal);
    private ClusterSecrets registered = ClusterSecrets.Read([]);
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

    /// <summary>What a cluster is called: its context, or the name that its Secret gives it.</summary>
    public string NameOf(string cluster) => registered.Find(cluster)?.Name ?? cluster;

    /// <summary>Whether a cluster is one that a Secret describes, and not of the user's own kubeconfig.</summary>
    public bool IsRegistered(string cluster) => members.TryGetValue(cluster, out Member? member) ? member.Fingerprint.Length > 0 : registered.Find(cluster) is not null;

    /// <summary>Takes in the clusters that Secrets describe now.</summary>
    /// <returns>Those that are connected to and are reached in another way now, or not at all, and the hub's own where another part of it may be looked at.</returns>
    public IReadOnlyList<string> Register(ClusterSecrets clusters)
    {
        registered = clusters;
        return [.. members.Values.Where(member => member.Fingerprint.Length > 0 ? registered.Find(member.Id)?.Fingerprint != member.Fingerprint : member.Embedded is null && !IsSame(member.Target.Scope, ScopeOf(member.Id))).Select(member => member.Id)];
    }

    /// <summary>Lets go of clusters that nothing is delivered to as before; nothing in them changes, and the user's own stay connected to.</summary>
    public async Task DropAsync(IReadOnlyList<string> clusters)
    {
        foreach (string cluster in clusters)
        {
            if (members.GetValueOrDefault(cluster) is { Fingerprint.Length: 0 } own)
            {
                members[cluster] = own with { Target = TargetOf(own.Id, own.Target.Cluster, isEmbedded: false) };
                await own.Target.DisposeAsync().ConfigureAwait(false);
            }
            else if (members.Remove(cluster, out Member? member))
            {
                await member.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Decides which cluster each application lives on.</summary>
    /// <param name="settled">Where applications live already; on embedded clusters they stay.</param>
    /// <param name="clusterOf">The real cluster that an application's destination means, as its Secret's server; null for the one that holds the Applications, empty when there is none.</param>
    public Placement Place(IReadOnlyList<Claims> claims, IReadOnlyList<PlacementRule> settled, Func<string, string?> clusterOf)
    {
        if (contexts is null)
        {
            return options.OneCluster ? Placement.AllOn(ClusterPlacer.DefaultName, claims) : ClusterPlacer.Place(claims, [.. settled, .. options.PlacementRules]);
        }

        // Real clusters are never guessed.
        Dictionary<string, string> placed = claims.ToDictionary(
            claim => claim.Application,
            claim => options.PlacementRules.FirstOrDefault(rule => rule.Matches(claim.Application))?.Cluster ?? clusterOf(claim.Application) ?? Usual,
            StringComparer.Ordinal);
        return new Placement([.. placed.Values.Where(cluster => cluster.Length > 0).Distinct().OrderByDescending(cluster => cluster == Usual)], placed, new Dictionary<string, string>());
    }

    /// <summary>Starts those that do not run yet, side by side.</summary>
    public async Task StartAsync(IReadOnlyList<string> names, IUpObserver observer, CancellationToken cancellationToken)
    {
        string[] missing = [.. names.Where(name => !members.ContainsKey(name))];
        bool first = members.Count == 0;
        foreach (Member member in await Task.WhenAll(missing.Select(name => ConnectAsync(name, cancellationToken))).ConfigureAwait(false))
        {
            members[member.Id] = member;
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
            members[member.Id] = member;
        }

        return contexts is not null ? $"the live cluster {string.Join(", ", names.DefaultIfEmpty(Usual).Select(NameOf))}"
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
                DeliveryTarget target = new(cluster, assumeKinds: false, time, new SyncOptions(), options.SettingsNamespace);
                target.Kinds.RecallsAssumed = true;
                joined.Add(new Member(name, string.Empty, null, connection, cluster, target));
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
            members[member.Id] = member;
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
        ClusterSecret? secret = contexts is null ? null : registered.Find(name == Usual ? ClusterSecret.LocalServer : name);
        bool isRegistered = secret is not null && name != Usual;
        ClusterConnection connection = embedded?.Connection ?? (isRegistered ? secret!.Connect(options.AllowedExecPlugins) : contexts!.Connection(name));
        HttpCluster cluster = new(connection, time, HttpClusterOptions.Default with { RequestsPerSecond = options.RequestsPerSecond, Burst = options.Burst });
        ICluster allowed = options.Replica is { } replica ? new FencedCluster(cluster, replica, time) : cluster;
        return new Member(name, isRegistered ? secret!.Fingerprint : string.Empty, embedded, connection, cluster, TargetOf(name, allowed, embedded is not null));
    }

    private DeliveryTarget TargetOf(string name, ICluster cluster, bool isEmbedded)
    {
        string server = !isEmbedded && name != Usual && registered.Find(name) is { } secret ? secret.Server : ClusterSecret.LocalServer;
        // The argocd-cm that counts is the one beside the Applications.
        string settings = server == ClusterSecret.LocalServer ? options.SettingsNamespace : string.Empty;
        return new DeliveryTarget(cluster, isEmbedded && !options.Strict, time, new SyncOptions(), settings, isEmbedded ? LiveScope.Everything : ScopeOf(name))
        {
            DeliversUnasked = isEmbedded,
            Holder = options.Replica?.Identity ?? string.Empty,
            Server = server,
        };
    }

    /// <summary>What of a real cluster its Secret allows to look at.</summary>
    private LiveScope ScopeOf(string name) => registered.Find(name == Usual ? ClusterSecret.LocalServer : name) is { } secret ? new LiveScope(secret.Namespaces, secret.ClusterResources) : LiveScope.Everything;

    private static bool IsSame(LiveScope one, LiveScope other) => (one.IsEverything && other.IsEverything) || (one.ClusterResources == other.ClusterResources && one.Namespaces.SequenceEqual(other.Namespaces));

    internal static KubeContexts LoadContexts(UpOptions options) =>
        options.TargetKubeconfig.Length > 0 ? KubeContexts.Read([options.TargetKubeconfig], Allowing(options)) : KubeContexts.Load(Allowing(options));

    private static KubeconfigOptions Allowing(UpOptions options) => new() { AllowedExecPlugins = options.AllowedExecPlugins };

    /// <param name="Id">The context, or the server that a Secret names.</param>
    /// <param name="Fingerprint">Of the Secret; empty for a cluster of the user's own kubeconfig, and for an embedded one.</param>
    private sealed record Member(string Id, string Fingerprint, EmbeddedMember? Embedded, ClusterConnection Connection, HttpCluster Cluster, DeliveryTarget Target) : IAsyncDisposable
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
