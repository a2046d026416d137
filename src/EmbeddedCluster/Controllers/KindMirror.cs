using System.Globalization;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers;

/// <param name="Old">Null for a new object.</param>
/// <param name="New">Null for a removed object.</param>
internal readonly record struct Change(MapNode? Old, MapNode? New)
{
    public MapNode Any => New ?? Old!;
}

/// <summary>
/// Every object of one kind, fed by a watch and by the controllers' own writes, so that a controller reads what it has
/// just written. Handlers of <see cref="Changed"/> run outside the lock and may see changes out of order: they note a key,
/// and read the present state later.
/// </summary>
internal sealed class KindMirror(KindInfo kind)
{
    private static readonly IReadOnlyList<MapNode> None = [];
    private readonly Lock gate = new();
    private readonly Dictionary<ObjectName, MapNode> objects = [];
    private readonly Dictionary<string, MapNode> byUid = new(StringComparer.Ordinal);
    private readonly Bucket byNamespace = new();
    private readonly Bucket byOwner = new();
    private readonly Bucket orphans = new();
    private readonly HashSet<string> buried = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Func<MapNode, string>? indexKey;
    private Bucket? index;
    private long watched;

    public event Action<Change>? Changed;

    public KindInfo Kind { get; } = kind;

    /// <summary>Completes with the first list.</summary>
    public Task Synced => synced.Task;

    public int Count
    {
        get
        {
            lock (gate)
            {
                return objects.Count;
            }
        }
    }

    /// <summary>Adds the one index of this kind (pods by node); before the mirror is filled.</summary>
    public void IndexBy(Func<MapNode, string> key)
    {
        indexKey = key;
        index = new Bucket();
    }

    public MapNode? Get(ObjectName name)
    {
        lock (gate)
        {
            return objects.GetValueOrDefault(name);
        }
    }

    public MapNode? Get(string @namespace, string name) => Get(new ObjectName(@namespace, name));

    public MapNode? ByUid(string uid)
    {
        lock (gate)
        {
            return byUid.GetValueOrDefault(uid);
        }
    }

    public IReadOnlyList<MapNode> All()
    {
        lock (gate)
        {
            return [.. objects.Values];
        }
    }

    public IReadOnlyList<MapNode> InNamespace(string @namespace) => Read(byNamespace, @namespace);

    /// <summary>Objects with any owner reference to this uid.</summary>
    public IReadOnlyList<MapNode> OwnedBy(string uid) => Read(byOwner, uid);

    /// <summary>Objects that no controller manages.</summary>
    public IReadOnlyList<MapNode> OrphansIn(string @namespace) => Read(orphans, @namespace);

    public IReadOnlyList<MapNode> Indexed(string key) => index is null ? None : Read(index, key);

    /// <summary>Takes in the answer to an own write, unless the watch has been further already.</summary>
    public void Absorb(MapNode written)
    {
        Change change;
        lock (gate)
        {
            if (Revision(written) <= watched || buried.Contains(written.Uid()))
            {
                return;
            }

            change = Put(written);
        }

        Raise(change);
    }

    /// <summary>Notes that an own delete removed the object; later events of it are ignored.</summary>
    public void Bury(MapNode deleted)
    {
        Change change;
        lock (gate)
        {
            ObjectName name = ObjectName.Of(deleted);
            if (!objects.TryGetValue(name, out MapNode? present) || present.Uid() != deleted.Uid())
            {
                return;
            }

            buried.Add(deleted.Uid());
            Remove(name, present);
            change = new Change(present, null);
        }

        Raise(change);
    }

    /// <summary>Lists and follows the kind until cancelled or until it is served no more; survives broken streams and expired revisions.</summary>
    public async Task FollowAsync(ICluster cluster, TimeProvider time, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                ObjectList list = await cluster.ListAsync(Kind, string.Empty, ListOptions.All, cancellationToken).ConfigureAwait(false);
                Replace(list);
                synced.TrySetResult();
                await StreamAsync(cluster, time, list.ResourceVersion, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (ClusterException error) when (error.Status is 404 or 405)
            {
                synced.TrySetResult();
                return;
            }
            catch (ClusterException)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task StreamAsync(ICluster cluster, TimeProvider time, string revision, CancellationToken cancellationToken)
    {
        while (true)
        {
            bool anything = false;
            WatchOptions options = new() { ResourceVersion = revision };
            await foreach (WatchEvent change in cluster.WatchAsync(Kind, string.Empty, options, cancellationToken).ConfigureAwait(false))
            {
                anything = true;
                revision = change.Object.ResourceVersion();
                Take(change);
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (!anything)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private void Take(WatchEvent change)
    {
        Change? raised = null;
        lock (gate)
        {
            watched = Math.Max(watched, Revision(change.Object));
            raised = change.Type switch
            {
                WatchEventType.Bookmark => null,
                WatchEventType.Deleted => TakeDeleted(change.Object),
                _ => buried.Contains(change.Object.Uid()) || IsStale(change.Object) ? null : Put(change.Object),
            };
        }

        if (raised is { } real)
        {
            Raise(real);
        }
    }

    private Change? TakeDeleted(MapNode deleted)
    {
        buried.Remove(deleted.Uid());
        ObjectName name = ObjectName.Of(deleted);
        if (!objects.TryGetValue(name, out MapNode? present) || present.Uid() != deleted.Uid())
        {
            return null;
        }

        Remove(name, present);
        return new Change(present, null);
    }

    private void Replace(ObjectList list)
    {
        List<Change> changes = [];
        lock (gate)
        {
            buried.Clear();
            HashSet<ObjectName> listed = [];
            foreach (MapNode item in list.Items)
            {
                listed.Add(ObjectName.Of(item));
                if (!IsStale(item))
                {
                    changes.Add(Put(item));
                }
            }

            foreach ((ObjectName name, MapNode gone) in objects.Where(entry => !listed.Contains(entry.Key)).ToList())
            {
                Remove(name, gone);
                changes.Add(new Change(gone, null));
            }

            watched = long.TryParse(list.ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out long revision) ? revision : watched;
        }

        changes.ForEach(Raise);
    }

    private bool IsStale(MapNode candidate) =>
        objects.TryGetValue(ObjectName.Of(candidate), out MapNode? present) && Revision(present) >= Revision(candidate);

    private Change Put(MapNode node)
    {
        node = Named(node);
        ObjectName name = ObjectName.Of(node);
        if (objects.TryGetValue(name, out MapNode? old))
        {
            Remove(name, old);
        }

        objects[name] = node;
        byUid[node.Uid()] = node;
        byNamespace.Add(name.Namespace, name, node);
        index?.Add(indexKey!(node), name, node);
        foreach (MapNode owner in node.OwnerReferences())
        {
            byOwner.Add(owner.Text("uid"), name, node);
        }

        if (node.ControllerReference() is null)
        {
            orphans.Add(name.Namespace, name, node);
        }

        return new Change(old, node);
    }

    // Items of a list come without their kind.
    private MapNode Named(MapNode node)
    {
        if (node.ContainsKey("kind"))
        {
            return node;
        }

        MapNode named = new(node.Count + 2) { ["apiVersion"] = Kind.Kind.ApiVersion, ["kind"] = Kind.Kind.Kind };
        foreach ((string key, Node value) in node)
        {
            named[key] = value;
        }

        return (MapNode)named.Freeze();
    }

    private void Remove(ObjectName name, MapNode old)
    {
        objects.Remove(name);
        byUid.Remove(old.Uid());
        byNamespace.Remove(name.Namespace, name);
        orphans.Remove(name.Namespace, name);
        index?.Remove(indexKey!(old), name);
        foreach (MapNode owner in old.OwnerReferences())
        {
            byOwner.Remove(owner.Text("uid"), name);
        }
    }

    private IReadOnlyList<MapNode> Read(Bucket bucket, string key)
    {
        lock (gate)
        {
            return bucket.Read(key);
        }
    }

    private void Raise(Change change) => Changed?.Invoke(change);

    private static long Revision(MapNode node) =>
        long.TryParse(node.ResourceVersion(), NumberStyles.None, CultureInfo.InvariantCulture, out long revision) ? revision : 0;

    private sealed class Bucket
    {
        private readonly Dictionary<string, Dictionary<ObjectName, MapNode>> entries = new(StringComparer.Ordinal);

        public void Add(string key, ObjectName name, MapNode node)
        {
            if (!entries.TryGetValue(key, out Dictionary<ObjectName, MapNode>? members))
            {
                entries[key] = members = [];
            }

            members[name] = node;
        }

        public void Remove(string key, ObjectName name)
        {
            if (entries.TryGetValue(key, out Dictionary<ObjectName, MapNode>? members) && members.Remove(name) && members.Count == 0)
            {
                entries.Remove(key);
            }
        }

        public IReadOnlyList<MapNode> Read(string key) => entries.TryGetValue(key, out Dictionary<ObjectName, MapNode>? members) ? [.. members.Values] : None;
    }
}
