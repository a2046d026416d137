using System.Security.Cryptography;
using System.Text;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kubelet;

internal enum ContainerPhase
{
    Waiting,
    Running,
    Terminated,
}

/// <summary>One container of a pod while its kubelet thinks about it: read from its status, changed, written back.</summary>
internal sealed class ContainerLife
{
    private readonly MapNode spec;
    private readonly string podUid;

    private ContainerLife(MapNode pod, MapNode spec, string list, MapNode? status)
    {
        this.spec = spec;
        podUid = pod.Uid();
        List = list;
        Name = spec.Text("name");
        bool isInit = list == "initContainers";
        IsSidecar = isInit && spec.Text("restartPolicy") == "Always";
        IsInit = isInit;
        RestartPolicy = IsSidecar ? "Always" : isInit && pod.Spec().Text("restartPolicy") == "Always" ? "OnFailure" : pod.Spec()["restartPolicy"]?.AsString() ?? "Always";
        Reason = "ContainerCreating";
        if (status is not null)
        {
            Read(status);
        }
    }

    public MapNode Spec => spec;

    /// <summary>The member of the pod's spec that it stands in.</summary>
    public string List { get; }

    public string Name { get; }

    public string Image => spec.Text("image");

    public bool IsInit { get; }

    /// <summary>An init container that runs on beside the others.</summary>
    public bool IsSidecar { get; }

    public string RestartPolicy { get; }

    public ContainerPhase Phase { get; private set; }

    /// <summary>Why it waits, or how it ended.</summary>
    public string Reason { get; private set; }

    public string Message { get; private set; } = string.Empty;

    public DateTimeOffset StartedAt { get; private set; }

    public DateTimeOffset FinishedAt { get; private set; }

    public int ExitCode { get; private set; }

    public int RestartCount { get; private set; }

    public bool Started { get; set; }

    public bool Ready { get; set; }

    /// <summary>How the run before ended.</summary>
    public MapNode? LastTerminated { get; private set; }

    public bool HasRun => RestartCount > 0 || LastTerminated is not null || Phase != ContainerPhase.Waiting || isPulled;

    public bool IsCompleted => Phase == ContainerPhase.Terminated && ExitCode == 0;

    private bool isPulled;

    public static IReadOnlyList<ContainerLife> Of(MapNode pod, string list, string statuses)
    {
        List<ContainerLife> lives = [];
        foreach (MapNode spec in pod.Spec()[list].Maps())
        {
            MapNode? status = pod.Status()[statuses].Maps().FirstOrDefault(status => status.Text("name") == spec.Text("name"));
            lives.Add(new ContainerLife(pod, spec, list, status));
        }

        return lives;
    }

    public void Wait(string reason, string message = "")
    {
        if (Phase == ContainerPhase.Terminated)
        {
            LastTerminated = Terminated();
        }

        Phase = ContainerPhase.Waiting;
        Reason = reason;
        Message = message;
        Started = false;
        Ready = false;
    }

    public void Start(DateTimeOffset now)
    {
        if (Phase == ContainerPhase.Terminated)
        {
            LastTerminated = Terminated();
        }

        if (LastTerminated is not null)
        {
            RestartCount++;
        }

        isPulled = true;
        Phase = ContainerPhase.Running;
        Reason = string.Empty;
        Message = string.Empty;
        StartedAt = now;
    }

    public void End(int exitCode, string reason, DateTimeOffset now)
    {
        Phase = ContainerPhase.Terminated;
        ExitCode = exitCode;
        Reason = reason;
        FinishedAt = now;
        Started = false;
        Ready = IsInit && !IsSidecar && exitCode == 0;
    }

    /// <summary>It was to be started anew and is not any more: how its last run ended is how it is.</summary>
    public void StayEnded()
    {
        if (LastTerminated is not { } last)
        {
            return;
        }

        Phase = ContainerPhase.Terminated;
        Reason = last.Text("reason");
        Message = string.Empty;
        ExitCode = last.Int("exitCode");
        StartedAt = last["startedAt"].Time() ?? default;
        FinishedAt = last["finishedAt"].Time() ?? default;
        LastTerminated = null;
    }

    public MapNode ToStatus()
    {
        MapNode status = new(12) { ["name"] = Name };
        status["state"] = Phase switch
        {
            ContainerPhase.Waiting => new MapNode { ["waiting"] = Waiting() },
            ContainerPhase.Running => new MapNode { ["running"] = new MapNode { ["startedAt"] = StartedAt.Stamp() } },
            _ => new MapNode { ["terminated"] = Terminated() },
        };
        status["lastState"] = LastTerminated is null ? new MapNode() : new MapNode { ["terminated"] = LastTerminated };
        status["ready"] = Ready;
        status["restartCount"] = RestartCount;
        status["image"] = isPulled ? ImageName.Full(Image) : Image;
        status["imageID"] = isPulled ? ImageName.Id(Image) : string.Empty;
        if (isPulled)
        {
            status["containerID"] = IdOf(RestartCount);
        }

        // Nobody probes an ephemeral container.
        if (List != "ephemeralContainers")
        {
            status["started"] = Started;
        }

        AddResources(status);
        return status;
    }


    private string IdOf(int run) => "containerd://" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{podUid}/{Name}/{run}")));

    private MapNode Waiting()
    {
        MapNode waiting = new() { ["reason"] = Reason };
        if (Message.Length > 0)
        {
            waiting["message"] = Message;
        }

        return waiting;
    }

    private MapNode Terminated() => new()
    {
        ["exitCode"] = ExitCode,
        ["reason"] = Reason,
        ["startedAt"] = StartedAt.Stamp(),
        ["finishedAt"] = FinishedAt.Stamp(),
        ["containerID"] = IdOf(RestartCount),
    };

    // What the kubelet says it granted (in-place resizing), and how it mounted.
    private void AddResources(MapNode status)
    {
        if (isPulled)
        {
            // Even nothing is told: it says that this node resizes in place.
            status["resources"] = spec["resources"] as MapNode ?? [];
            if (spec["resources"]?["requests"] is MapNode requests)
            {
                status["allocatedResources"] = requests;
            }
        }

        if (spec["volumeMounts"] is ListNode { Count: > 0 } mounts)
        {
            status["volumeMounts"] = new ListNode(mounts.Maps().Select(Mount));
        }
    }

    private static MapNode Mount(MapNode mount)
    {
        MapNode shown = new() { ["name"] = mount["name"] ?? string.Empty, ["mountPath"] = mount["mountPath"] ?? string.Empty };
        if (mount.Flag("readOnly"))
        {
            shown["readOnly"] = true;
            shown["recursiveReadOnly"] = "Disabled";
        }

        return shown;
    }

    private void Read(MapNode status)
    {
        RestartCount = status.Int("restartCount");
        Ready = status.Flag("ready");
        Started = status.Flag("started");
        isPulled = status.Text("imageID").Length > 0;
        LastTerminated = status["lastState"]?["terminated"] as MapNode;
        MapNode? state = status["state"] as MapNode;
        if (state?["running"] is MapNode running)
        {
            Phase = ContainerPhase.Running;
            Reason = string.Empty;
            StartedAt = running["startedAt"].Time() ?? default;
        }
        else if (state?["terminated"] is MapNode terminated)
        {
            Phase = ContainerPhase.Terminated;
            Reason = terminated.Text("reason");
            ExitCode = terminated.Int("exitCode");
            StartedAt = terminated["startedAt"].Time() ?? default;
            FinishedAt = terminated["finishedAt"].Time() ?? default;
        }
        else if (state?["waiting"] is MapNode waiting)
        {
            Reason = waiting.Text("reason");
            Message = waiting.Text("message");
        }
    }
}
