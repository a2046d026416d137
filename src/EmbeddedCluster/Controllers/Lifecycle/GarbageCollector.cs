using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Lifecycle;

/// <summary>What to do with an object in view of its owners.</summary>
internal enum GarbageVerdict
{
    Keep,

    /// <summary>It has a living owner; references to others are dropped.</summary>
    DropReferences,
    Delete,

    /// <summary>Its owner waits for it, and it has dependents of its own.</summary>
    DeleteForeground,
}

internal enum OwnerState
{
    Alive,

    /// <summary>Waits for its dependents to go (foreground deletion).</summary>
    Waiting,
    Gone,
}

/// <summary>Deletes what has lost its owners, and lets owners go when their dependents are gone or set free.</summary>
internal sealed class GarbageCollector(ControlPlane plane) : Reconciler(plane)
{
    private const string Foreground = "foregroundDeletion";
    private const string Orphan = "orphan";

    public static (GarbageVerdict Verdict, IReadOnlyList<MapNode> Keep) Decide(IReadOnlyList<(MapNode Reference, OwnerState State)> owners, bool hasDependents)
    {
        List<MapNode> alive = [.. owners.Where(owner => owner.State == OwnerState.Alive).Select(owner => owner.Reference)];
        if (owners.Count == 0 || alive.Count == owners.Count)
        {
            return (GarbageVerdict.Keep, alive);
        }

        if (alive.Count > 0)
        {
            return (GarbageVerdict.DropReferences, alive);
        }

        bool awaited = owners.Any(owner => owner.State == OwnerState.Waiting);
        return (awaited && hasDependents ? GarbageVerdict.DeleteForeground : GarbageVerdict.Delete, alive);
    }

    public override void Subscribe()
    {
        foreach (KindMirror mirror in Plane.Mirrors)
        {
            Follow(mirror);
        }

        Plane.KindAdded += mirror =>
        {
            Follow(mirror);
            Reconsider(mirror.Kind.Kind);
        };
    }

    /// <summary>Owners of a kind that nothing was known of counted as alive; some may have come and gone in the meantime.</summary>
    private void Reconsider(ResourceKind owners)
    {
        foreach (KindMirror mirror in Plane.Mirrors)
        {
            foreach (MapNode node in mirror.All())
            {
                if (node.OwnerReferences().Any(reference => ResourceKind.Of(reference.Text("apiVersion"), reference.Text("kind")) is var kind && kind.Group == owners.Group && kind.Kind == owners.Kind))
                {
                    Queue.Add(KeyOf(mirror, node));
                }
            }
        }
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (Resolve(key) is not ({ } mirror, { } node))
        {
            return null;
        }

        if (node.IsDeleting())
        {
            await ReleaseAsync(mirror, node, cancellationToken).ConfigureAwait(false);
            return null;
        }

        List<(MapNode Reference, OwnerState State)> owners = [];
        foreach (MapNode reference in node.OwnerReferences())
        {
            owners.Add((reference, await StateOfAsync(reference, node, cancellationToken).ConfigureAwait(false)));
        }

        (GarbageVerdict verdict, IReadOnlyList<MapNode> keep) = Decide(owners, Dependents(node).Any());
        if (verdict is GarbageVerdict.Delete or GarbageVerdict.DeleteForeground && await Plane.Cluster.GetAsync(new ObjectKey(mirror.Kind, node.Namespace(), node.Name()), cancellationToken).ConfigureAwait(false) is { } latest
            && !Node.DeepEquals(latest.At("metadata", "ownerReferences"), node.At("metadata", "ownerReferences")))
        {
            // Somebody has just let it go, and the mirror has yet to hear of it.
            mirror.Absorb(latest);
            Queue.Add(key);
            return null;
        }

        switch (verdict)
        {
            case GarbageVerdict.DropReferences:
                await PatchAsync(mirror, node, "ownerReferences", new ListNode(keep), cancellationToken).ConfigureAwait(false);
                break;
            case GarbageVerdict.Delete:
                string policy = node.HasFinalizer(Orphan) ? "Orphan" : node.HasFinalizer(Foreground) ? "Foreground" : "Background";
                await Plane.Writer.DeleteAsync(mirror, node, new DeleteOptions { PropagationPolicy = policy }, cancellationToken).ConfigureAwait(false);
                break;
            case GarbageVerdict.DeleteForeground:
                node = await UnblockAsync(mirror, node, cancellationToken).ConfigureAwait(false);
                await Plane.Writer.DeleteAsync(mirror, node, new DeleteOptions { PropagationPolicy = "Foreground" }, cancellationToken).ConfigureAwait(false);
                break;
        }

        return null;
    }

    private async Task ReleaseAsync(KindMirror mirror, MapNode node, CancellationToken cancellationToken)
    {
        if (node.HasFinalizer(Orphan))
        {
            foreach ((KindMirror kind, MapNode dependent) in Dependents(node).ToList())
            {
                ListNode rest = new(dependent.OwnerReferences().Where(reference => reference.Text("uid") != node.Uid()));
                await PatchAsync(kind, dependent, "ownerReferences", rest, cancellationToken).ConfigureAwait(false);
            }

            await RemoveFinalizerAsync(mirror, node, Orphan, cancellationToken).ConfigureAwait(false);
        }
        else if (node.HasFinalizer(Foreground))
        {
            List<(KindMirror Kind, MapNode Node)> dependents = [.. Dependents(node)];
            foreach ((KindMirror kind, MapNode dependent) in dependents.Where(dependent => !dependent.Node.IsDeleting()))
            {
                Queue.Add(KeyOf(kind, dependent));
            }

            if (!dependents.Exists(dependent => Blocks(dependent.Node, node)))
            {
                await RemoveFinalizerAsync(mirror, node, Foreground, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static bool Blocks(MapNode dependent, MapNode owner) =>
        dependent.OwnerReferences().Any(reference => reference.Text("uid") == owner.Uid() && reference.Flag("blockOwnerDeletion"));

    // Owners in a circle would wait for each other for ever: this one no longer blocks those that wait for it.
    private async Task<MapNode> UnblockAsync(KindMirror mirror, MapNode node, CancellationToken cancellationToken)
    {
        bool circle = Dependents(node).Any(dependent => dependent.Node.IsDeleting() && dependent.Node.HasFinalizer(Foreground));
        if (!circle || !node.OwnerReferences().Any(reference => reference.Flag("blockOwnerDeletion")))
        {
            return node;
        }

        ListNode references = new(node.OwnerReferences().Select(reference =>
        {
            MapNode free = reference.Clone();
            free["blockOwnerDeletion"] = false;
            return free;
        }));
        MapNode patch = new() { ["metadata"] = new MapNode { ["ownerReferences"] = references } };
        return await Plane.Writer.MergePatchAsync(mirror, node, patch, cancellationToken).ConfigureAwait(false);
    }

    private async Task<OwnerState> StateOfAsync(MapNode reference, MapNode dependent, CancellationToken cancellationToken)
    {
        string @namespace = dependent.Namespace();
        ResourceKind kind = ResourceKind.Of(reference.Text("apiVersion"), reference.Text("kind"));
        if (Plane.Find(kind.Group, kind.Kind) is not { } mirror)
        {
            // Nothing is known of that kind; perhaps its CRD is still to come.
            return OwnerState.Alive;
        }

        string place = mirror.Kind.Namespaced ? @namespace : string.Empty;
        string uid = reference.Text("uid");
        MapNode? owner = mirror.Get(place, reference.Text("name"));
        if (mirror.Kind.Namespaced && (@namespace.Length == 0 || (mirror.ByUid(uid) is { } elsewhere && elsewhere.Namespace() != @namespace)))
        {
            string described = $"[{reference.Text("apiVersion")}/{reference.Text("kind")}, namespace: {@namespace}, name: {reference.Text("name")}, uid: {uid}]";
            Plane.Events.Warning(dependent, "garbage-collector-controller", "OwnerRefInvalidNamespace", $"ownerRef {described} does not exist in namespace \"{@namespace}\"");
            if (@namespace.Length == 0)
            {
                // Nobody can say which namespace is meant, so nothing is deleted for it.
                return OwnerState.Alive;
            }
        }

        if (owner?.Uid() != uid)
        {
            // Before anything is deleted, the server is asked itself.
            owner = await Plane.Cluster.GetAsync(new ObjectKey(mirror.Kind, place, reference.Text("name")), cancellationToken).ConfigureAwait(false);
        }

        return owner is null || owner.Uid() != uid ? OwnerState.Gone
            : owner.IsDeleting() && owner.HasFinalizer(Foreground) ? OwnerState.Waiting : OwnerState.Alive;
    }

    private IEnumerable<(KindMirror Kind, MapNode Node)> Dependents(MapNode owner)
    {
        string uid = owner.Uid();
        return Plane.Mirrors.SelectMany(mirror => mirror.OwnedBy(uid).Select(node => (mirror, node)));
    }

    private Task RemoveFinalizerAsync(KindMirror mirror, MapNode node, string finalizer, CancellationToken cancellationToken)
    {
        ListNode rest = new((node.Metadata()?["finalizers"]).Strings().Where(name => name != finalizer).Select(name => (Node)name));
        return PatchAsync(mirror, node, "finalizers", rest, cancellationToken);
    }

    private async Task PatchAsync(KindMirror mirror, MapNode node, string member, ListNode value, CancellationToken cancellationToken)
    {
        MapNode metadata = new() { ["resourceVersion"] = node.ResourceVersion(), [member] = value.Count == 0 ? Node.Null : value };
        await Plane.Writer.MergePatchAsync(mirror, node, new MapNode { ["metadata"] = metadata }, cancellationToken).ConfigureAwait(false);
    }

    private void Follow(KindMirror mirror) => Watch(mirror, change =>
    {
        if (change.New is null)
        {
            OnGone(change.Old!);
            return;
        }

        MapNode node = change.New;
        bool newReferences = !Node.DeepEquals(node.Metadata()?["ownerReferences"], change.Old?.Metadata()?["ownerReferences"]);
        bool released = node.IsDeleting() && (node.HasFinalizer(Foreground) || node.HasFinalizer(Orphan));
        if (newReferences || released)
        {
            Queue.Add(KeyOf(mirror, node));
        }

        if (newReferences)
        {
            EnqueueUnblocked(change.Old, node);
        }
    });

    // An owner that waited for this dependent need not wait any longer.
    private void EnqueueUnblocked(MapNode? before, MapNode node)
    {
        foreach (MapNode reference in before?.OwnerReferences().Where(reference => reference.Flag("blockOwnerDeletion")) ?? [])
        {
            bool blocks = node.OwnerReferences().Any(now => now.Text("uid") == reference.Text("uid") && now.Flag("blockOwnerDeletion"));
            if (!blocks)
            {
                EnqueueDeletingOwner(reference);
            }
        }
    }

    private void OnGone(MapNode gone)
    {
        foreach ((KindMirror kind, MapNode dependent) in Dependents(gone))
        {
            Queue.Add(KeyOf(kind, dependent));
        }

        foreach (MapNode reference in gone.OwnerReferences())
        {
            EnqueueDeletingOwner(reference);
        }
    }

    private void EnqueueDeletingOwner(MapNode reference)
    {
        ResourceKind kind = ResourceKind.Of(reference.Text("apiVersion"), reference.Text("kind"));
        if (Plane.Find(kind.Group, kind.Kind) is { } mirror && mirror.ByUid(reference.Text("uid")) is { } owner && owner.IsDeleting())
        {
            Queue.Add(KeyOf(mirror, owner));
        }
    }

    // A key says the kind too: group|kind|namespace.
    private static ObjectName KeyOf(KindMirror mirror, MapNode node) =>
        new($"{mirror.Kind.Kind.Group}|{mirror.Kind.Kind.Kind}|{node.Namespace()}", node.Name());

    private (KindMirror? Mirror, MapNode? Node) Resolve(ObjectName key)
    {
        string[] parts = key.Namespace.Split('|');
        KindMirror? mirror = Plane.Find(parts[0], parts[1]);
        return (mirror, mirror?.Get(parts[2], key.Name));
    }
}
