using System.Globalization;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.Languages.GoTemplates.Values;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>How single containers move on.</summary>
internal sealed partial class PodLife
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan UsualPullTime = TimeSpan.FromSeconds(1);

    private bool StepContainer(ContainerLife container) => container.Phase switch
    {
        ContainerPhase.Waiting => StepWaiting(container),
        ContainerPhase.Running => StepRunning(container),
        _ => StepTerminated(container),
    };

    private bool StepWaiting(ContainerLife container)
    {
        if (container.Reason == "CrashLoopBackOff")
        {
            DateTimeOffset ended = container.LastTerminated?["finishedAt"].Time() ?? Now;
            TimeSpan left = ended + Backoff(container.RestartCount) - Now;
            WaitFor(left);
            return left <= TimeSpan.Zero && TryStart(container);
        }

        return TryStart(container);
    }

    // A kubelet starts the containers of a pod one after the other, and pulls the image of each before it turns to the next.
    private bool TryStart(ContainerLife container)
    {
        if (isPulling)
        {
            return false;
        }

        if (around.Problems.ConfigErrors.GetValueOrDefault(container.Name) is { } missing)
        {
            bool known = container.Reason == "CreateContainerConfigError" && container.Message == missing;
            if (known)
            {
                return false;
            }

            Note(true, "Failed", "Error: " + missing, container);
            container.Wait("CreateContainerConfigError", missing);
            return true;
        }

        Behaviour behaviour = around.Behaviours.Of(pod, container.Name);
        if (behaviour.PullFails)
        {
            return FailPull(container);
        }

        if (!Pull(container, behaviour))
        {
            return false;
        }

        container.Start(Now);
        Note(false, "Created", "Container created", container);
        Note(false, "Started", "Container started", container);
        return true;
    }

    /// <summary>False while the image is on its way.</summary>
    private bool Pull(ContainerLife container, Behaviour behaviour)
    {
        string policy = container.Spec.Text("imagePullPolicy");
        (string, string) key = (pod.Uid(), container.Name);
        bool isUnderWay = around.Pulls.TryFind(key, out PullAttempt attempt) && attempt.Number == 0;
        if (!isUnderWay && (policy == "Never" || (policy != "Always" && behaviour.PullTime is null && around.Images.Has(container.Image, Now))))
        {
            Note(false, "Pulled", $"Container image \"{container.Image}\" already present on machine and can be accessed by the pod", container);
            return true;
        }

        TimeSpan time = behaviour.PullTime ?? (around.Immediate ? TimeSpan.Zero : UsualPullTime);
        if (!isUnderWay)
        {
            attempt = around.Images.Pull(container.Image, time, Now);
            around.Pulls.Set(key, attempt);
            Note(false, "Pulling", $"Pulling image \"{container.Image}\"", container);
        }

        TimeSpan left = attempt.Until - Now;
        WaitFor(left);
        isPulling = left > TimeSpan.Zero;
        if (isPulling)
        {
            return false;
        }

        around.Pulls.Forget(key);
        (string took, string inAll) = (Written(attempt.Took), Written(attempt.Until - attempt.Since));
        Note(false, "Pulled", string.Create(CultureInfo.InvariantCulture, $"Successfully pulled image \"{container.Image}\" in {took} ({inAll} including waiting). Image size: {ImageName.Size(container.Image)} bytes."), container);
        return true;
    }

    private static string Written(TimeSpan time) => GoDuration.Format((long)time.TotalMilliseconds * 1_000_000);

    // ErrImagePull and ImagePullBackOff take turns, with a back-off that grows.
    private bool FailPull(ContainerLife container)
    {
        (string, string) key = (pod.Uid(), container.Name);
        string problem = $"failed to pull and unpack image \"{ImageName.Full(container.Image)}\": simulated by bowline.dev/fail";
        if (around.Pulls.TryFind(key, out PullAttempt attempt))
        {
            TimeSpan left = attempt.Since + Backoff(attempt.Number) - Now;
            TimeSpan shown = around.Immediate ? TimeSpan.Zero : attempt.Since + UsualPullTime - Now;
            WaitFor(shown > TimeSpan.Zero ? shown : left);
            if (shown > TimeSpan.Zero)
            {
                return false;
            }

            if (left > TimeSpan.Zero)
            {
                bool told = container.Reason == "ImagePullBackOff";
                if (!told)
                {
                    Note(false, "BackOff", $"Back-off pulling image \"{container.Image}\"", container);
                    Note(true, "Failed", "Error: ImagePullBackOff", container);
                    container.Wait("ImagePullBackOff", $"Back-off pulling image \"{container.Image}\": ErrImagePull: {problem}");
                }

                return !told;
            }
        }

        around.Pulls.Set(key, new PullAttempt(Now, attempt.Number + 1));
        Note(false, "Pulling", $"Pulling image \"{container.Image}\"", container);
        Note(true, "Failed", $"Failed to pull image \"{container.Image}\": {problem}", container);
        Note(true, "Failed", "Error: ErrImagePull", container);
        container.Wait("ErrImagePull", problem);
        return true;
    }

    private bool StepRunning(ContainerLife container)
    {
        Behaviour behaviour = around.Behaviours.Of(pod, container.Name);
        TimeSpan ran = Now - container.StartedAt;
        (TimeSpan At, Action<ContainerLife> End)? end = EndOf(container, behaviour);
        if (end is { } due && ran >= due.At)
        {
            due.End(container);
            return true;
        }

        if (end is { } later)
        {
            WaitFor(later.At - ran);
        }

        return StepProbes(container, behaviour, ran);
    }

    private bool StepProbes(ContainerLife container, Behaviour behaviour, TimeSpan ran)
    {
        TimeSpan well = behaviour.StartDelay ?? TimeSpan.Zero;
        TimeSpan started = container.Spec["startupProbe"] is null || (around.Immediate && behaviour.StartDelay is null) ? TimeSpan.Zero : ProbeTimes.Success(container.Spec["startupProbe"], TimeSpan.Zero, well);
        bool moved = false;
        if (!container.Started)
        {
            WaitFor(started - ran);
            container.Started = ran >= started;
            moved = container.Started;
        }

        // An init container that is no sidecar is not asked whether it is ready.
        if (!container.Started || container.Ready || (container.IsInit && !container.IsSidecar))
        {
            return moved;
        }

        bool immediate = around.Immediate && behaviour.StartDelay is null;
        TimeSpan ready = immediate ? TimeSpan.Zero : ProbeTimes.Success(container.Spec["readinessProbe"], started, well);
        if (behaviour.NeverReady)
        {
            return moved | ComplainOnce(container, ready, ran);
        }

        WaitFor(ready - ran);
        container.Ready = ran >= ready;
        return moved | container.Ready;
    }

    // Said when the probe fails first; the aggregated count of a real kubelet would only cost.
    private bool ComplainOnce(ContainerLife container, TimeSpan at, TimeSpan ran)
    {
        TimeSpan since = ran - at;
        WaitFor(since < TimeSpan.Zero ? -since : TimeSpan.FromMinutes(1) - TimeSpan.FromSeconds(since.TotalSeconds % 60));
        bool told = pod.Status()["containerStatuses"].Maps().Any(status => status.Text("name") == container.Name && status.Flag("started"));
        if (since >= TimeSpan.Zero && (!told || since >= TimeSpan.FromSeconds(30)))
        {
            Note(true, "Unhealthy", $"Readiness probe failed: {ProbeTimes.Complaint(container.Spec["readinessProbe"])}", container);
        }

        return false;
    }

    /// <summary>When and how a container ends by what it is made to do; null for one that runs on.</summary>
    private (TimeSpan At, Action<ContainerLife> End)? EndOf(ContainerLife container, Behaviour behaviour)
    {
        if (behaviour.FailAfter is { } fails)
        {
            TimeSpan at = around.Immediate && !behaviour.IsFailTimeGiven ? TimeSpan.Zero : fails;
            return (at, ended => ended.End(behaviour.ExitCode == 0 ? 1 : behaviour.ExitCode, behaviour.ExitReason.Length == 0 ? "Error" : behaviour.ExitReason, Now));
        }

        TimeSpan well = behaviour.StartDelay ?? TimeSpan.Zero;
        if (container.Spec["startupProbe"] is { } startup && ProbeTimes.Failure(startup, TimeSpan.Zero) is var late && well > late)
        {
            return (late, ended => Kill(ended, "Startup", startup));
        }

        if (behaviour.LivenessFails && container.Spec["livenessProbe"] is { } liveness)
        {
            return (ProbeTimes.Failure(liveness, TimeSpan.Zero), ended => Kill(ended, "Liveness", liveness));
        }

        bool ends = behaviour.RunFor is not null || (container.RestartPolicy != "Always" && !behaviour.NeverReady);
        if (!ends)
        {
            return null;
        }

        TimeSpan time = behaviour.RunFor ?? (around.Immediate ? TimeSpan.Zero : UsualJobTime);
        return (time, ended => ended.End(behaviour.ExitCode, behaviour.ExitCode == 0 ? "Completed" : "Error", Now));
    }

    private void Kill(ContainerLife container, string probe, Bowline.Resources.Model.Node settings)
    {
        string complaint = probe == "Liveness" ? ProbeTimes.Complaint(settings).Replace("503", "500", StringComparison.Ordinal) : ProbeTimes.Complaint(settings);
        Note(true, "Unhealthy", $"{probe} probe failed: {complaint}", container);
        Note(false, "Killing", $"Container {container.Name} failed {probe.ToLowerInvariant()} probe, will be restarted", container);
        container.End(137, "Error", Now);
    }

    private bool StepTerminated(ContainerLife container)
    {
        if ((container.IsInit && !container.IsSidecar && container.ExitCode == 0) || !MayRestart(container) || (container.IsSidecar && mains.All(IsOver) && mains.Count > 0))
        {
            return false;
        }

        // The first restart is at once, and so is one after a long run.
        if (container.RestartCount == 0 || container.FinishedAt - container.StartedAt >= LongestBackoff * 2)
        {
            return TryStart(container);
        }

        string id = $"{pod.Name()}_{pod.Namespace()}({pod.Uid()})";
        string pause = Written(Backoff(container.RestartCount));
        container.Wait("CrashLoopBackOff", $"back-off {pause} restarting failed container={container.Name} pod={id}");
        Note(true, "BackOff", $"Back-off restarting failed container {container.Name} in pod {id}", container);
        return true;
    }

    internal static TimeSpan Backoff(int restarts)
    {
        double seconds = FirstBackoff.TotalSeconds * Math.Pow(2, Math.Clamp(restarts - 1, 0, 10));
        return seconds >= LongestBackoff.TotalSeconds ? LongestBackoff : TimeSpan.FromSeconds(seconds);
    }
}
