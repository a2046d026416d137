using Bowline.Delivery.Diffing;
using Bowline.Delivery.Planning;
using Bowline.Resources.Merging;
using Bowline.Resources.Schemas;

namespace Bowline.Applications.Reconciling;

/// <summary>Finds out, from the live objects' managedFields, who writes the fields that a plan is about to put right.</summary>
internal static class Rivals
{
    /// <summary>The last writer of the first object that differs: <c>"kubectl-edit" writes spec.replicas of apps/Deployment ns/web</c>; empty when nobody is known.</summary>
    public static string In(SyncPlan plan)
    {
        foreach (PlannedAction action in plan.Actions.Where(action => action is { Change: PlannedChange.Update, Live: not null, After: not null }))
        {
            Schema? schema = KubernetesKinds.Find(action.Desired!.Kind!.Kind)?.Schema;
            FieldSet changed = FieldOwnership.Changed(action.Live!, action.After!, schema);
            FieldOwner? writer = FieldOwnership.Of(action.Live!)
                .Where(owner => owner.Manager != Differ.FieldManager && !owner.Fields.Intersect(changed).IsEmpty)
                .MaxBy(owner => owner.Time, StringComparer.Ordinal);
            if (writer is not null)
            {
                return $"\"{writer.Manager}\" writes {string.Join(", ", writer.Fields.Intersect(changed).Leaves().Paths().Take(3))} of {action.Id}";
            }
        }

        return string.Empty;
    }
}
