using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>The status that says how it stands, as the kubelet writes it.</summary>
internal sealed partial class PodLife
{
    /// <param name="sandbox">Whether the pod has its network.</param>
    private MapNode Compose(bool sandbox)
    {
        if (!sandbox || inits.Any(init => !IsThrough(init)))
        {
            foreach (ContainerLife main in mains.Where(main => main.Phase == ContainerPhase.Waiting && main.Reason == "ContainerCreating" && inits.Count > 0))
            {
                main.Wait("PodInitializing");
            }
        }

        string phase = Phase();
        MapNode status = new(14) { ["observedGeneration"] = pod.Generation(), ["phase"] = phase };
        status["conditions"] = Conditions(phase, sandbox);
        status["hostIP"] = around.HostIP;
        status["hostIPs"] = new ListNode(new MapNode { ["ip"] = around.HostIP });
        if (sandbox)
        {
            string address = around.PodIP();
            status["podIP"] = address;
            status["podIPs"] = new ListNode(new MapNode { ["ip"] = address });
        }

        status["startTime"] = pod.Status()["startTime"] ?? Now.Stamp();
        if (inits.Count > 0)
        {
            status["initContainerStatuses"] = new ListNode(inits.Select(init => (Node)init.ToStatus()));
        }

        status["containerStatuses"] = new ListNode(mains.Select(main => (Node)main.ToStatus()));
        if (ephemerals.Count > 0)
        {
            status["ephemeralContainerStatuses"] = new ListNode(ephemerals.Select(added => (Node)added.ToStatus()));
        }

        return Laid(status);
    }

    private MapNode Failed(string reason, string message)
    {
        foreach (ContainerLife container in inits.Concat(mains).Where(container => container.Phase == ContainerPhase.Running))
        {
            container.End(137, "Error", Now);
        }

        foreach (ContainerLife container in inits.Concat(mains).Where(container => container.Phase == ContainerPhase.Waiting))
        {
            container.StayEnded();
        }

        MapNode status = Compose(HasSandbox);
        status["phase"] = "Failed";
        status["reason"] = reason;
        status["message"] = message;
        status["conditions"] = Conditions("Failed", HasSandbox);
        return status;
    }

    // What others wrote into the status (qosClass, foreign conditions) stays.
    private MapNode Laid(MapNode own)
    {
        MapNode status = new(own.Count + 2);
        foreach ((string key, Node value) in pod.Status())
        {
            status[key] = own[key] ?? value;
        }

        foreach ((string key, Node value) in own)
        {
            status[key] = value;
        }

        return status;
    }

    private string Phase()
    {
        if (inits.Any(init => !init.IsSidecar && init.Phase == ContainerPhase.Terminated && init.ExitCode != 0 && !MayRestart(init)))
        {
            return "Failed";
        }

        if (inits.Any(init => !IsThrough(init)) || mains.Any(main => main.Phase == ContainerPhase.Waiting && main.LastTerminated is null))
        {
            return "Pending";
        }

        if (!mains.All(IsOver))
        {
            return "Running";
        }

        return mains.All(main => main.ExitCode == 0) ? "Succeeded" : "Failed";
    }

    // A sidecar is through once it has started, and stays so when it ends with the pod.
    private static bool IsThrough(ContainerLife init) => init.IsSidecar ? init.Started || init.LastTerminated is not null || init.Phase == ContainerPhase.Terminated : init.IsCompleted;

    private ListNode Conditions(string phase, bool sandbox)
    {
        List<string> unready = [.. inits.Where(init => init.IsSidecar).Concat(mains).Where(container => !container.Ready).Select(container => container.Name)];
        List<string> incomplete = [.. inits.Where(init => !IsThrough(init)).Select(init => init.Name)];
        bool over = phase is "Succeeded" or "Failed";
        string overReason = phase == "Succeeded" ? "PodCompleted" : "PodFailed";
        string unreadyMessage = $"containers with unready status: [{string.Join(' ', unready)}]";
        bool ready = !over && unready.Count == 0 && sandbox;
        string? gate = ready ? OpenGate() : null;
        ListNode conditions = new(6)
        {
            Condition("PodReadyToStartContainers", sandbox && !over),
            incomplete.Count == 0 || phase == "Succeeded" ? Condition("Initialized", true, phase == "Succeeded" ? "PodCompleted" : null)
                : Condition("Initialized", false, "ContainersNotInitialized", $"containers with incomplete status: [{string.Join(' ', incomplete)}]"),
            over ? Condition("Ready", false, overReason)
                : gate is not null ? Condition("Ready", false, "ReadinessGatesNotReady", gate)
                : ready ? Condition("Ready", true) : Condition("Ready", false, "ContainersNotReady", unreadyMessage),
            over ? Condition("ContainersReady", false, overReason) : ready ? Condition("ContainersReady", true) : Condition("ContainersReady", false, "ContainersNotReady", unreadyMessage),
            Condition("PodScheduled", true),
        };
        foreach (MapNode other in pod.Status()["conditions"].Maps())
        {
            if (other.Text("type") is not ("PodReadyToStartContainers" or "Initialized" or "Ready" or "ContainersReady" or "PodScheduled"))
            {
                conditions.Add(other);
            }
        }

        return conditions;
    }

    private MapNode Condition(string type, bool holds, string? reason = null, string? message = null)
    {
        string value = holds ? "True" : "False";
        MapNode? before = pod.Status().Condition(type);
        MapNode condition = new(7)
        {
            ["type"] = type,
            ["observedGeneration"] = pod.Generation(),
            ["status"] = value,
            ["lastProbeTime"] = Node.Null,
            ["lastTransitionTime"] = before.Text("status") == value && before!["lastTransitionTime"] is { } since ? since : Now.Stamp(),
        };
        if (reason is not null)
        {
            condition["reason"] = reason;
        }

        if (message is not null)
        {
            condition["message"] = message;
        }

        return condition;
    }

    private bool GatesChanged() =>
        pod.Spec()["readinessGates"] is ListNode { Count: > 0 }
        && pod.Status().ConditionIs("ContainersReady", "True")
        && !pod.Status().ConditionIs("Ready", OpenGate() is null ? "True" : "False");

    // The first readiness gate whose condition is not True, worded as the kubelet does.
    private string? OpenGate() => pod.Spec()["readinessGates"].Maps()
        .Select(gate => gate.Text("conditionType"))
        .Where(type => !pod.Status().ConditionIs(type, "True"))
        .Select(type => pod.Status().Condition(type) is null
            ? $"corresponding condition of pod readiness gate \"{type}\" does not exist."
            : $"the status of pod readiness gate \"{type}\" is not \"True\", but {pod.Status().Condition(type).Text("status")}")
        .FirstOrDefault();
}
