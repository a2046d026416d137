using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>An event that a kubelet would record.</summary>
/// <param name="Container">The container it is about, as a field path; empty for the pod.</param>
internal sealed record KubeletEvent(bool IsWarning, string Reason, string Message, string Container);

/// <summary>What a kubelet knows of a pod beside the pod itself.</summary>
/// <param name="Immediate">Nothing takes time that was not asked to.</param>
/// <param name="Images">The images that are on the node; shared by its pods.</param>
internal sealed record PodSurroundings(string HostIP, Func<string> PodIP, bool Immediate, PodProblems Problems, Behaviours Behaviours, NodeImages Images, PullAttempts Pulls, DateTimeOffset Now);

/// <summary>What comes next in a pod's life.</summary>
/// <param name="Status">The status to write; null when nothing changed.</param>
/// <param name="Wait">When to look again; null when nothing is to come by itself.</param>
/// <param name="Gone">The pod has ended and is to be removed.</param>
internal sealed record PodStep(MapNode? Status, TimeSpan? Wait, IReadOnlyList<KubeletEvent> Events, bool Gone = false);

/// <summary>
/// The kubelet's part of a pod's life, decided from the pod's own status and the clock: whoever starts anew goes on where the status
/// says the pod was.
/// </summary>
internal sealed partial class PodLife
{
    private const int MostSteps = 32;
    private static readonly TimeSpan UsualJobTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan UsualStartTime = TimeSpan.FromSeconds(1);
    private readonly MapNode pod;
    private readonly PodSurroundings around;
    private readonly List<KubeletEvent> events = [];
    private readonly IReadOnlyList<ContainerLife> inits;
    private readonly IReadOnlyList<ContainerLife> mains;
    private readonly IReadOnlyList<ContainerLife> ephemerals;
    private TimeSpan? wait;
    private bool changed;
    private bool isPulling;

    private PodLife(MapNode pod, PodSurroundings around)
    {
        this.pod = pod;
        this.around = around;
        inits = ContainerLife.Of(pod, "initContainers", "initContainerStatuses");
        mains = ContainerLife.Of(pod, "containers", "containerStatuses");
        ephemerals = ContainerLife.Of(pod, "ephemeralContainers", "ephemeralContainerStatuses");
    }

    private DateTimeOffset Now => around.Now;

    /// <summary>Decides, without changing anything, what the pod's kubelet does now.</summary>
    public static PodStep Decide(MapNode pod, PodSurroundings around)
    {
        if (pod.IsDeleting())
        {
            return Stop(pod, around);
        }

        return pod.Status().Text("phase") is "Succeeded" or "Failed" ? new PodStep(null, null, []) : new PodLife(pod, around).Advance();
    }

    private static PodStep Stop(MapNode pod, PodSurroundings around)
    {
        int grace = pod.Metadata().Int("deletionGracePeriodSeconds");
        DateTimeOffset asked = (pod.Metadata()?["deletionTimestamp"].Time() ?? around.Now) - TimeSpan.FromSeconds(grace);
        List<ContainerLife> running =
        [
            .. ContainerLife.Of(pod, "initContainers", "initContainerStatuses")
                .Concat(ContainerLife.Of(pod, "containers", "containerStatuses"))
                .Where(container => container.Phase == ContainerPhase.Running),
        ];
        TimeSpan needed = StopTimes.Of(pod, running, around);
        TimeSpan limit = TimeSpan.FromSeconds(grace);
        TimeSpan left = asked + (needed < limit ? needed : limit) - around.Now;
        List<KubeletEvent> events = [.. running.Select(container => new KubeletEvent(false, "Killing", $"Stopping container {container.Name}", Path(container)))];
        return left > TimeSpan.Zero ? new PodStep(null, left, events) : new PodStep(null, null, events, Gone: true);
    }

    private PodStep Advance()
    {
        if (IsPastDeadline())
        {
            return new PodStep(Failed("DeadlineExceeded", "Pod was active on the node longer than the specified deadline"), null, events);
        }

        if (around.Problems.AwaitsVolumes && !HasSandbox)
        {
            return new PodStep(pod.Status()["startTime"] is null ? Compose(sandbox: false) : null, null, events);
        }

        if (around.Problems.MountError is { } mount && !HasSandbox)
        {
            bool known = pod.Status()["startTime"] is not null;
            events.Add(new KubeletEvent(true, "FailedMount", mount, string.Empty));
            // Tried again every two minutes as the kubelet does, and when what is missing appears.
            return new PodStep(known ? null : Compose(sandbox: false), TimeSpan.FromMinutes(2), events);
        }

        // The first status says that containers are being made; without delays nobody would see it.
        if (!around.Immediate && pod.Status()["startTime"] is null)
        {
            return new PodStep(Compose(sandbox: false), UsualStartTime, events);
        }

        if (!HasSandbox)
        {
            DateTimeOffset begun = pod.Status()["startTime"].Time() ?? Now;
            if (!around.Immediate && begun + UsualStartTime > Now)
            {
                return new PodStep(null, begun + UsualStartTime - Now, events);
            }

            changed = true;
        }

        // The status tells of another spec than the pod has now: it was resized.
        changed |= !Node.DeepEquals(pod.Status()["observedGeneration"], pod.Metadata()?["generation"]);
        for (int step = 0; step < MostSteps && Step(); step++)
        {
            changed = true;
        }

        MapNode? status = changed || GatesChanged() ? Compose(sandbox: true) : null;
        return new PodStep(status, wait, events);
    }

    private bool HasSandbox => pod.Status().Text("podIP").Length > 0;

    private bool IsPastDeadline()
    {
        if (pod.Spec()["activeDeadlineSeconds"]?.AsInteger() is not { } seconds || pod.Status()["startTime"].Time() is not { } started)
        {
            return false;
        }

        TimeSpan left = started + TimeSpan.FromSeconds(seconds) - Now;
        WaitFor(left);
        return left <= TimeSpan.Zero;
    }

    /// <summary>One round over all containers; true when one of them moved.</summary>
    private bool Step()
    {
        wait = null;
        isPulling = false;
        _ = IsPastDeadline();
        bool moved = StepEphemerals();
        // Once the others have started, a sidecar that starts anew holds nobody up.
        bool initialized = mains.Any(main => main.HasRun);
        foreach (ContainerLife init in inits)
        {
            moved |= StepContainer(init);
            bool done = initialized || (init.IsSidecar ? init.Started : init.IsCompleted);
            if (!done)
            {
                return moved;
            }
        }

        foreach (ContainerLife main in mains)
        {
            moved |= StepContainer(main);
        }

        return moved | StopSidecars();
    }

    // Those of kubectl debug: they start at any time, once, and run as long as the pod does.
    private bool StepEphemerals()
    {
        bool moved = false;
        foreach (ContainerLife added in ephemerals.Where(added => added.Phase == ContainerPhase.Waiting))
        {
            moved |= TryStart(added);
        }

        return moved;
    }

    // Sidecars end when the last of the others has.
    private bool StopSidecars()
    {
        if (!mains.All(IsOver))
        {
            return false;
        }

        bool moved = false;
        foreach (ContainerLife sidecar in inits.Where(init => init.IsSidecar && init.Phase == ContainerPhase.Running))
        {
            sidecar.End(0, "Completed", Now);
            moved = true;
        }

        return moved;
    }

    private static bool IsOver(ContainerLife container) => container.Phase == ContainerPhase.Terminated && !MayRestart(container);

    private static bool MayRestart(ContainerLife container) =>
        container.RestartPolicy == "Always" || (container.RestartPolicy == "OnFailure" && container.ExitCode != 0);

    private void WaitFor(TimeSpan left)
    {
        if (left > TimeSpan.Zero && (wait is null || left < wait))
        {
            wait = left;
        }
    }

    private void Note(bool warning, string reason, string message, ContainerLife container) => events.Add(new KubeletEvent(warning, reason, message, Path(container)));

    private static string Path(ContainerLife container) => $"spec.{container.List}{{{container.Name}}}";
}
