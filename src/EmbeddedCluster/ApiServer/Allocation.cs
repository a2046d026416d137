using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>Addresses and ports taken for an object that is being written; held until the write is over.</summary>
internal sealed class AllocationLease(Action giveBack) : IDisposable
{
    public static AllocationLease None => new(() => { });

    /// <summary>What was kept is in the store by now; nothing needs to be held any longer either way.</summary>
    public void Dispose() => giveBack();
}

internal sealed partial class ResourceService
{
    private AllocationLease Allocate(ServedKind kind, MapNode node, MapNode? live, WriteContext context) =>
        kind.QualifiedPlural == "services" ? services.Allocate(node, live, context.DryRun) : AllocationLease.None;
}
