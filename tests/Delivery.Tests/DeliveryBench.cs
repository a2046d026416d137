using Bowline.Cluster.Http;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.Cluster.Watching;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Diffing;
using Bowline.Delivery.Health;
using Bowline.Delivery.Inventories;
using Bowline.Delivery.Live;
using Bowline.Delivery.Planning;
using Bowline.Delivery.Syncing;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;
using Bowline.Resources.Yaml;

namespace Bowline.Delivery.Tests;

/// <summary>An API server and what delivers to it, over HTTPS as in the product.</summary>
internal sealed class DeliveryBench : IAsyncDisposable
{
    private readonly EmbeddedClusterHost host;
    private readonly ClusterCache cache;
    private Inventory inventory = Inventory.Empty;

    private DeliveryBench(EmbeddedClusterHost host)
    {
        this.host = host;
        Client = new HttpCluster(new ClusterConnection("test", host.Server) { CertificateAuthority = host.CertificateAuthority, ClientCertificate = host.ClientCertificate, ClientKey = host.ClientKey }, TimeProvider.System);
        cache = new ClusterCache(Client, TimeProvider.System);
        Live = new LiveState(cache, TimeProvider.System);
        Synchronizer = new Synchronizer(Client, Live, new HealthAssessor(), TimeProvider.System, new SyncOptions { WaveTimeout = TimeSpan.FromSeconds(10), HookTimeout = TimeSpan.FromSeconds(10) });
    }

    public HttpCluster Client { get; }

    public LiveState Live { get; }

    public Synchronizer Synchronizer { get; }

    public static async Task<DeliveryBench> StartAsync() => new(await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), CancellationToken.None));

    /// <summary>What a delivery of these manifests would do, found out anew: nothing is remembered from before.</summary>
    public async Task<SyncPlan> PlanAsync(string manifests, DriftRules? rules = null, params string[] options)
    {
        Resource[] resources = [.. YamlReader.ReadAll(System.Text.Encoding.UTF8.GetBytes(manifests), YamlReadOptions.Kubernetes).Select(document => new Resource((MapNode)document.Root, new Origin("all.yaml", document.Line)))];
        Dictionary<ResourceKind, KindInfo?> kinds = [];
        foreach (ResourceKind kind in resources.Select(resource => resource.Kind).Append(new ResourceKind(string.Empty, "v1", "Namespace")).Distinct())
        {
            kinds[kind] = await Client.FindKindAsync(kind, CancellationToken.None);
        }

        await Live.EnsureAsync(kinds.Values.OfType<KindInfo>(), CancellationToken.None);
        IReadOnlyList<DesiredObject> desired = Preparation.Prepare(
            new DesiredState("app", "default", resources) { SyncOptions = options }, kinds.GetValueOrDefault, kind => KubernetesKinds.Find(kind)?.Namespaced ?? true);
        Differ differ = new(Client, Live, TimeProvider.System, parallelism: 4);
        IReadOnlyList<ResourceDiff> diffs = await differ.CompareAsync(desired, rules ?? DriftRules.None, AdmissionRules.Of(Live), CancellationToken.None);
        HashSet<ResourceId> wanted = [.. desired.Select(item => item.Id)];
        (InventoryEntry, MapNode)[] leftovers = [.. inventory.Entries.Where(entry => !wanted.Contains(entry.Id)).Select(entry => (entry, Live.Get(entry.Id)!)).Where(found => found.Item2 is not null)];
        inventory = new Inventory([.. inventory.Entries.Union(desired.Where(item => item.Kind is not null).Select(item => new InventoryEntry(item.Kind!.Kind, item.Id.Namespace, item.Id.Name)))], string.Empty);
        return SyncPlanner.Plan("app", diffs, leftovers, new PlanPolicy(Prune: true, AllowEmpty: true, RunHooks: true, (_, _) => "app"));
    }

    public async Task<SyncResult> SyncAsync(SyncPlan plan, SyncOperation? operation = null) =>
        await Synchronizer.RunAsync(plan, new SyncRun(operation ?? SyncOperation.Begin("fingerprint", DateTimeOffset.UtcNow)), CancellationToken.None);

    /// <summary>Delivers, and fails the test if that does not succeed.</summary>
    public async Task DeliverAsync(string manifests, DriftRules? rules = null, params string[] options)
    {
        SyncResult result = await SyncAsync(await PlanAsync(manifests, rules, options));
        Assert.True(result.Succeeded, string.Join("; ", result.Failures.Select(step => $"{step.Id}: {step.Message}").Append(result.Stopped)));
    }

    /// <summary>Adds a CRD that is no part of what is delivered, and waits until its kind is served.</summary>
    public async Task DefineAsync(string definition, ResourceKind kind)
    {
        MapNode body = (MapNode)YamlReader.Read(definition);
        KindInfo definitions = (await Client.FindKindAsync(new Resource(body).Kind, CancellationToken.None))!;
        await Client.CreateAsync(definitions, string.Empty, body, new WriteOptions(), CancellationToken.None);
        for (int i = 0; i < 500 && await Client.FindKindAsync(kind, CancellationToken.None) is null; i++)
        {
            Client.ForgetDiscovery();
            await Task.Delay(20);
        }
    }

    public async Task<MapNode> GetAsync(string apiVersion, string kind, string name)
    {
        KindInfo served = (await Client.FindKindAsync(ResourceKind.Of(apiVersion, kind), CancellationToken.None))!;
        return (await Client.GetAsync(new ObjectKey(served, "default", name), CancellationToken.None))!;
    }

    /// <summary>A change by somebody else, seen by the delivery before this returns.</summary>
    public async Task PatchAsync(string apiVersion, string kind, string name, MapNode patch, string manager)
    {
        KindInfo served = (await Client.FindKindAsync(ResourceKind.Of(apiVersion, kind), CancellationToken.None))!;
        Live.Observe(await Client.PatchAsync(new ObjectKey(served, "default", name), PatchKind.Merge, patch, new WriteOptions { FieldManager = manager }, CancellationToken.None));
    }

    public async ValueTask DisposeAsync()
    {
        Live.Dispose();
        await cache.DisposeAsync();
        Client.Dispose();
        await host.DisposeAsync();
    }
}
