using System.Diagnostics;
using Bowline.Applications.ApplicationSets;
using Bowline.Applications.ApplicationSets.Controlling;
using Bowline.Applications.ArgoCd;
using Bowline.Applications.Hub;
using Bowline.Cluster.Http;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.Cluster.Watching;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Bowline.Sources.Downloads;
using Bowline.Sources.Files;

namespace Bowline.Applications.Tests.ApplicationSets;

/// <summary>An embedded cluster with the controller of ApplicationSets, whose Git repository is held in memory.</summary>
internal sealed class SetHub : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly EmbeddedClusterHost host;
    private readonly ControllerManager manager;
    private readonly HttpDownloads web = new(TimeProvider.System);
    private ClusterCache? cache;
    private ApplicationSetController? controller;

    private SetHub(EmbeddedClusterHost host, ControllerManager manager, HttpCluster cluster)
    {
        this.host = host;
        this.manager = manager;
        Cluster = cluster;
    }

    public HttpCluster Cluster { get; }

    public Dictionary<string, string> Files { get; } = new(StringComparer.Ordinal);

    public string? GitFault { get; set; }

    public SetSettings Settings { get; set; } = new();

    public int Opened { get; private set; }

    /// <summary>The project in whose name each repository was read.</summary>
    public List<string> OpenedFor { get; } = [];

    public System.Collections.Concurrent.ConcurrentDictionary<string, string> Troubles { get; } = new(StringComparer.Ordinal);

    public ApplicationSetController Controller => controller!;

    /// <param name="namespaces">Where sets are allowed beside <c>argocd</c>.</param>
    public static async Task<SetHub> StartAsync(params string[] namespaces)
    {
        EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Name = "hub", Time = TimeProvider.System }, default(CancellationToken));
        ControllerManager manager = await ControllerManager.StartAsync(host.Cluster, TimeProvider.System, ControllerManagerOptions.Default with { CertificateAuthority = host.CertificateAuthority }, default);
        ClusterConnection connection = new(host.Name, host.Server) { CertificateAuthority = host.CertificateAuthority, ClientCertificate = host.ClientCertificate, ClientKey = host.ClientKey };
        SetHub hub = new(host, manager, new HttpCluster(connection, TimeProvider.System));
        await ArgoDefinitions.InstallAsync(hub.Cluster, TimeProvider.System, default);
        hub.Settings = new SetSettings { Namespaces = namespaces };
        foreach (string name in (string[])["argocd", .. namespaces])
        {
            await hub.ApplyAsync($"{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}}}}}");
        }

        hub.cache = new ClusterCache(hub.Cluster, TimeProvider.System);
        await hub.cache.WaitForSyncAsync(ArgoDefinitions.Projects, "argocd", default);
        GeneratorSources sources = new(hub.OpenAsync, new HubObjects(hub.Cluster, "argocd"), hub.web, TimeProvider.System)
        {
            Settings = () => hub.Settings,
            ObjectsOf = @namespace => new HubObjects(hub.Cluster, @namespace),
            Permits = (@namespace, project) => @namespace == "argocd" || project == "shared",
        };
        ApplicationSetOptions options = new()
        {
            Settings = () => hub.Settings,
            Scope = hub.Settings.Namespaces.Count > 0 ? string.Empty : "argocd",
            Holds = @namespace => hub.Settings.Namespaces.Contains(@namespace),
            Troubled = (set, trouble) => hub.Troubles[set] = trouble,
        };
        hub.controller = await ApplicationSetController.StartAsync(
            hub.cache, "argocd", sources, TimeProvider.System, options, default);
        return hub;
    }

    public async Task<MapNode> ApplyAsync(string yaml)
    {
        Resource resource = new((MapNode)YamlReader.Read(yaml));
        KindInfo kind = (await Cluster.FindKindAsync(resource.Kind, default))!;
        return await Cluster.ApplyAsync(new ObjectKey(kind, resource.Namespace, resource.Name), resource.Node, new WriteOptions { FieldManager = "test", Force = true }, default);
    }

    public Task<MapNode> ApplySetAsync(string spec, string name = "demo", string metadata = "", string @namespace = "argocd") =>
        ApplyAsync($"apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata:\n  name: {name}\n  namespace: {@namespace}\n{metadata}spec:\n{string.Join('\n', spec.Split('\n').Select(line => "  " + line))}");

    public Task<MapNode?> FindAsync(string application) => Cluster.GetAsync(new ObjectKey(ArgoDefinitions.Applications, "argocd", application), default);

    public Task<MapNode?> SetAsync(string name = "demo") => Cluster.GetAsync(new ObjectKey(ArgoDefinitions.ApplicationSets, "argocd", name), default);

    public Task<MapNode> PatchAsync(string application, string patch) =>
        Cluster.PatchAsync(new ObjectKey(ArgoDefinitions.Applications, "argocd", application), PatchKind.Merge, YamlReader.Read(patch), new WriteOptions { FieldManager = "somebody" }, default);

    public Task DeleteSetAsync(string name = "demo") => Cluster.DeleteAsync(new ObjectKey(ArgoDefinitions.ApplicationSets, "argocd", name), DeleteOptions.Background, default);

    public async Task<string[]> NamesAsync() => [.. (await ListAsync()).Select(application => new Resource(application).Name).Order(StringComparer.Ordinal)];

    public async Task<IReadOnlyList<MapNode>> ListAsync() => (await Cluster.ListAsync(ArgoDefinitions.Applications, "argocd", ListOptions.All, default)).Items;

    public async Task UntilNamesAsync(params string[] names)
    {
        string[] seen = [];
        await UntilAsync(async () => (seen = await NamesAsync()).SequenceEqual(names.Order(StringComparer.Ordinal)), () => $"there are {string.Join(", ", seen)}");
    }

    /// <summary>Until the set's conditions, with their status and reason, and its message of an error are these.</summary>
    public async Task<string> UntilTroubleAsync(string part, string name = "demo")
    {
        string message = string.Empty;
        await UntilAsync(async () => (message = Condition(await SetAsync(name), "ErrorOccurred", "True")).Contains(part), () => $"the set says: {message}");
        return message;
    }

    public Task UntilWellAsync(string name = "demo") => UntilAsync(async () => Condition(await SetAsync(name), "ResourcesUpToDate", "True").Length > 0, () => "the set is not up to date");

    public static async Task UntilAsync(Func<Task<bool>> reached, Func<string> otherwise)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!await reached())
        {
            Assert.True(watch.Elapsed < Patience, otherwise());
            await Task.Delay(20);
        }
    }

    /// <summary>A condition's message when it has this status.</summary>
    public static string Condition(MapNode? set, string type, string status) => (set?.At("status", "conditions") as ListNode ?? [])
        .FirstOrDefault(condition => condition["type"]?.AsString() == type && condition["status"]?.AsString() == status)?["message"]?.AsString() ?? string.Empty;

    public async ValueTask DisposeAsync()
    {
        await controller!.DisposeAsync();
        await cache!.DisposeAsync();
        web.Dispose();
        Cluster.Dispose();
        await manager.DisposeAsync();
        await host.DisposeAsync();
    }

    private Task<FileTree> OpenAsync(GitQuery query, CancellationToken cancellationToken)
    {
        Opened++;
        OpenedFor.Add(query.Project);
        return GitFault is { } fault ? throw new SourceException(fault) : Task.FromResult<FileTree>(MemoryTree.FromText([.. Files]));
    }
}
