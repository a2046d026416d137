using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.EmbeddedCluster.Kubelet;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Tests.Controllers;

/// <summary>An embedded cluster in memory with all its controllers.</summary>
internal sealed class RunningCluster : IAsyncDisposable
{
    private RunningCluster(EmbeddedClusterHost host, ControllerManager? manager)
    {
        Host = host;
        Manager = manager!;
    }

    public EmbeddedClusterHost Host { get; }

    public ControllerManager Manager { get; }

    public ICluster Cluster => Host.Cluster;

    public static async Task<RunningCluster> StartAsync(ControllerManagerOptions? options = null, EmbeddedClusterOptions? host = null)
    {
        EmbeddedClusterHost started = await EmbeddedClusterHost.StartAsync(host ?? new EmbeddedClusterOptions(), CancellationToken.None);
        options ??= ControllerManagerOptions.Default;
        if (host?.Time is StoppedTime && options.Nodes == SimulatedNodeOptions.Default)
        {
            // A clock that stops at every timer on the way would stop at every renewal.
            options = options with { Nodes = options.Nodes with { RenewInterval = TimeSpan.FromHours(1) } };
        }

        ControllerManager manager = await ControllerManager.StartAsync(started.Cluster, started.Options.Time, options with { CertificateAuthority = started.CertificateAuthority }, CancellationToken.None);
        return new RunningCluster(started, manager);
    }

    public async Task CreateAsync(string yaml)
    {
        foreach (YamlDocument document in YamlReader.ReadAll(yaml))
        {
            MapNode body = (MapNode)document.Root;
            Resource resource = new(body);
            KindInfo kind = await KindAsync(resource.Kind.ApiVersion, resource.Kind.Kind);
            await Cluster.CreateAsync(kind, kind.Namespaced ? resource.Namespace.Length == 0 ? "default" : resource.Namespace : string.Empty, body, new WriteOptions(), CancellationToken.None);
        }
    }

    public async Task<KindInfo> KindAsync(string apiVersion, string kind) =>
        await Cluster.FindKindAsync(ResourceKind.Of(apiVersion, kind), CancellationToken.None) ?? throw new InvalidOperationException($"no {kind}");

    public async Task<MapNode?> GetAsync(string apiVersion, string kind, string name, string @namespace = "default") =>
        await Cluster.GetAsync(new ObjectKey(await KindAsync(apiVersion, kind), @namespace, name), CancellationToken.None);

    public async Task<IReadOnlyList<MapNode>> ListAsync(string apiVersion, string kind, string @namespace = "default") =>
        (await Cluster.ListAsync(await KindAsync(apiVersion, kind), @namespace, ListOptions.All, CancellationToken.None)).Items;

    public async Task PatchAsync(string apiVersion, string kind, string name, string patch, string @namespace = "default") =>
        await Cluster.PatchAsync(new ObjectKey(await KindAsync(apiVersion, kind), @namespace, name), PatchKind.Merge, JsonReader.Read(patch), new WriteOptions(), CancellationToken.None);

    public async Task DeleteAsync(string apiVersion, string kind, string name, string @namespace = "default", string policy = "Background") =>
        await Cluster.DeleteAsync(new ObjectKey(await KindAsync(apiVersion, kind), @namespace, name), new DeleteOptions { PropagationPolicy = policy }, CancellationToken.None);

    /// <summary>Reads the object until it is as wanted.</summary>
    public async Task<MapNode> WaitAsync(string apiVersion, string kind, string name, Func<MapNode, bool> wanted, string @namespace = "default")
    {
        MapNode? last = null;
        for (int i = 0; i < 1000; i++)
        {
            last = await GetAsync(apiVersion, kind, name, @namespace);
            if (last is not null && wanted(last))
            {
                return last;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }

        throw new TimeoutException($"{kind} {name} stays {(last is null ? "missing" : JsonWriter.ToText(last["status"] ?? last))}");
    }

    public async Task WaitGoneAsync(string apiVersion, string kind, string name, string @namespace = "default")
    {
        MapNode? last = null;
        for (int i = 0; i < 1000; i++)
        {
            last = await GetAsync(apiVersion, kind, name, @namespace);
            if (last is null)
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }

        throw new TimeoutException($"{kind} {name} stays {JsonWriter.ToText(last!)}");
    }

    public async ValueTask DisposeAsync()
    {
        await Manager.DisposeAsync();
        await Host.DisposeAsync();
    }
}
