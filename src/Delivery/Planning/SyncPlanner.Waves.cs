using Bowline.Delivery.Desired;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Planning;

public static partial class SyncPlanner
{
    /// <summary>
    /// Namespaces and CustomResourceDefinitions come no later than the first object that needs them, whatever waves say: it could
    /// not be applied before.
    /// </summary>
    private static void Advance(List<Placed> placed)
    {
        Dictionary<string, int> namespaces = new(StringComparer.Ordinal);
        Dictionary<(string Group, string Kind), int> definitions = [];
        for (int i = 0; i < placed.Count; i++)
        {
            PlannedAction action = placed[i].Action;
            if (action.Id is { Group: "", Kind: "Namespace" })
            {
                namespaces[action.Id.Name] = i;
            }
            else if (action.Id is { Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition" } && action.Desired?.Body["spec"] is { } spec)
            {
                definitions[(spec["group"]?.AsString() ?? string.Empty, spec.At("names", "kind")?.AsString() ?? string.Empty)] = i;
            }
        }

        if (namespaces.Count + definitions.Count == 0)
        {
            return;
        }

        foreach (Placed needy in placed.Where(candidate => candidate.Phase != SyncPhase.SyncFail).ToArray())
        {
            foreach (int at in (ReadOnlySpan<int>)[namespaces.GetValueOrDefault(needy.Action.Id.Namespace, -1), definitions.GetValueOrDefault((needy.Action.Id.Group, needy.Action.Id.Kind), -1)])
            {
                if (at >= 0 && (needy.Phase, needy.Wave).CompareTo((placed[at].Phase, placed[at].Wave)) < 0)
                {
                    placed[at] = placed[at] with { Phase = needy.Phase, Wave = needy.Wave };
                }
            }
        }
    }

    /// <summary>Prunes go through the waves backwards, each after what its wave applies; those marked PruneLast after everything else.</summary>
    private static IEnumerable<Placed> PlacePrunes(List<Placed> pruned, List<Placed> applied)
    {
        Placed[] mirrored = [.. Mirrored(pruned)];
        int last = applied.Where(entry => entry.Phase == SyncPhase.Sync).Concat(mirrored).Select(entry => entry.Wave).DefaultIfEmpty(-1).Max() + 1;
        return mirrored.Select(entry => entry is { Action: { Options.PruneLast: true, Change: PlannedChange.Prune } } ? entry with { Wave = last } : entry);
    }

    /// <summary>The first wave's deletions change places with the last's, and so on: what was made last goes first.</summary>
    private static IEnumerable<Placed> Mirrored(List<Placed> deleted)
    {
        int[] waves = [.. deleted.Select(entry => entry.Wave).Distinct().Order()];
        return deleted.Select(entry => entry with { Wave = waves[waves.Length - 1 - Array.BinarySearch(waves, entry.Wave)] });
    }

    private static SyncPlan Assemble(string owner, List<Placed> placed) => new(owner, [.. placed
        .GroupBy(entry => (entry.Phase, entry.Wave))
        .OrderBy(group => group.Key)
        .Select(group => new SyncWave(group.Key.Phase, group.Key.Wave, InOrder(group)))]);

    private static PlannedAction[] InOrder(IEnumerable<Placed> entries) => [.. entries.Select(entry => entry.Action)
        .OrderBy(action => action.Change == PlannedChange.Prune)
        .ThenBy(action => action.Change == PlannedChange.Prune ? -KindOrder.TierOf(action.Id) : KindOrder.TierOf(action.Id))
        .ThenBy(action => action.Id.Kind, StringComparer.Ordinal)
        .ThenBy(action => action.Id.Namespace, StringComparer.Ordinal)
        .ThenBy(action => action.Id.Name, StringComparer.Ordinal)];

    private sealed record Placed(SyncPhase Phase, int Wave, PlannedAction Action);
}
