using System.Globalization;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Lifecycle;

/// <summary>What is still in a namespace that is going.</summary>
internal sealed record NamespaceContent(string Resource, int Count, IReadOnlyList<string> Finalizers);

/// <summary>Empties namespaces that are being deleted and lets them go.</summary>
internal sealed class NamespaceDeletion(ControlPlane plane) : Reconciler(plane)
{
    private readonly KindMirror namespaces = plane.Mirror(string.Empty, "Namespace");
    private readonly KindMirror pods = plane.Mirror(string.Empty, "Pod");

    public override void Subscribe()
    {
        WatchOwn(namespaces);
        foreach (KindMirror mirror in Plane.Mirrors.Where(mirror => mirror.Kind.Namespaced))
        {
            FollowContent(mirror);
        }

        Plane.KindAdded += mirror =>
        {
            if (mirror.Kind.Namespaced)
            {
                FollowContent(mirror);
            }
        };
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (namespaces.Get(key) is not { } @namespace || !@namespace.IsDeleting() || !@namespace.Spec()["finalizers"].Strings().Contains("kubernetes"))
        {
            return null;
        }

        await EmptyAsync(key.Name, cancellationToken).ConfigureAwait(false);
        List<NamespaceContent> remaining = [.. Remaining(key.Name)];
        if (remaining.Count > 0)
        {
            MapNode status = Status(@namespace, remaining, Plane.Now);
            await Plane.Writer.SetStatusAsync(namespaces, @namespace, status, cancellationToken).ConfigureAwait(false);
            return null;
        }

        MapNode body = @namespace.Clone();
        body.EnsureMap("spec")["finalizers"] = new ListNode(@namespace.Spec()["finalizers"].Strings().Where(name => name != "kubernetes").Select(name => (Node)name));
        await Plane.Writer.UpdateSubresourceAsync(namespaces, body, "finalize", cancellationToken).ConfigureAwait(false);
        return null;
    }

    /// <summary>The status of a namespace whose content is not gone yet, as upstream words it.</summary>
    internal static MapNode Status(MapNode @namespace, IReadOnlyList<NamespaceContent> remaining, DateTimeOffset now)
    {
        List<NamespaceContent> sorted = [.. remaining.OrderBy(content => content.Resource, StringComparer.Ordinal)];
        string contents = string.Join(", ", sorted.Select(content => string.Create(CultureInfo.InvariantCulture, $"{content.Resource} has {content.Count} resource instances")));
        List<string> finalizers = [.. sorted.SelectMany(content => content.Finalizers).GroupBy(name => name).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Key} in {group.Count()} resource instances"))];
        MapNode status = @namespace.Status().Clone();
        ListNode conditions = status["conditions"] as ListNode ?? new ListNode();
        Put(conditions, "NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered", "All resources successfully discovered", now);
        Put(conditions, "NamespaceDeletionGroupVersionParsingFailure", false, "ParsedGroupVersions", "All legacy kube types successfully parsed", now);
        Put(conditions, "NamespaceDeletionContentFailure", false, "ContentDeleted", "All content successfully deleted, may be waiting on finalization", now);
        Put(conditions, "NamespaceContentRemaining", true, "SomeResourcesRemain", $"Some resources are remaining: {contents}", now);
        if (finalizers.Count > 0)
        {
            Put(conditions, "NamespaceFinalizersRemaining", true, "SomeFinalizersRemain", $"Some content in the namespace has finalizers remaining: {string.Join(", ", finalizers)}", now);
        }
        else
        {
            Put(conditions, "NamespaceFinalizersRemaining", false, "ContentHasNoFinalizers", "All content-preserving finalizers finished", now);
        }

        status["phase"] = "Terminating";
        status["conditions"] = conditions;
        return status;
    }

    private static void Put(ListNode conditions, string type, bool value, string reason, string message, DateTimeOffset now)
    {
        string text = value ? "True" : "False";
        MapNode? present = conditions.Maps().FirstOrDefault(condition => condition.Text("type") == type);
        MapNode condition = new()
        {
            ["type"] = type,
            ["status"] = text,
            ["lastTransitionTime"] = present.Text("status") == text ? present!["lastTransitionTime"]! : now.Stamp(),
            ["reason"] = reason,
            ["message"] = message,
        };
        int at = present is null ? -1 : conditions.ToList().IndexOf(present);
        if (at < 0)
        {
            conditions.Add(condition);
        }
        else
        {
            conditions[at] = condition;
        }
    }

    private async Task EmptyAsync(string @namespace, CancellationToken cancellationToken)
    {
        // Pods first, and the rest when they are gone: a policy that guards them must not go before them.
        await EmptyAsync(pods, @namespace, cancellationToken).ConfigureAwait(false);
        if (pods.InNamespace(@namespace).Count > 0)
        {
            return;
        }

        foreach (KindMirror mirror in Plane.Mirrors.Where(mirror => mirror.Kind.Namespaced && mirror.Kind.Verbs.Contains("delete")))
        {
            await EmptyAsync(mirror, @namespace, cancellationToken).ConfigureAwait(false);
        }

        await EmptyEventsAsync(@namespace, cancellationToken).ConfigureAwait(false);
    }

    private async Task EmptyAsync(KindMirror mirror, string @namespace, CancellationToken cancellationToken)
    {
        foreach (MapNode node in mirror.InNamespace(@namespace).Where(node => !node.IsDeleting()))
        {
            await Plane.Writer.DeleteAsync(mirror, node, DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
        }
    }

    // Events have no mirror.
    private async Task EmptyEventsAsync(string @namespace, CancellationToken cancellationToken)
    {
        KindInfo? kind = await Plane.Cluster.FindKindAsync(new ResourceKind(string.Empty, "v1", "Event"), cancellationToken).ConfigureAwait(false);
        if (kind is null)
        {
            return;
        }

        ObjectList events = await Plane.Cluster.ListAsync(kind, @namespace, ListOptions.All, cancellationToken).ConfigureAwait(false);
        foreach (MapNode node in events.Items)
        {
            await Plane.Cluster.DeleteAsync(new ObjectKey(kind, @namespace, node.Name()), DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
        }
    }

    private IEnumerable<NamespaceContent> Remaining(string @namespace)
    {
        foreach (KindMirror mirror in Plane.Mirrors.Where(mirror => mirror.Kind.Namespaced && mirror.Kind.Verbs.Contains("delete")))
        {
            IReadOnlyList<MapNode> nodes = mirror.InNamespace(@namespace);
            if (nodes.Count > 0)
            {
                yield return new NamespaceContent(
                    $"{mirror.Kind.Plural}.{mirror.Kind.Kind.Group}",
                    nodes.Count,
                    [.. nodes.SelectMany(node => (node.Metadata()?["finalizers"]).Strings())]);
            }
        }
    }

    private void FollowContent(KindMirror mirror) => Watch(mirror, change =>
    {
        if (namespaces.Get(string.Empty, change.Any.Namespace()) is { } @namespace && @namespace.IsDeleting())
        {
            Queue.Add(ObjectName.Of(@namespace));
        }
    });
}
