using System.Globalization;
using Bowline.Applications.ArgoCd;
using Bowline.Applications.Hub;
using Bowline.Applications.Model;
using Bowline.Applications.Sharding;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Inventories;
using Bowline.Resources.Model;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.Adopting;

/// <summary>
/// Takes over the Applications of an Argo CD that runs in a cluster, and gives them back. Argo CD's controllers are scaled, and Bowline's own
/// records written; nothing that was delivered is touched.
/// </summary>
/// <param name="applicationNamespaces">Where Applications may lie beside Argo CD's own namespace; none for what argocd-cmd-params-cm says (application.namespaces).</param>
public sealed class Adoption(AdoptedClusters clusters, string @namespace, IReadOnlyList<string> applicationNamespaces, TimeProvider time)
{
    private const int Parallelism = 16;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private static readonly KindInfo ConfigMaps = new(new ResourceKind(string.Empty, "v1", "ConfigMap"), "configmaps", Namespaced: true);
    private readonly ICluster cluster = clusters.Hub;
    private readonly ArgoControllers controllers = new(clusters.Hub, @namespace);
    private ApplicationNamespaces namespaces = new(@namespace, applicationNamespaces);

    /// <summary>Looks at everything, and changes nothing.</summary>
    /// <exception cref="ClusterException">The cluster refuses, or serves no Applications.</exception>
    public async Task<AdoptionPlan> PlanAsync(CancellationToken cancellationToken) => (await LookAsync(cancellationToken).ConfigureAwait(false)).Plan;

    /// <returns>The plan, and where the record of each of its applications is.</returns>
    private async Task<(AdoptionPlan Plan, IReadOnlyDictionary<string, InventoryStore> Records)> LookAsync(CancellationToken cancellationToken)
    {
        await clusters.ReadAsync(@namespace, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<(ArgoController Controller, MapNode Live)> found = await controllers.FindAsync(cancellationToken).ConfigureAwait(false);
        List<string> obstacles = [.. await controllers.ObstaclesAsync(found, cancellationToken).ConfigureAwait(false)];
        if (await cluster.FindKindAsync(ArgoDefinitions.Applications.Kind, cancellationToken).ConfigureAwait(false) is null)
        {
            throw new ClusterException($"{cluster.Name} serves no Applications: Argo CD is not installed there");
        }

        IReadOnlyList<MapNode> everywhere = (await cluster.ListAsync(ArgoDefinitions.Applications, string.Empty, ListOptions.All, cancellationToken).ConfigureAwait(false)).Items;
        MapNode? parameters = await cluster.GetAsync(new ObjectKey(ConfigMaps, @namespace, ArgoCdSettings.ParametersName), cancellationToken).ConfigureAwait(false);
        namespaces = new ApplicationNamespaces(@namespace, applicationNamespaces.Count > 0 ? applicationNamespaces : InstallationSettings.Read(null, parameters, InstallationSettings.Usual).ApplicationNamespaces);
        string[] elsewhere = [.. everywhere.Select(item => Text(item, "metadata", "namespace")).Where(name => name != @namespace).Distinct().Order(StringComparer.Ordinal)];
        if (elsewhere.Length > 0 && !namespaces.AreSeveral)
        {
            obstacles.Add($"there are Applications in other namespaces ({string.Join(", ", elsewhere)}), and argocd-cmd-params-cm does not say whether Argo CD delivers them (application.namespaces): say so there, or here by --application-namespaces");
        }

        MapNode[] manifests = [.. everywhere.Where(item => namespaces.Allows(Text(item, "metadata", "namespace"))).OrderBy(NameOf, StringComparer.Ordinal)];
        bool runs = found.Any(item => item.Controller.Replicas > 0);
        obstacles.AddRange(manifests.SelectMany(manifest => ObstaclesOf(manifest, runs)));
        MapNode? settings = await cluster.GetAsync(new ObjectKey(ConfigMaps, @namespace, ArgoCdSettings.ConfigName), cancellationToken).ConfigureAwait(false);
        List<AdoptedApplication> applications = [];
        Dictionary<string, InventoryStore> records = new(StringComparer.Ordinal);
        foreach (IGrouping<ICluster, MapNode> there in manifests.Where(manifest => Reaches(manifest).Length == 0).GroupBy(clusters.Of))
        {
            try
            {
                InventoryStore inventories = new(there.Key);
                DeliveredObjects objects = await DeliveredObjects.ListAsync(there.Key, settings, there, cancellationToken).ConfigureAwait(false);
                foreach (MapNode manifest in there)
                {
                    AdoptedApplication application = Read(manifest, objects);
                    Inventory known = await inventories.ReadAsync(application.Name, cancellationToken).ConfigureAwait(false);
                    applications.Add(application with { IsKnown = known.Synced.Length > 0 });
                    records[application.Name] = inventories;
                }
            }
            catch (ClusterException unreachable) when (there.Key != cluster)
            {
                obstacles.Add($"{string.Join(", ", there.Select(manifest => $"Application {ApplicationNamespaces.Show(NameOf(manifest))}"))}: cluster {there.Key.Name} cannot be looked at: {unreachable.Message}");
            }
        }

        return (new AdoptionPlan(@namespace, [.. applications.OrderBy(application => application.Name, StringComparer.Ordinal)], [.. found.Select(item => item.Controller)], obstacles), records);
    }

    /// <summary>Stops Argo CD's controllers and writes a record for every application. Begun again after a crash, it goes on where it ended.</summary>
    /// <param name="patience">How long the controllers may take to end.</param>
    /// <returns>What was taken over, as it stood when Argo CD had stopped.</returns>
    /// <exception cref="ApplicationException">There is an obstacle, or a controller does not end.</exception>
    public async Task<AdoptionPlan> TakeOverAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        Refuse(await PlanAsync(cancellationToken).ConfigureAwait(false));
        IReadOnlyList<(ArgoController Controller, MapNode Live)> found = await controllers.FindAsync(cancellationToken).ConfigureAwait(false);
        foreach ((ArgoController controller, MapNode live) in found)
        {
            await controllers.StopAsync(controller, live, cancellationToken).ConfigureAwait(false);
        }

        await WaitForEndAsync(found, patience, cancellationToken).ConfigureAwait(false);

        // Until it ended, Argo CD may have gone on: what it left is only now known.
        (AdoptionPlan plan, IReadOnlyDictionary<string, InventoryStore> records) = await LookAsync(cancellationToken).ConfigureAwait(false);
        Refuse(plan);
        string uid = await ApplicationHub.FindUidAsync(cluster, @namespace, cancellationToken).ConfigureAwait(false);
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(plan.Applications.Where(application => !application.IsKnown), parallel, async (application, token) =>
        {
            InventoryStore inventories = records[application.Name];
            Inventory known = await inventories.ReadAsync(application.Name, token).ConfigureAwait(false);
            Inventory taken = known with { Home = ApplicationHub.IdentityOf(@namespace, inventories.Cluster == cluster ? string.Empty : uid), Entries = [.. known.Entries.Union(application.Objects)], TakenOver = application.Delivered, History = application.History };
            if (!InventoryStore.IsSame(known, taken))
            {
                await inventories.WriteAsync(application.Name, taken, token).ConfigureAwait(false);
            }
        }).ConfigureAwait(false);
        return plan;
    }

    /// <summary>Takes Bowline's records away and lets Argo CD's controllers run again, as many as there were.</summary>
    /// <exception cref="ApplicationException">They were not taken over.</exception>
    public async Task<AdoptionPlan> ReleaseAsync(CancellationToken cancellationToken)
    {
        (AdoptionPlan plan, IReadOnlyDictionary<string, InventoryStore> records) = await LookAsync(cancellationToken).ConfigureAwait(false);
        if (plan.Controllers.All(controller => controller.Former is null))
        {
            throw new ApplicationException($"no controller of Argo CD in namespace {@namespace} of {cluster.Name} was stopped by 'bowline adopt', so there is nothing to give back");
        }

        if (await ReplicaLeases.FindLivingAsync(cluster, @namespace, ReplicaSettings.Default, time, cancellationToken).ConfigureAwait(false) is [var replica, ..])
        {
            throw new ApplicationException($"replica {replica} of 'bowline controller' delivers applications of namespace {@namespace}: scale it to 0 first");
        }

        ParallelOptions parallel = new() { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(plan.Applications, parallel, async (application, token) => await records[application.Name].DeleteAsync(application.Name, token).ConfigureAwait(false)).ConfigureAwait(false);
        foreach ((ArgoController controller, MapNode live) in await controllers.FindAsync(cancellationToken).ConfigureAwait(false))
        {
            await controllers.StartAsync(controller, live, cancellationToken).ConfigureAwait(false);
        }

        return plan;
    }

    private static void Refuse(AdoptionPlan plan)
    {
        if (plan.Obstacles.Count > 0)
        {
            throw new ApplicationException(string.Join('\n', plan.Obstacles));
        }
    }

    private async Task WaitForEndAsync(IReadOnlyList<(ArgoController Controller, MapNode Live)> found, TimeSpan patience, CancellationToken cancellationToken)
    {
        long began = time.GetTimestamp();
        foreach ((ArgoController controller, MapNode live) in found)
        {
            while (await controllers.PodsAsync(live, cancellationToken).ConfigureAwait(false) is [var pod, ..])
            {
                if (time.GetElapsedTime(began) > patience)
                {
                    throw new ApplicationException($"{controller} is scaled to 0, but its pod {pod} has not ended after {patience.TotalSeconds:0} s; adopt again when it has, or 'bowline release' starts it again");
                }

                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private IEnumerable<string> ObstaclesOf(MapNode manifest, bool argoRuns)
    {
        string shown = ApplicationNamespaces.Show(NameOf(manifest));
        if (Reaches(manifest) is { Length: > 0 } why)
        {
            yield return $"Application {shown} delivers to another cluster ({(Text(manifest, "spec", "destination", "server") is { Length: > 0 } server ? server : Text(manifest, "spec", "destination", "name"))}) to which there is no way: {why}";
        }

        if (argoRuns && (manifest["operation"] is MapNode || Text(manifest, "status", "operationState", "phase") is "Running" or "Terminating"))
        {
            yield return $"Application {shown} is being synced by Argo CD: adopt again when that is done";
        }
    }

    /// <summary>Why the cluster of an Application cannot be reached; empty when it can be tried.</summary>
    private string Reaches(MapNode manifest) => ApplicationException.RefusalOf(() => clusters.Of(manifest));

    private AdoptedApplication Read(MapNode manifest, DeliveredObjects objects)
    {
        string name = NameOf(manifest);
        (IReadOnlyList<InventoryEntry> delivered, IReadOnlyList<InventoryEntry> foreign) = objects.Of(name, manifest);
        DeliveredRevision[] history = [.. (manifest.At("status", "history") as ListNode ?? []).Select(ReadDelivery)];
        bool synced = Text(manifest, "status", "sync", "status") == "Synced";
        return new AdoptedApplication(name, delivered, foreign)
        {
            Sync = Text(manifest, "status", "sync", "status") is { Length: > 0 } sync ? sync : "Unknown",
            Health = Text(manifest, "status", "health", "status") is { Length: > 0 } health ? health : "Unknown",
            Differing = [.. DeliveredObjects.ResourcesOf(manifest).Where(item => item["status"]?.AsString() == "OutOfSync").Select(item => DeliveredObjects.EntryOf(item).Id.ToString())],
            Unsupported = Unsupported(manifest),
            // A newer commit that changes nothing of an application Argo CD holds for synced without syncing it.
            Delivered = synced ? Pins(manifest["spec"], manifest.At("status", "sync")) : history is [.., var last] ? last.Sources : [],
            History = history,
        };
    }

    private string[] Unsupported(MapNode manifest)
    {
        try
        {
            new ArgoCdDialect(namespaces).Read(new Resource(manifest, new Origin($"{Text(manifest, "metadata", "namespace")}/{Text(manifest, "metadata", "name")}", 0)));
            return [];
        }
        catch (ApplicationException refused)
        {
            return [refused.Message];
        }
    }

    /// <param name="at">Where it stands in the history. Its number stays what it was, so that people, and Argo CD when it comes back, mean the same by it.</param>
    private static DeliveredRevision ReadDelivery(Node entry, int at) => new(
        (int)(entry["id"]?.AsInteger() ?? at),
        string.Empty,
        DateTimeOffset.TryParse(entry["deployedAt"]?.AsString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset moment) ? moment : DateTimeOffset.UnixEpoch,
        Pins(entry, entry),
        "Argo CD");

    /// <param name="sources">Has <c>source</c> or <c>sources</c>.</param>
    /// <param name="revisions">Has <c>revision</c> or <c>revisions</c>.</param>
    private static SourcePin[] Pins(Node? sources, Node? revisions)
    {
        Node[] from = sources?["sources"] is ListNode { Count: > 0 } several ? [.. several] : sources?["source"] is { } one ? [one] : [];
        string[] at = revisions?["revisions"] is ListNode { Count: > 0 } many ? [.. many.Select(item => item.AsString() ?? string.Empty)] : [revisions?["revision"]?.AsString() ?? string.Empty];
        return from.Length == at.Length ? [.. from.Zip(at, (source, revision) => new SourcePin(source["repoURL"]?.AsString() ?? string.Empty, revision))] : [];
    }

    /// <summary>What an Application is known as, in records and by its tracking.</summary>
    private string NameOf(MapNode manifest) => namespaces.NameOf(Text(manifest, "metadata", "namespace"), Text(manifest, "metadata", "name"));

    private static string Text(MapNode manifest, params string[] path) => manifest.At(path)?.AsString() ?? string.Empty;
}
