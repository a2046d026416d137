using Bowline.Applications.Hub;
using Bowline.Applications.Model;
using Bowline.Applications.Placing;
using Bowline.Applications.Reconciling;
using Bowline.Applications.Sourcing;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Health;
using Bowline.Delivery.Planning;
using Bowline.Server.Composition.Fetching;
using Bowline.Server.Composition.Homes;
using Bowline.Server.Composition.Up;

namespace Bowline.Server.Composition.Verbs;

/// <summary>Plans without carrying out: what <c>up</c> would change now.</summary>
public sealed class DiffSession(UpOptions options, TimeProvider time)
{
    /// <param name="only">One application's name; empty for all.</param>
    public Task<DiffReport> CompareAsync(string only, CancellationToken cancellationToken) =>
        CompareAsync(only, static (report, _, _) => Task.FromResult(report), cancellationToken);

    /// <summary>Compares, and lets something be made of it while the clusters can still be asked.</summary>
    internal async Task<T> CompareAsync<T>(string only, Func<DiffReport, Func<string, DeliveryTarget>, CancellationToken, Task<T>> use, CancellationToken cancellationToken)
    {
        only = ApplicationNamespaces.Read(only);
        (UpOptions asked, ArgoCdObjects? objects) = await ArgoCdObjects.OpenAsync(options, time, cancellationToken).ConfigureAwait(false);
        using Repository repository = await Repository.OpenAsync(asked, objects, delivers: false, time, cancellationToken).ConfigureAwait(false);
        ClusterFleet fleet = new(options, repository.Name, time);
        await using (fleet.ConfigureAwait(false))
        {
            DiffReport report = await CompareAsync(fleet, repository, only, cancellationToken).ConfigureAwait(false);
            return await use(report, fleet.Target, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<DiffReport> CompareAsync(ClusterFleet fleet, Repository repository, string only, CancellationToken cancellationToken)
    {
        (WorkspaceState workspace, Placement placement, string against) = await ReachAsync(fleet, repository, cancellationToken).ConfigureAwait(false);
        if (only.Length > 0 && workspace.Declared.All(spec => spec.Name != only) && workspace.Faults.All(fault => fault.Name != only))
        {
            string known = string.Join(", ", workspace.Declared.Select(spec => spec.Name));
            throw new UsageException($"there is no application {only} in {options.Path}{(known.Length > 0 ? $"; there are: {known}" : ", and no other")} (looked into {against})");
        }

        IReadOnlyList<Claims> claims = [.. workspace.Rendered.Select(application => application.Claims)];
        HashSet<string> needed = Needed(workspace.Declared, only);
        Dependencies dependencies = new();
        dependencies.Declare(workspace.Declared, workspace.Rendered, name => placement.ClusterOf.GetValueOrDefault(name) ?? string.Empty);
        List<ApplicationDiff> diffs = [];
        foreach (RenderedApplication application in workspace.Rendered.Where(application => needed.Contains(application.Spec.Name)))
        {
            string cluster = placement.ClusterOf[application.Spec.Name];
            DeliveryTarget target = fleet.Target(cluster);
            target.Settings = repository.Settings.Installation;
            target.Ownership = new Ownership(claims.Where(claim => placement.ClusterOf[claim.Application] == cluster), [], target.Settings.Tracking);
            target.Home = repository.IdentityOf(workspace.Home);
            target.Scripts.Use(repository.Settings.Config, _ => { });
            ApplicationReconciler reconciler = new(target);
            Observation observation = await reconciler.ObserveAsync(application, [], cancellationToken).ConfigureAwait(false);
            HealthReport health = reconciler.Assess(observation);
            SyncState sync = observation.Plan.InSync ? SyncState.Synced : SyncState.OutOfSync;
            dependencies.Report(application.Spec.Name, new Standing(application.Fingerprint, sync, health.Status, IsSettled: false, string.Empty));
            diffs.Add(new ApplicationDiff(cluster, observation, health));
        }

        // Gates may look at other applications, so they are asked when all have been looked at: the same as up asks before a sync.
        IReadOnlyList<ISyncGate> projects = repository.ProjectGates(time);
        ApplicationDiff Gated(ApplicationDiff diff) => diff with
        {
            Observation = diff.Observation with
            {
                Plan = diff.Plan.Through([new SharedResourceGate(), dependencies.GateOf(diff.Application), new ObjectDependencies(diff.Observation.Application.Spec, fleet.Target(diff.Cluster)), .. projects]),
            },
        };
        return new DiffReport(
            [.. diffs.Where(diff => only.Length == 0 || diff.Application == only).Select(Gated)],
            [.. workspace.Faults.Where(fault => only.Length == 0 || fault.Name == only)],
            against);
    }

    /// <summary>Reaches the clusters, and takes in what the hub among them declares beside the files: applications and projects that somebody made there.</summary>
    private async Task<(WorkspaceState Workspace, Placement Placement, string Against)> ReachAsync(ClusterFleet fleet, Repository repository, CancellationToken cancellationToken)
    {
        WorkspaceState workspace = await repository.LoadAsync(previous: null, WorkspaceChange.Everything, rendering: null, cancellationToken).ConfigureAwait(false);
        Placement placement = Place(workspace, fleet, repository);
        string against = await fleet.StartForReadingAsync(placement.Clusters, cancellationToken).ConfigureAwait(false);
        string home = HubPlace.ClusterOf(options, workspace, placement, fleet.Usual);
        if (!fleet.Started.Contains(home))
        {
            await fleet.StartForReadingAsync([home], cancellationToken).ConfigureAwait(false);
        }

        ICluster hub = fleet.Target(home).Cluster;
        ApplicationNamespaces namespaces = new(HubPlace.NamespaceOf(options, workspace), options.ApplicationNamespaces);
        repository.ConsultHubAsync = (found, token) => HubPreview.ReadAsync(hub, namespaces, found, token);
        workspace = await repository.LoadAsync(workspace, new WorkspaceChange { HomeFiles = [] }, rendering: null, cancellationToken).ConfigureAwait(false);
        placement = Place(workspace, fleet, repository);
        await fleet.StartForReadingAsync([.. placement.Clusters.Except(fleet.Started)], cancellationToken).ConfigureAwait(false);
        return (workspace, placement, against);
    }

    private static Placement Place(WorkspaceState workspace, ClusterFleet fleet, Repository repository)
    {
        fleet.Register(repository.Settings.Clusters);
        Dictionary<string, ApplicationSpec> declared = workspace.Declared.DistinctBy(spec => spec.Name).ToDictionary(spec => spec.Name, StringComparer.Ordinal);
        return fleet.Place(
            [.. workspace.Rendered.Select(application => application.Claims)],
            settled: [],
            name => repository.ClusterOf(name, declared[name].Destination)?.Server);
    }

    /// <summary>What has to be looked at: the application and what it depends on, or all.</summary>
    private static HashSet<string> Needed(IReadOnlyList<ApplicationSpec> declared, string only)
    {
        if (only.Length == 0)
        {
            return [.. declared.Select(spec => spec.Name)];
        }

        Dictionary<string, ApplicationSpec> specs = declared.ToDictionary(spec => spec.Name, StringComparer.Ordinal);
        HashSet<string> needed = [only];
        Queue<string> open = new(needed);
        while (open.TryDequeue(out string? name))
        {
            foreach (string dependency in specs.GetValueOrDefault(name)?.DependsOn ?? [])
            {
                if (needed.Add(dependency))
                {
                    open.Enqueue(dependency);
                }
            }
        }

        return needed;
    }
}
