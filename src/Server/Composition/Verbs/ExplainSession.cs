using Bowline.Applications.Model;
using Bowline.Applications.Reconciling;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Explaining;
using Bowline.Delivery.Health;
using Bowline.Delivery.Planning;
using Bowline.Resources.Model;
using Bowline.Server.Composition.Up;

namespace Bowline.Server.Composition.Verbs;

/// <summary>Why an application stands as it does.</summary>
/// <param name="Causes">Empty when all is well.</param>
public sealed record Explanation(string Application, string Cluster, SyncState Sync, HealthReport Health, IReadOnlyList<Cause> Causes)
{
    /// <summary>Which clusters were looked at, in words.</summary>
    public string Against { get; init; } = string.Empty;
}

/// <summary>Gathers what an explanation needs, once, and explains.</summary>
public sealed class ExplainSession(UpOptions options, TimeProvider time)
{
    /// <summary>Kinds that causes are found in beyond an application's own.</summary>
    private static readonly ResourceKind[] Read =
    [
        .. new[] { "Pod", "Event", "PersistentVolumeClaim", "Secret", "ConfigMap", "ResourceQuota", "ServiceAccount", "Service" }.Select(kind => new ResourceKind(string.Empty, "v1", kind)),
        .. new[] { "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet" }.Select(kind => new ResourceKind("apps", "v1", kind)),
        new ResourceKind("batch", "v1", "Job"), new ResourceKind("storage.k8s.io", "v1", "StorageClass"), new ResourceKind("networking.k8s.io", "v1", "IngressClass"),
        .. new[] { "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration" }.Select(kind => new ResourceKind("admissionregistration.k8s.io", "v1", kind)),
    ];

    /// <param name="resource">Kind/name, Kind/namespace/name or a name; empty for the whole application.</param>
    public async Task<Explanation> ExplainAsync(string application, string resource, CancellationToken cancellationToken) =>
        await new DiffSession(options, time).CompareAsync(application, async (report, target, token) =>
        {
            if (report.Faults.FirstOrDefault() is { } fault)
            {
                Cause unreadable = new(null, $"it cannot be rendered: {fault.Message}") { Origin = fault.Origin, Fix = "correct the file" };
                return new Explanation(application, string.Empty, SyncState.Unknown, new HealthReport(HealthStatus.Unknown, string.Empty), [unreadable]) { Against = report.Against };
            }

            ApplicationDiff diff = report.Applications[0];
            Explanation explanation = await ExplainAsync(diff, target(diff.Cluster), resource, token).ConfigureAwait(false);
            return explanation with { Against = report.Against };
        }, cancellationToken).ConfigureAwait(false);

    private static async Task<Explanation> ExplainAsync(ApplicationDiff diff, DeliveryTarget target, string resource, CancellationToken cancellationToken)
    {
        Dictionary<ResourceId, Origin> origins = [];
        foreach (DesiredObject desired in diff.Observation.Desired)
        {
            origins[desired.Id] = desired.Origin;
        }

        Explainer explainer = new(await ReadAsync(diff, target, origins, cancellationToken).ConfigureAwait(false), target.Health);
        SyncState sync = diff.Plan.InSync && !diff.Observation.HasFailed ? SyncState.Synced : SyncState.OutOfSync;
        IReadOnlyList<Cause> causes = resource.Length == 0 ? explainer.Explain(diff.Plan, diff.Observation.Inventory)
            : explainer.Explain(diff.Find(resource)) is { } cause ? [cause] : [];
        if (causes.Count == 0 && resource.Length == 0 && sync == SyncState.OutOfSync && Unasked(diff.Observation, target) is { } unasked)
        {
            causes = [unasked];
        }

        return new Explanation(diff.Application, diff.Cluster, sync, diff.Health, causes);
    }

    /// <summary>Why nobody mends what differs, where that is nobody's trouble: it is left for somebody to ask for.</summary>
    private static Cause? Unasked(Observation observation, DeliveryTarget target)
    {
        ApplicationSpec spec = observation.Application.Spec;
        if (!target.IsAutomatic(spec.Policy))
        {
            return new Cause(null, "it has no automation and waits to be synced")
            {
                Origin = spec.Origin,
                Fix = $"run 'bowline sync {spec.Name}', or set spec.syncPolicy.automated; an ApplicationSet with a RollingSync syncs it in its turn",
            };
        }

        return observation.IsDelivered && !spec.Policy.SelfHeal
            ? new Cause(null, "it was changed in the cluster, and self-heal is off") { Origin = spec.Origin, Fix = $"run 'bowline sync {spec.Name}', or set spec.syncPolicy.automated.selfHeal" }
            : null;
    }

    private static async Task<LiveView> ReadAsync(ApplicationDiff diff, DeliveryTarget target, Dictionary<ResourceId, Origin> origins, CancellationToken cancellationToken)
    {
        string[] namespaces = [.. diff.Observation.Desired.Select(item => item.Id.Namespace).Append(ApplicationReconciler.NamespaceOf(diff.Observation.Application.Spec)).Where(name => name.Length > 0).Distinct()];
        Dictionary<ResourceId, MapNode> read = [];
        List<(string, string)> known = [];
        foreach (ResourceKind kind in Read)
        {
            if (await target.Cluster.FindKindAsync(kind, cancellationToken).ConfigureAwait(false) is not { } served)
            {
                continue;
            }

            try
            {
                foreach (string home in served.Namespaced ? namespaces : [string.Empty])
                {
                    ObjectList list = await target.Cluster.ListAsync(served, home, ListOptions.All, cancellationToken).ConfigureAwait(false);
                    foreach (MapNode item in list.Items)
                    {
                        read[new Resource(item).Id] = item;
                    }
                }

                known.Add((kind.Group, kind.Kind));
            }
            catch (ClusterException refused) when (refused.Status is 401 or 403)
            {
                // Whoever asks may not see these; then nothing is said of them, least of all that they are missing.
            }
        }

        foreach (ResourceId id in diff.Plan.Actions.Select(action => action.Id))
        {
            if (target.Live.Get(id) is { } live)
            {
                read.TryAdd(id, live);
            }
        }

        return new LiveView(read.Values, known, origins);
    }
}
