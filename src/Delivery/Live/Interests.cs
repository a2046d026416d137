using Bowline.Cluster.Watching;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Live;

/// <summary>Somebody who wants to hear of certain objects; hears nothing more once disposed.</summary>
public sealed class Interest : IDisposable
{
    private readonly Interests all;
    private HashSet<ResourceId> followed = [];
    private string home = string.Empty;

    internal Interest(Interests all, Action<CacheChange> changed)
    {
        this.all = all;
        Changed = changed;
    }

    internal Action<CacheChange> Changed { get; }

    /// <summary>Follows these objects from now on instead of those before.</summary>
    public void Follow(IEnumerable<ResourceId> objects)
    {
        HashSet<ResourceId> next = [.. objects];
        if (!next.SetEquals(followed))
        {
            all.Move(this, followed, next);
            followed = next;
        }
    }

    /// <summary>Hears from now on, too, of every object that no other owns and that comes to or leaves this namespace; empty for none.</summary>
    public void FollowNamespace(string @namespace)
    {
        all.Move(this, home, @namespace);
        home = @namespace;
    }

    public void Dispose()
    {
        Follow([]);
        FollowNamespace(string.Empty);
    }
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
    private readonly Dictionary<string, Interest[]> homes = new(StringComparer.Ordinal);

    public Interest Add(Action<CacheChange> changed) => new(this, changed);

    public void Move(Interest interest, HashSet<ResourceId> before, HashSet<ResourceId> after)
    {
        lock (gate)
        {
            foreach (ResourceId id in before)
            {
                if (!after.Contains(id))
                {
                    Remove(table, id, interest);
                }
            }

            foreach (ResourceId id in after)
            {
                if (!before.Contains(id))
                {
                    Add(table, id, interest);
                }
            }
        }
    }

    public void Move(Interest interest, string before, string after)
    {
        if (before == after)
        {
            return;
        }

        lock (gate)
        {
            Remove(homes, before, interest);
            if (after.Length > 0)
            {
                Add(homes, after, interest);
            }
        }
    }

    /// <summary>Tells those who follow the object, and those who follow what owns it.</summary>
    public void Dispatch(CacheChange change, Func<ResourceId, MapNode?> find)
    {
        Tell(table, change.Id, change);
        if (change.Type != CacheChangeType.Modified && change.Id.Namespace.Length > 0 && change.Object.At("metadata", "ownerReferences") is not ListNode { Count: > 0 })
        {
            Tell(homes, change.Id.Namespace, change);
        }

        MapNode? owned = change.Object;
        string @namespace = change.Id.Namespace;
        for (int depth = 0; depth < OwnerDepth && owned?.At("metadata", "ownerReferences") is ListNode { Count: > 0 } owners; depth++)
        {
            ResourceId owner = IdOf(owners[0], @namespace);
            Tell(table, owner, change);
            owned = find(owner);
        }
    }

    private static ResourceId IdOf(Node reference, string @namespace)
    {
        ResourceKind kind = ResourceKind.Of(reference["apiVersion"]?.AsString() ?? string.Empty, reference["kind"]?.AsString() ?? string.Empty);
        return new ResourceId(kind.Group, kind.Kind, @namespace, reference["name"]?.AsString() ?? string.Empty);
    }

    private void Tell<T>(Dictionary<T, Interest[]> interests, T of, CacheChange change)
        where T : notnull
    {
        Interest[]? interested;
        lock (gate)
        {
            interests.TryGetValue(of, out interested);
        }

        foreach (Interest interest in interested ?? [])
        {
            interest.Changed(change);
        }
    }

    private static void Add<T>(Dictionary<T, Interest[]> interests, T of, Interest interest)
        where T : notnull =>
        interests[of] = interests.TryGetValue(of, out Interest[]? others) ? others.Contains(interest) ? others : [.. others, interest] : [interest];

    private static void Remove<T>(Dictionary<T, Interest[]> interests, T of, Interest interest)
        where T : notnull
    {
        if (interests.TryGetValue(of, out Interest[]? interested))
        {
            Interest[] rest = [.. interested.Where(other => other != interest)];
            if (rest.Length == 0)
            {
                interests.Remove(of);
            }
            else
            {
                interests[of] = rest;
            }
        }
    }
}
