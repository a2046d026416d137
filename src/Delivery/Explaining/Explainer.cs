using System.Collections.Frozen;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Health;
using Bowline.Delivery.Inventories;
using Bowline.Delivery.Planning;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Explaining;

/// <summary>Why an application is not Synced and Healthy. Pure: plan, record and live objects come in, chains of causes go out.</summary>
public sealed class Explainer(LiveView view, HealthAssessor health)
{
    private const int Deepest = 12;
    private const int MostSiblings = 5;

    /// <summary>What may be the matter with an object of a kind, most telling first; objects of other kinds are looked at by <see cref="ObjectRules"/>.</summary>
    private static readonly FrozenDictionary<string, CauseRule[]> Rules = new Dictionary<string, CauseRule[]>
    {
        ["/Pod"] = [PodRules.Unschedulable, PodRules.Volumes, PodRules.Containers],
        ["/PersistentVolumeClaim"] = [StorageRules.Unbound],
        ["apps/Deployment"] = [WorkloadRules.CreationRefused, WorkloadRules.Owned],
        ["apps/ReplicaSet"] = [WorkloadRules.CreationRefused, WorkloadRules.Owned],
        ["apps/StatefulSet"] = [WorkloadRules.CreationRefused, WorkloadRules.Owned],
        ["apps/DaemonSet"] = [WorkloadRules.CreationRefused, WorkloadRules.Owned],
        ["batch/Job"] = [WorkloadRules.CreationRefused, WorkloadRules.Owned, ObjectRules.Conditions],
        ["batch/CronJob"] = [WorkloadRules.Owned],
        ["/Service"] = [NetworkRules.Unreached, ObjectRules.Conditions, ObjectRules.Warnings],
        ["networking.k8s.io/Ingress"] = [NetworkRules.Unserved, ObjectRules.Warnings],
        ["autoscaling/HorizontalPodAutoscaler"] = [WorkloadRules.ScaleTarget, ObjectRules.Conditions],
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly CauseRule[] AnyKind = [ObjectRules.Conditions, ObjectRules.Warnings];

    /// <summary>Causes for the whole application; none when all is well.</summary>
    public IReadOnlyList<Cause> Explain(SyncPlan plan, Inventory inventory)
    {
        List<Cause> causes = [];
        if (inventory.Hold is { } hold)
        {
            causes.Add(new Cause(null, $"automation is held: {hold.Reason}") { Fix = "push a newer commit, or run 'bowline resume'" });
        }

        causes.AddRange(plan.Gates.Where(gate => gate.Verdict != GateVerdict.Allow).Select(gate => new Cause(null, $"{gate.Gate}: {gate.Reason}")));
        causes.AddRange(plan.Actions.Select(OfAction).OfType<Cause>());
        if (causes.Count == 0 && inventory is { Failure.Length: > 0, Operation: not null })
        {
            causes.Add(new Cause(null, $"the last sync failed: {inventory.Failure}"));
        }

        causes.AddRange(OfWaves(plan));
        if (causes.Count == 0)
        {
            causes.AddRange(plan.Actions.Where(action => action.Desired is not null && !IsInTheWay(action) && LeadsTraffic(action.Id)).Select(action => Explain(action.Id)).OfType<Cause>());
        }

        return causes;
    }

    /// <summary>Causes for one object.</summary>
    public Cause? Explain(ResourceId id) => Explain(id, Deepest, []);

    /// <summary>Kinds that are healthy as soon as they are there, whether anybody can be reached by them or not.</summary>
    private static bool LeadsTraffic(ResourceId id) => (id.Group, id.Kind) is ("", "Service") or ("networking.k8s.io", "Ingress");

    /// <summary>What keeps a single planned action from having been done.</summary>
    private Cause? OfAction(PlannedAction action)
    {
        Origin origin = action.Desired?.Origin ?? Origin.Unknown;
        return action.Change switch
        {
            _ when action.Refusal.Length > 0 => new Cause(action.Id, $"is refused by the API server: {Diffing.SecretRedaction.Scrub(action.Refusal, action.Id, action.Desired?.Body, action.Live)}") { Origin = origin, Fix = FixOf(action.Refusal), Because = [.. WebhookRules.Unreachable(action.Refusal, view)] },
            PlannedChange.MissingKind => new Cause(action.Id, "cannot be applied")
            {
                Origin = origin,
                Because = [new Cause(null, action.Reason) { Fix = $"add the CustomResourceDefinition of {action.Id.Kind}.{action.Id.Group} to the repository, in the same or an earlier wave, or install what brings it" }],
            },
            PlannedChange.Shared => new Cause(action.Id, action.Reason) { Origin = origin, Fix = "let only one of the two applications declare it" },
            PlannedChange.AwaitsConfirmation => new Cause(action.Id, action.Reason) { Fix = "run 'bowline confirm' for the application" },
            PlannedChange.Orphan when !action.InSync => new Cause(action.Id, action.Reason) { Fix = "delete it, or turn pruning on for it" },
            PlannedChange.Prune when action.Live is { } live && Stuck(live) is { } why => new Cause(action.Id, why.What) { Fix = why.Fix },
            _ => null,
        };
    }

    /// <summary>Objects that are not healthy, wave by wave; the first of these waves is the one that everything after it waits for.</summary>
    private IEnumerable<Cause> OfWaves(SyncPlan plan)
    {
        SyncWave[] unhealthy = [.. plan.Waves.Where(wave => wave.Actions.Any(IsInTheWay))];
        foreach (SyncWave wave in unhealthy)
        {
            Cause[] objects = [.. wave.Actions.Where(IsInTheWay).Take(MostSiblings).Select(action => Explain(action.Id, Deepest, [])).OfType<Cause>()];
            bool blocks = wave == unhealthy[0] && plan.Waves.SkipWhile(other => other != wave).Skip(1).Any(later => later.Phase != SyncPhase.SyncFail && later.Actions.Any(action => action.Acts));
            if (!blocks)
            {
                foreach (Cause cause in objects)
                {
                    yield return cause;
                }
            }
            else if (objects.Length > 0)
            {
                yield return new Cause(null, $"waiting for {(wave.Phase == SyncPhase.Sync ? string.Empty : $"{wave.Phase} ")}wave {wave.Number}") { Because = objects };
            }
        }
    }

    private bool IsInTheWay(PlannedAction action)
    {
        if (action.Desired is null or { Untracked: true } || action.Change is PlannedChange.Shared or PlannedChange.MissingKind || view.Get(action.Id) is not { } live)
        {
            return false;
        }

        return health.Assess(action.Id, live).Status > HealthStatus.Suspended;
    }

    private Cause? Explain(ResourceId id, int depth, HashSet<ResourceId> above)
    {
        if (view.Get(id) is not { } live)
        {
            return view.IsMissing(id) ? new Cause(id, "is not in the cluster") { Origin = view.OriginOf(id) } : null;
        }

        HealthReport report = health.Assess(id, live);
        if (Stuck(live) is { } stuck)
        {
            return new Cause(id, stuck.What) { Origin = view.OriginOf(id), Fix = stuck.Fix };
        }

        if (depth == 0 || !above.Add(id))
        {
            return new Cause(id, "is looked at above already");
        }

        List<Cause> causes = [];
        foreach (CauseRule rule in Rules.GetValueOrDefault($"{id.Group}/{id.Kind}") ?? AnyKind)
        {
            causes.AddRange(rule(new CauseQuestion(id, live, view, next => Explain(next, depth - 1, above), owned => health.Assess(owned, view.Get(owned)).Status > HealthStatus.Suspended)));
            if (causes.Count > 0)
            {
                break;
            }
        }

        above.Remove(id);
        string what = report.Status <= HealthStatus.Suspended ? "is healthy" : report.Message.Length > 0 ? $"is {report.Status}: {report.Message}" : $"is {report.Status}";
        return report.Status <= HealthStatus.Suspended && causes.Count == 0 ? null : new Cause(id, what) { Origin = view.OriginOf(id), Because = [.. causes.Take(MostSiblings)] };
    }

    private static (string What, string Fix)? Stuck(MapNode live)
    {
        if (live.At("metadata", "deletionTimestamp") is null || live.At("metadata", "finalizers") is not ListNode { Count: > 0 } finalizers)
        {
            return null;
        }

        string names = string.Join(", ", finalizers.Select(finalizer => finalizer.ToString()));
        return ($"is being deleted and waits for its finalizers: {names}", $"see that the controller behind {names} runs; if it is gone for good, remove the finalizer");
    }

    private static string FixOf(string refusal) => refusal switch
    {
        _ when refusal.Contains("denied the request", StringComparison.Ordinal) || refusal.Contains("denied request", StringComparison.Ordinal) => "change the object as the webhook or policy asks for",
        _ when refusal.Contains("field not declared in schema", StringComparison.Ordinal) => "correct the field's name",
        _ => "correct the object",
    };
}

/// <summary>What one rule is asked: an object, all there is, and how to go on.</summary>
/// <param name="Follow">Explains another object that may be the cause.</param>
/// <param name="IsUnhealthy">Whether an object is not healthy.</param>
internal sealed record CauseQuestion(ResourceId Id, MapNode Live, LiveView View, Func<ResourceId, Cause?> Follow, Func<ResourceId, bool> IsUnhealthy);

/// <summary>A rule: the causes that it finds, none when it is not about this object's trouble.</summary>
internal delegate IEnumerable<Cause> CauseRule(CauseQuestion question);
