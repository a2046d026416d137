using Bowline.Applications.Model;
using Bowline.Delivery.Health;
using Bowline.Delivery.Planning;
using Bowline.Resources.Model;

namespace Bowline.Applications.Reconciling;

/// <summary>Holds an application back until the objects of its cluster that it depends on are there and ready, whoever makes them.</summary>
public sealed class ObjectDependencies(ApplicationSpec spec, DeliveryTarget target) : ISyncGate
{
    private const string GateName = "depends-on-objects";

    public GateDecision Decide(SyncPlan plan)
    {
        string[] missing = [.. spec.DependsOnObjects.Select(Why).Where(why => why.Length > 0)];
        return missing.Length == 0 ? new GateDecision(GateName, GateVerdict.Allow, string.Empty) : new GateDecision(GateName, GateVerdict.Wait, $"waits: {string.Join("; ", missing)}");
    }

    private string Why(ResourceId id)
    {
        if (target.Live.Get(id) is not { } live)
        {
            return target.Live.Knows(new ResourceKind(id.Group, string.Empty, id.Kind), id.Namespace) ? $"there is no {id}" : $"there is no {id}, nor does the cluster serve its kind";
        }

        if (spec.ReadyWhen is { } ready)
        {
            return ready.Why(live) is { Length: > 0 } why ? $"{id}: {why}" : string.Empty;
        }

        HealthReport health = target.Health.Assess(id, live);
        return health.Status is HealthStatus.Healthy or HealthStatus.Suspended ? string.Empty : $"{id} is {health.Status}{(health.Message.Length > 0 ? $" ({health.Message})" : string.Empty)}";
    }
}
