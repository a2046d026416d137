using System.Globalization;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

internal sealed partial class DeploymentRollout
{
    private int MaxSurge => IsRecreate ? 0 : Fenceposts().Surge;

    private int MaxUnavailable => IsRecreate || replicas == 0 ? 0 : Math.Min(Fenceposts().Unavailable, replicas);

    private (int Surge, int Unavailable) Fenceposts()
    {
        Resources.Model.Node? rolling = deployment.Spec()["strategy"]?["rollingUpdate"];
        int surge = IntOrPercent.Resolve(rolling?["maxSurge"], replicas, roundUp: true);
        int unavailable = IntOrPercent.Resolve(rolling?["maxUnavailable"], replicas, roundUp: false);
        // Both zero (2 replicas, 10%) would never move.
        return surge == 0 && unavailable == 0 ? (0, 1) : (surge, unavailable);
    }

    private bool IsScalingEvent() =>
        all.Any(set => set.Replicas > 0 && set.DesiredAnnotation is { } desired && desired != replicas);

    private bool ScaleUpCurrent()
    {
        ReplicaSetDraft set = current!;
        if (set.Replicas == replicas)
        {
            return false;
        }

        return Scale(set, set.Replicas > replicas ? replicas : NewReplicas(set));
    }

    private int NewReplicas(ReplicaSetDraft set)
    {
        if (IsRecreate)
        {
            return replicas;
        }

        int present = all.Sum(each => each.Replicas);
        int most = replicas + MaxSurge;
        return present >= most ? set.Replicas : set.Replicas + Math.Min(most - present, replicas - set.Replicas);
    }

    private bool ScaleDownOld()
    {
        if (Old.Sum(set => set.Replicas) == 0)
        {
            return false;
        }

        int least = replicas - MaxUnavailable;
        int unavailableNew = current!.Replicas - current.AvailableReplicas;
        int most = all.Sum(set => set.Replicas) - least - unavailableNew;
        if (most <= 0)
        {
            return false;
        }

        bool scaled = DropUnhealthy(most);
        return DropAvailable(least) || scaled;
    }

    // Old pods that are not available anyway go first, whatever the strategy allows.
    private bool DropUnhealthy(int most)
    {
        int dropped = 0;
        bool scaled = false;
        foreach (ReplicaSetDraft set in Old.ToList())
        {
            int unhealthy = Math.Min(most - dropped, set.Replicas - set.AvailableReplicas);
            if (unhealthy > 0)
            {
                scaled |= Scale(set, set.Replicas - unhealthy);
                dropped += unhealthy;
            }
        }

        return scaled;
    }

    private bool DropAvailable(int least)
    {
        // A ReplicaSet that has just been scaled still reports the pods that are about to go.
        int left = all.Sum(set => Math.Min(set.AvailableReplicas, set.Replicas)) - least;
        bool scaled = false;
        foreach (ReplicaSetDraft set in Old.ToList())
        {
            int drop = Math.Min(set.Replicas, left);
            if (drop > 0)
            {
                scaled |= Scale(set, set.Replicas - drop);
                left -= drop;
            }
        }

        return scaled;
    }

    // A change of spec.replicas in the middle of a rollout is spread over all ReplicaSets in proportion to their size.
    private void ScaleProportionally()
    {
        List<ReplicaSetDraft> active = [.. all.Where(set => set.Replicas > 0)];
        if (active.Count <= 1)
        {
            ReplicaSetDraft? only = active.FirstOrDefault() ?? current ?? Old.LastOrDefault();
            if (only is not null && only.Replicas != replicas)
            {
                Scale(only, replicas);
            }

            return;
        }

        if (current is { } set && set.DesiredAnnotation == replicas && set.Replicas == replicas && set.AvailableReplicas == replicas)
        {
            foreach (ReplicaSetDraft old in Old.Where(old => old.Replicas > 0).ToList())
            {
                Scale(old, 0);
            }

            return;
        }

        if (!IsRecreate)
        {
            Spread(active);
        }
    }

    private void Spread(List<ReplicaSetDraft> active)
    {
        int allowed = replicas > 0 ? replicas + MaxSurge : 0;
        int missing = allowed - active.Sum(set => set.Replicas);
        IEnumerable<ReplicaSetDraft> sorted = missing > 0
            ? active.OrderByDescending(set => set.Replicas).ThenByDescending(set => set.CreatedAt)
            : active.OrderByDescending(set => set.Replicas).ThenBy(set => set.CreatedAt);
        List<(ReplicaSetDraft Set, int Size)> sizes = [];
        int added = 0;
        foreach (ReplicaSetDraft set in sorted)
        {
            int share = missing == 0 ? 0 : Share(set, missing, added);
            sizes.Add((set, set.Replicas + share));
            added += share;
        }

        for (int i = 0; i < sizes.Count; i++)
        {
            int leftover = i == 0 && missing != 0 ? missing - added : 0;
            Scale(sizes[i].Set, Math.Max(0, sizes[i].Size + leftover));
        }
    }

    private int Share(ReplicaSetDraft set, int missing, int added)
    {
        if (set.Replicas == 0 || missing == added)
        {
            return 0;
        }

        int before = set.MaxAnnotation is { } most and > 0 ? most : deployment.Status().Int("replicas");
        int fraction = replicas == 0 || before == 0
            ? -set.Replicas
            : (int)Math.Round((double)set.Replicas * (replicas + MaxSurge) / before, MidpointRounding.AwayFromZero) - set.Replicas;
        int allowed = missing - added;
        return missing > 0 ? Math.Min(fraction, allowed) : Math.Max(fraction, allowed);
    }

    private bool Scale(ReplicaSetDraft set, int size)
    {
        set.SetScale(replicas, replicas + MaxSurge);
        if (set.Replicas == size)
        {
            return false;
        }

        string direction = set.Replicas < size ? "up" : "down";
        plan.Events.Add(string.Create(CultureInfo.InvariantCulture, $"Scaled {direction} replica set {set.Name} from {set.Replicas} to {size}"));
        set.Replicas = size;
        return true;
    }
}
