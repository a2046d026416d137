using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Cluster.Tests;

/// <summary>One kind's objects in memory, with a watch whose misfortunes a test decides.</summary>
internal sealed class ScriptedCluster : ICluster
{
    public static readonly KindInfo ConfigMaps = new(new ResourceKind("", "v1", "ConfigMap"), "configmaps", true);

    private readonly Lock gate = new();
    private readonly Dictionary<string, MapNode> objects = [];
    private readonly List<(long Version, WatchEvent Event)> history = [];
    private readonly List<Channel<WatchEvent>> watchers = [];
    private long version = 100;

    public Queue<ClusterException> ListFailures { get; } = new();

    public Queue<ClusterException> WatchFailures { get; } = new();

    public int Lists { get; private set; }

    public int Watches { get; private set; }

    public string Name => "scripted";

    public MapNode Put(string name, string value = "", string? owner = null, bool silent = false)
    {
        lock (gate)
        {
            string uid = objects.TryGetValue(name, out MapNode? before) ? before["metadata"]!["uid"]!.AsString()! : Guid.NewGuid().ToString();
            MapNode node = new()
            {
                ["apiVersion"] = "v1",
                ["kind"] = "ConfigMap",
                ["metadata"] = new MapNode
                {
                    ["name"] = name,
                    ["namespace"] = "ns",
                    ["uid"] = uid,
                    ["resourceVersion"] = (++version).ToString(CultureInfo.InvariantCulture),
                    ["labels"] = new MapNode { ["app"] = value },
                },
                ["data"] = new MapNode { ["value"] = value },
            };
            if (owner is not null)
            {
                node.EnsureMap("metadata")["ownerReferences"] = new ListNode(new MapNode
                {
                    ["apiVersion"] = "apps/v1", ["kind"] = "Deployment", ["name"] = owner, ["uid"] = owner, ["controller"] = true,
                });
            }

            objects[name] = node;
            Emit(new WatchEvent(before is null ? WatchEventType.Added : WatchEventType.Modified, (MapNode)node.DeepClone()), silent);
            return (MapNode)node.DeepClone();
        }
    }

    public void Remove(string name, bool silent = false)
    {
        lock (gate)
        {
            objects.Remove(name, out MapNode? node);
            MapNode last = (MapNode)node!.DeepClone();
            last.EnsureMap("metadata")["resourceVersion"] = (++version).ToString(CultureInfo.InvariantCulture);
            Emit(new WatchEvent(WatchEventType.Deleted, last), silent);
        }
    }

    /// <summary>Ends every watch, with an error or as a server does when its time is over.</summary>
    public void EndWatches(ClusterException? error = null)
    {
        lock (gate)
        {
            foreach (Channel<WatchEvent> watcher in watchers)
            {
                watcher.Writer.TryComplete(error);
            }

            watchers.Clear();
        }
    }

    public Task<ObjectList> ListAsync(KindInfo kind, string @namespace, ListOptions options, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            Lists++;
            return ListFailures.TryDequeue(out ClusterException? error)
                ? Task.FromException<ObjectList>(error)
                : Task.FromResult(new ObjectList([.. objects.Values.Select(item => (MapNode)item.DeepClone())], version.ToString(CultureInfo.InvariantCulture)));
        }
    }

    public async IAsyncEnumerable<WatchEvent> WatchAsync(KindInfo kind, string @namespace, WatchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Channel<WatchEvent> channel = Channel.CreateUnbounded<WatchEvent>();
        lock (gate)
        {
            Watches++;
            if (WatchFailures.TryDequeue(out ClusterException? error))
            {
                throw error;
            }

            long from = long.Parse(options.ResourceVersion, CultureInfo.InvariantCulture);
            foreach ((long at, WatchEvent change) in history)
            {
                if (at > from)
                {
                    channel.Writer.TryWrite(change);
                }
            }

            watchers.Add(channel);
        }

        await foreach (WatchEvent change in channel.Reader.ReadAllAsync(cancellationToken))
        {
            yield return change;
        }
    }

    public Task<KindInfo?> FindKindAsync(ResourceKind kind, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<KindCatalogue> DiscoverAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public void ForgetDiscovery() => throw new NotSupportedException();

    public Task<MapNode?> GetAsync(ObjectKey key, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<MapNode> CreateAsync(KindInfo kind, string @namespace, MapNode body, WriteOptions options, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<MapNode> UpdateAsync(ObjectKey key, MapNode body, WriteOptions options, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<MapNode> ApplyAsync(ObjectKey key, MapNode body, WriteOptions options, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<MapNode> PatchAsync(ObjectKey key, PatchKind patchKind, Node patch, WriteOptions options, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<MapNode> PostAsync(ObjectKey key, MapNode body, WriteOptions options, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> DeleteAsync(ObjectKey key, DeleteOptions options, CancellationToken cancellationToken) => throw new NotSupportedException();

    private void Emit(WatchEvent change, bool silent)
    {
        if (silent)
        {
            return;
        }

        history.Add((version, change));
        foreach (Channel<WatchEvent> watcher in watchers)
        {
            watcher.Writer.TryWrite(change);
        }
    }
}
