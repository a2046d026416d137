using Bowline.Cluster.Requests;
using Bowline.Delivery.Inventories;

namespace Bowline.Applications.Adopting;

/// <summary>What taking over an Argo CD installation comes to.</summary>
/// <param name="Namespace">Argo CD's.</param>
/// <param name="Applications">In the order of their names.</param>
/// <param name="Controllers">Argo CD's controllers that Bowline stands in for.</param>
/// <param name="Obstacles">Why it must not be done as things are, each a sentence; nothing is changed while there is one.</param>
public sealed record AdoptionPlan(string Namespace, IReadOnlyList<AdoptedApplication> Applications, IReadOnlyList<ArgoController> Controllers, IReadOnlyList<string> Obstacles);

/// <summary>One of Argo CD's controllers: a StatefulSet or a Deployment.</summary>
/// <param name="Role">application-controller, applicationset-controller or notifications-controller.</param>
/// <param name="Replicas">As its spec has it now.</param>
/// <param name="Former">Before it was taken over; null when it was not.</param>
public sealed record ArgoController(ObjectKey Key, string Role, long Replicas, long? Former)
{
    public override string ToString() => $"{Key.Kind.Kind.Kind.ToLowerInvariant()}/{Key.Name}";
}

/// <summary>An Application, as Argo CD leaves it.</summary>
/// <param name="Name">As records and tracking have it: <c>namespace_name</c> where it lies in another namespace than Argo CD.</param>
/// <param name="Objects">What Argo CD delivered of it: its status and the live objects say so alike.</param>
/// <param name="Foreign">Objects of its status that no live tracking confirms; they are never pruned.</param>
public sealed record AdoptedApplication(string Name, IReadOnlyList<InventoryEntry> Objects, IReadOnlyList<InventoryEntry> Foreign)
{
    /// <summary>Argo CD's words: Synced, OutOfSync, Unknown.</summary>
    public string Sync { get; init; } = "Unknown";

    public string Health { get; init; } = "Unknown";

    /// <summary>What Argo CD found to differ from Git: <c>apps/Deployment shop/web</c>.</summary>
    public IReadOnlyList<string> Differing { get; init; } = [];

    /// <summary>What Bowline does not do for it, each a sentence.</summary>
    public IReadOnlyList<string> Unsupported { get; init; } = [];

    /// <summary>Where its sources were when Argo CD held it for delivered; empty when it never was.</summary>
    public IReadOnlyList<SourcePin> Delivered { get; init; } = [];

    /// <summary>Argo CD's history of it, oldest first.</summary>
    public IReadOnlyList<DeliveredRevision> History { get; init; } = [];

    /// <summary>Bowline delivers it already, so its record stays as it is.</summary>
    public bool IsKnown { get; init; }
}
