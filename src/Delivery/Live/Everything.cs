using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Live;

/// <summary>
/// The objects of a namespace, of whatever kind: once anybody asks, every namespaced kind that may be watched is. Kinds that only machines
/// write, many times a minute, are left out, as Argo CD leaves them out of what it watches (the <c>resource.exclusions</c> that it is installed with).
/// </summary>
public sealed class Everything(ICluster cluster, LiveState live)
{
    private static readonly HashSet<(string Group, string Kind)> Machinery =
    [
        (string.Empty, "Endpoints"), (string.Empty, "Event"), ("events.k8s.io", "Event"), ("discovery.k8s.io", "EndpointSlice"), ("coordination.k8s.io", "Lease"),
        ("cert-manager.io", "CertificateRequest"), ("cilium.io", "CiliumEndpoint"), ("cilium.io", "CiliumEndpointSlice"),
        ("kyverno.io", "AdmissionReport"), ("kyverno.io", "BackgroundScanReport"), ("kyverno.io", "UpdateRequest"), ("reports.kyverno.io", "EphemeralReport"),
        ("wgpolicyk8s.io", "PolicyReport"), ("openreports.io", "Report"),
    ];

    private static readonly HashSet<string> MachineryGroups = ["metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io"];
    private readonly Lock gate = new();
    private readonly Dictionary<(string Group, string Kind), Task<bool>> watched = [];

    /// <summary>What lies in a namespace and is owned by no other object.</summary>
    public async Task<IReadOnlyList<MapNode>> ListAsync(string @namespace, CancellationToken cancellationToken)
    {
        List<MapNode> found = [];
        KindCatalogue catalogue = await cluster.DiscoverAsync(cancellationToken).ConfigureAwait(false);
        foreach (KindInfo kind in catalogue.Kinds.Where(IsLookedAt))
        {
            if (await WatchAsync(kind).WaitAsync(cancellationToken).ConfigureAwait(false))
            {
                found.AddRange(live.List(kind.Kind, @namespace).Where(item => item.At("metadata", "ownerReferences") is not ListNode { Count: > 0 } && item.At("metadata", "deletionTimestamp") is null));
            }
        }

        return found;
    }

    private static bool IsLookedAt(KindInfo kind) => kind is { Namespaced: true } && kind.Verbs.Contains("list") && kind.Verbs.Contains("watch")
        && !Machinery.Contains((kind.Kind.Group, kind.Kind.Kind)) && !MachineryGroups.Contains(kind.Kind.Group);

    private Task<bool> WatchAsync(KindInfo kind)
    {
        lock (gate)
        {
            (string, string) key = (kind.Kind.Group, kind.Kind.Kind);
            return watched.TryGetValue(key, out Task<bool>? known) ? known : watched[key] = TryAsync(kind);
        }
    }

    /// <summary>Who may not read a kind is told nothing of it.</summary>
    private async Task<bool> TryAsync(KindInfo kind)
    {
        try
        {
            await live.EnsureAsync([kind], CancellationToken.None).ConfigureAwait(false);
            return true;
        }
        catch (ClusterException)
        {
            return false;
        }
    }
}
