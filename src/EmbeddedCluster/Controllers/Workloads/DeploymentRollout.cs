using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <summary>One step of a Deployment, as decided.</summary>
internal sealed class DeploymentPlan
{
    /// <summary>The ReplicaSet to make for the present template; null when there is one or none is wanted yet.</summary>
    public MapNode? Create { get; set; }

    /// <summary>ReplicaSets whose spec or annotations change, in order.</summary>
    public List<MapNode> Update { get; } = [];

    public List<MapNode> Delete { get; } = [];

    public List<string> Events { get; } = [];

    /// <summary>The whole new status; written together with <see cref="Revision"/>.</summary>
    public MapNode Status { get; set; } = new();

    /// <summary>Value of the Deployment's revision annotation; null leaves it.</summary>
    public string? Revision { get; set; }

    public TimeSpan? RequeueAfter { get; set; }
}

/// <summary>
/// Decides the next step of a Deployment over its ReplicaSets and pods, as kube-controller-manager's deployment controller
/// does; never acts. Only one thing moves per step, the next one follows when ReplicaSets report back.
/// </summary>
internal sealed partial class DeploymentRollout
{
    private readonly MapNode deployment;
    private readonly IReadOnlyList<MapNode> pods;
    private readonly DateTimeOffset now;
    private readonly DeploymentPlan plan = new();
    private readonly List<ReplicaSetDraft> all;
    private readonly ListNode conditions;
    private readonly int replicas;
    private readonly int collisions;
    private ReplicaSetDraft? current;

    private DeploymentRollout(MapNode deployment, IReadOnlyList<MapNode> replicaSets, IReadOnlyList<MapNode> pods, DateTimeOffset now)
    {
        this.deployment = deployment;
        this.pods = pods;
        this.now = now;
        all = [.. replicaSets.Select(set => new ReplicaSetDraft(set)).OrderBy(set => set.CreatedAt).ThenBy(set => set.Name, StringComparer.Ordinal)];
        conditions = Counting.CopyConditions(deployment.Status());
        replicas = deployment.Spec().Int("replicas", 1);
        collisions = deployment.Status().Int("collisionCount", -1);
    }

    private IEnumerable<ReplicaSetDraft> Old => all.Where(set => set != current);

    private bool IsRecreate => deployment.Spec()["strategy"]?["type"]?.AsString() == "Recreate";

    public static DeploymentPlan Decide(MapNode deployment, IReadOnlyList<MapNode> replicaSets, IReadOnlyList<MapNode> pods, DateTimeOffset now)
    {
        DeploymentRollout rollout = new(deployment, replicaSets, pods, now);
        rollout.Step();
        foreach (ReplicaSetDraft set in rollout.all.Where(set => set.IsChanged && set.Live is not null))
        {
            rollout.plan.Update.Add(set.Compose());
        }

        if (rollout.current is { Live: null } made)
        {
            rollout.plan.Create = made.Compose();
        }

        return rollout.plan;
    }

    private void Step()
    {
        bool paused = deployment.Spec().Flag("paused");
        if (deployment.IsDeleting())
        {
            FindCurrent(create: false);
            WriteStatus();
            return;
        }

        NotePause(paused);
        if (paused || IsScalingEvent())
        {
            FindCurrent(create: false);
            ScaleProportionally();
            if (paused)
            {
                CleanUp();
            }

            WriteStatus();
        }
        else if (IsRecreate)
        {
            Recreate();
            WriteRolloutStatus();
        }
        else
        {
            RollingUpdate();
            WriteRolloutStatus();
        }
    }

    private void RollingUpdate()
    {
        FindCurrent(create: true);
        if (ScaleUpCurrent() || ScaleDownOld())
        {
            return;
        }

        if (IsComplete(ComputeStatus()))
        {
            CleanUp();
        }
    }

    private void Recreate()
    {
        FindCurrent(create: false);
        bool scaledDown = false;
        foreach (ReplicaSetDraft old in Old.Where(set => set.Replicas > 0).ToList())
        {
            scaledDown |= Scale(old, 0);
        }

        if (scaledDown || OldPodsRun())
        {
            return;
        }

        FindCurrent(create: true);
        Scale(current!, replicas);
        if (IsComplete(ComputeStatus()))
        {
            CleanUp();
        }
    }

    private bool OldPodsRun()
    {
        if (Old.Any(set => set.ActualReplicas > 0))
        {
            return true;
        }

        string keep = current?.Live?.Uid() ?? string.Empty;
        return pods.Any(pod => !pod.IsFinished() && pod.ControllerReference().Text("uid") is var owner && owner != keep && Old.Any(set => set.Live?.Uid() == owner));
    }

    // All but the last few old ReplicaSets that have nothing to run.
    private void CleanUp()
    {
        int limit = deployment.Spec().Int("revisionHistoryLimit", 10);
        List<ReplicaSetDraft> alive = [.. Old.Where(set => set.Live is { } live && !live.IsDeleting())];
        int surplus = alive.Count - limit;
        if (limit == int.MaxValue || surplus <= 0)
        {
            return;
        }

        foreach (ReplicaSetDraft set in alive.OrderBy(set => set.Revision).Take(surplus))
        {
            MapNode live = set.Live!;
            if (set.ActualReplicas == 0 && set.Replicas == 0 && live.Generation() <= live.Status().Int("observedGeneration"))
            {
                plan.Delete.Add(live);
                all.Remove(set);
            }
        }
    }
}
