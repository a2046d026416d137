using Bowline.Cluster.Requests;
using Bowline.Delivery.Inventories;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Live;

/// <summary>What of a cluster may be looked at and delivered to: Argo CD's <c>namespaces</c> and <c>clusterResources</c> of a cluster.</summary>
/// <param name="Namespaces">Empty for all.</param>
/// <param name="ClusterResources">Where namespaces are named: whether objects without a namespace count, too.</param>
public sealed record LiveScope(IReadOnlyList<string> Namespaces, bool ClusterResources)
{
    public static readonly LiveScope Everything = new([], ClusterResources: true);

    public bool IsEverything => Namespaces.Count == 0;

    /// <summary>The namespaces in which a kind is watched; the empty one is the whole cluster, none at all means that the kind is not looked at.</summary>
    public IReadOnlyList<string> Of(KindInfo kind) => IsEverything ? [string.Empty]
        : !kind.Namespaced ? ClusterResources ? [string.Empty] : []
        : kind.Kind is { Group: "", Kind: "ConfigMap" } ? [.. Namespaces, InventoryStore.Namespace]
        : Namespaces;

    /// <summary>Why an object is outside of it, in Argo CD's words; empty when it is inside.</summary>
    public string Refuses(ResourceId id, bool namespaced) => IsEverything ? string.Empty
        : !namespaced ? ClusterResources ? string.Empty : $"cluster level {id.Kind} \"{id.Name}\" can not be managed when in namespaced mode"
        : Namespaces.Contains(id.Namespace) ? string.Empty : $"namespace \"{id.Namespace}\" for {id.Kind} \"{id.Name}\" is not managed";
}
