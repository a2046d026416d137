using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>Addresses and ports taken for an object that is being written; given back unless kept.</summary>
internal sealed class AllocationLease(Action giveBack) : IDisposable
{
    private bool kept;

    public static AllocationLease None => new(() => { });

    public void Keep() => kept = true;

    public void Dispose()
    {
        if (!kept)
        {
            giveBack();
        }
    }
}

internal sealed partial class ResourceService
{
    private AllocationLease Allocate(ServedKind kind, MapNode node, MapNode? live) =>
        kind.QualifiedPlural == "services" ? services.Allocate(node, live) : AllocationLease.None;
}
