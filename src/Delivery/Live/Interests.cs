using Bowline.Cluster.Watching;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Live;

/// <summary>Somebody who wants to hear of certain objects; hears nothing more once disposed.</summary>
public sealed class Interest : IDisposable
{
    private readonly Interests all;
    private IReadOnlyCollection<ResourceId> followed = [];

    internal Interest(Interests all, Action<CacheChange> changed)
    {
        this.all = all;
        Changed = changed;
    }

    internal Action<CacheChange> Changed { get; }

    /// <summary>Follows these objects from now on instead of those before.</summary>
    public void Follow(IReadOnlyCollection<ResourceId> objects)
    {
        all.Move(this, followed, objects);
        followed = objects;
    }

    public void Dispose() => Follow([]);
}

/// <summary>
/// Who wants to hear of which object: one table for a whole cluster, so that a change costs the same with one application and
/// with thousands.
/// </summary>
internal sealed class Interests
{
    // Pod, ReplicaSet, Deployment; a CronJob's pod, its Job, the CronJob.
    private const int OwnerDepth = 3;
    private readonly Lock gate = new();
    private readonly Dictionary<ResourceId, Interest[]> table = [];

    public Interest Add(Action<CacheChange> changed) => new(this, changed);

    public void Move(Interest interest, IReadOnlyCollection<ResourceId> before, IReadOnlyCollection<ResourceId> after)
    {
        if (ReferenceEquals(before, after))
        {
            return;
        }

        lock (gate)
        {
            foreach (ResourceId id in before)
            {
                Remove(id, interest);
            }

            foreach (ResourceId id in after)
            {
                table[id] = table.TryGetValue(id, out Interest[]? others) ? others.Contains(interest) ? others : [.. others, interest] : [interest];
            }
        }
    }

    /// <summary>Tells those who follow the object, and those who follow what owns it.</summary>
    public void Dispatch(CacheChange change, Func<ResourceId, MapNode?> find)
    {
        Tell(change.Id, change);
        MapNode? owned = change.Object;
        string @namespace = change.Id.Namespace;
        for (int depth = 0; depth < OwnerDepth && owned?.At("metadata", "ownerReferences") is ListNode { Count: > 0 } owners; depth++)
        {
            ResourceId owner = IdOf(owners[0], @namespace);
            Tell(owner, change);
            owned = find(owner);
        }
    }

    private static ResourceId IdOf(Node reference, string @namespace)
    {
        ResourceKind kind = ResourceKind.Of(reference["apiVersion"]?.AsString() ?? string.Empty, reference["kind"]?.AsString() ?? string.Empty);
        return new ResourceId(kind.Group, kind.Kind, @namespace, reference["name"]?.AsString() ?? string.Empty);
    }

    private void Tell(ResourceId id, CacheChange change)
    {
        Interest[]? interested;
        lock (gate)
        {
            table.TryGetValue(id, out interested);
        }

        foreach (Interest interest in interested ?? [])
        {
            interest.Changed(change);
        }
    }

    private void Remove(ResourceId id, Interest interest)
    {
        if (table.TryGetValue(id, out Interest[]? interested))
        {
            Interest[] rest = [.. interested.Where(other => other != interest)];
            if (rest.Length == 0)
            {
                table.Remove(id);
            }
            else
            {
                table[id] = rest;
            }
        }
    }
}
