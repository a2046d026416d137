using Bowline.Delivery.Inventories;
using Bowline.Delivery.Planning;

namespace Bowline.Applications.Reconciling;

/// <summary>What the runners of one run share beyond their cluster.</summary>
public sealed record RunnerContext(TimeProvider Time, Dependencies Dependencies)
{
    /// <summary>Gates of every application, beside its dependencies.</summary>
    public IReadOnlyList<ISyncGate> Gates { get; init; } = [];

    /// <summary>Renders an application as one of its deliveries had it.</summary>
    public Func<string, DeliveredRevision, CancellationToken, Task<RenderedApplication>> RenderAtAsync { get; init; } =
        static (name, _, _) => throw new Model.ApplicationException($"{name}: there is no repository to read an earlier revision from");

    /// <summary>Renders an application with the sources and revisions that an order asks for.</summary>
    public Func<string, SyncOrder, CancellationToken, Task<RenderedApplication>> RenderWithAsync { get; init; } =
        static (name, _, _) => throw new Model.ApplicationException($"{name}: there is no repository to read another revision from");

    /// <summary>Finds what lies in an application's namespace and belongs to nobody; null where nobody looks for it.</summary>
    public OrphanFinder? Orphans { get; init; }

    /// <summary>Told all that is known of an application, whenever that changes.</summary>
    public Action<ApplicationReport> Reported { get; init; } = static _ => { };

    /// <summary>Told of an application that is the same at a newer revision as it was before: nothing else about it is news.</summary>
    public Action<RenderedApplication> Advanced { get; init; } = static _ => { };

    /// <summary>Told how an application stands, for those that depend on it.</summary>
    public Action<string, Standing> Moved { get; init; } = static (_, _) => { };
}
