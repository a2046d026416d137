using System.Collections.Concurrent;
using Bowline.Applications.ArgoCd;
using Bowline.Applications.Model;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Applications.Hub;

public sealed partial class ApplicationHub
{
    /// <summary>Another than that of deliveries: an application that delivers the same objects does not take these fields away, nor the other way round.</summary>
    private const string Publisher = "bowline-repository";

    private const int Parallelism = 16;
    private readonly Dictionary<ResourceId, FoundManifest> published = [];
    private readonly Dictionary<ResourceId, ApplicationFault> refused = [];
    private readonly SemaphoreSlim publishing = new(1, 1);

    /// <summary>
    /// Brings the hub to what the repository declares: applies manifests that the hub does not hold as they are, deletes what this
    /// repository wrote earlier and has no more. What the hub refuses becomes a fault of its <see cref="View"/>.
    /// </summary>
    /// <param name="found">Deletes nothing unless it is complete.</param>
    /// <exception cref="ClusterException">The cluster does not answer.</exception>
    public async Task PublishAsync(FoundApplications found, CancellationToken cancellationToken)
    {
        await publishing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ParallelOptions parallel = new() { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken };
            foreach (IGrouping<bool, FoundManifest> manifests in found.Manifests.GroupBy(manifest => manifest.Id.Kind != "AppProject").OrderBy(group => group.Key))
            {
                await Parallel.ForEachAsync(manifests, parallel, async (manifest, token) => await PublishAsync(manifest, token).ConfigureAwait(false)).ConfigureAwait(false);
            }

            if (found.IsComplete)
            {
                await WithdrawAsync([.. found.Manifests.Select(HubId)], cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            publishing.Release();
        }
    }

    private async Task PublishAsync(FoundManifest manifest, CancellationToken cancellationToken)
    {
        ResourceId id = HubId(manifest);
        if (NamespaceOf(manifest.Body) is { Length: > 0 } elsewhere && elsewhere != id.Namespace)
        {
            Refuse(id, manifest, $"is declared for namespace {elsewhere}, but Argo CD's objects are read from namespace {Namespace} only (--argocd-namespace {elsewhere} chooses another)");
            return;
        }

        if (id.Namespace != Namespace)
        {
            await EnsureNamespaceAsync(Cluster, id.Namespace, cancellationToken).ConfigureAwait(false);
        }

        KindInfo kind = KindOf(id.Kind);
        MapNode body = BodyOf(manifest, id);
        MapNode? present = kind == ArgoDefinitions.ApplicationSets ? null : cache.Get(id);
        if (present is null || !IsLeaving(present))
        {
            try
            {
                if (present is null || !IsWithin(body, present))
                {
                    cache.Observe(await Cluster.ApplyAsync(new ObjectKey(kind, id.Namespace, id.Name), body, new WriteOptions { FieldManager = Publisher, Force = true }, cancellationToken).ConfigureAwait(false));
                }
            }
            catch (ClusterException refusal) when (refusal.Status is >= 400 and not (401 or 403 or 429 or 502 or 503 or 504))
            {
                Refuse(id, manifest, $"is refused by {Cluster.Name}: {refusal.Message}");
                return;
            }
        }

        lock (gate)
        {
            refused.Remove(id);
            published[id] = manifest;
        }
    }

    /// <summary>Deletes from the hub what this repository wrote and no longer declares.</summary>
    private async Task WithdrawAsync(HashSet<ResourceId> declared, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            foreach (ResourceId gone in published.Keys.Concat(refused.Keys).Where(id => !declared.Contains(id)).ToArray())
            {
                published.Remove(gone);
                refused.Remove(gone);
            }
        }

        ObjectList sets = await Cluster.ListAsync(ArgoDefinitions.ApplicationSets, Scope, ListOptions.All, cancellationToken).ConfigureAwait(false);
        MapNode[] ours = [.. Held().Concat(sets.Items).Concat(cache.List(ArgoDefinitions.Projects.Kind, Namespace))
            .Where(item => item.At("metadata", "annotations", RepositoryAnnotation)?.AsString() == repository && !IsLeaving(item))];
        foreach (MapNode item in ours)
        {
            ResourceId id = new Resource(item).Id;
            if (!declared.Contains(id))
            {
                await WithdrawAsync(id, item, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task WithdrawAsync(ResourceId id, MapNode item, CancellationToken cancellationToken)
    {
        KindInfo kind = KindOf(id.Kind);
        // An application that may prune takes its objects along when its manifest goes, as it does anything else that leaves the repository.
        if (kind == ArgoDefinitions.Applications && item.At("spec", "syncPolicy", "automated", "prune")?.AsBool() == true && Finalizers.PropagationOf(item).Length == 0)
        {
            MapNode patch = new() { ["metadata"] = new MapNode { ["finalizers"] = new ListNode([.. Finalizers.Of(item).Select(Node (finalizer) => finalizer), Finalizers.Resources + "/background"]) } };
            await PatchAsync(NameOf(item), patch, cancellationToken).ConfigureAwait(false);
        }

        bool wasThere = await Cluster.DeleteAsync(new ObjectKey(kind, id.Namespace, id.Name), DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
        lock (gate)
        {
            // Unless the watch was faster.
            if (wasThere && kind == ArgoDefinitions.Applications && cache.Get(id) is { } held && UidOf(held) == UidOf(item))
            {
                withdrawn.Add(UidOf(item));
            }
        }
    }

    private void Refuse(ResourceId id, FoundManifest manifest, string reason)
    {
        lock (gate)
        {
            published.Remove(id);
            refused[id] = new ApplicationFault(namespaces.NameOf(id.Namespace, id.Name), manifest.Origin, $"{manifest.Origin}: {id.Kind} {id.Name} {reason}");
        }
    }

    private MapNode BodyOf(FoundManifest manifest, ResourceId id)
    {
        MapNode metadata = new() { ["name"] = id.Name, ["namespace"] = id.Namespace };
        foreach (string kept in (string[])["labels", "annotations", "finalizers"])
        {
            if (manifest.Body.At("metadata", kept) is { } value)
            {
                metadata[kept] = value.DeepClone();
            }
        }

        metadata.EnsureMap("annotations")[RepositoryAnnotation] = repository;
        return new MapNode
        {
            ["apiVersion"] = $"{ArgoDefinitions.Group}/{ArgoDefinitions.Version}",
            ["kind"] = id.Kind,
            ["metadata"] = metadata,
            ["spec"] = manifest.Body["spec"]?.DeepClone() ?? new MapNode(),
        };
    }

    /// <summary>Applications and ApplicationSets may lie in other namespaces; projects lie in the controller's own.</summary>
    private ResourceId HubId(FoundManifest manifest) =>
        manifest.Id is { Kind: "Application" or "ApplicationSet" } id && namespaces.AreSeveral && namespaces.Allows(id.Namespace) && (id.Kind == "Application" || HoldsSets(id.Namespace)) ? id : manifest.Id with { Namespace = Namespace };

    private static KindInfo KindOf(string kind) => kind switch
    {
        "Application" => ArgoDefinitions.Applications,
        "AppProject" => ArgoDefinitions.Projects,
        _ => ArgoDefinitions.ApplicationSets,
    };

    /// <summary>Whether everything that a manifest says is so in the object, which may say more.</summary>
    private static bool IsWithin(Node manifest, Node present) => manifest is MapNode said
        ? said.All(member => present[member.Key] is { } held && IsWithin(member.Value, held))
        : manifest is ListNode items ? present is ListNode list && items.Count == list.Count && items.Zip(list).All(pair => IsWithin(pair.First, pair.Second))
        : manifest.DeepEquals(present);
}
