using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>Binds pods to nodes, one at a time over its own account of what runs where.</summary>
/// <remarks>Keys with a namespace are pods, keys without one are nodes.</remarks>
internal sealed class PodScheduler(ControlPlane plane) : Reconciler(plane)
{
    private const string Component = "default-scheduler";
    private readonly ClusterWriter writer = new(plane.Cluster, "kube-scheduler");
    private readonly KindMirror pods = plane.Mirror(string.Empty, "Pod");
    private readonly KindMirror nodes = plane.Mirror(string.Empty, "Node");
    private readonly KindMirror namespaces = plane.Mirror(string.Empty, "Namespace");
    private readonly PodVolumes volumes = new(plane);
    private readonly Dictionary<string, NodeState> states = new(StringComparer.Ordinal);
    private readonly Dictionary<ObjectName, string> placed = [];
    private readonly HashSet<ObjectName> waiting = [];

    public override string Name => Component;

    public override void Subscribe()
    {
        WatchOwn(nodes);
        WatchOwn(pods);
        Watch(Plane.Find(string.Empty, "PersistentVolumeClaim"), _ => Queue.Add(Wake));
        Watch(Plane.Find("storage.k8s.io", "StorageClass"), _ => Queue.Add(Wake));
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (key == Wake)
        {
            RetryWaiting();
        }
        else if (key.Namespace.Length == 0)
        {
            TakeNode(key);
        }
        else
        {
            await TakePodAsync(key, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    // Not a legal name, so no node can have it.
    private static ObjectName Wake => new(string.Empty, "*");

    private void TakeNode(ObjectName key)
    {
        if (nodes.Get(key) is not { } node)
        {
            states.Remove(key.Name);
            return;
        }

        if (states.TryGetValue(key.Name, out NodeState? state))
        {
            bool matters = !Node.DeepEquals(state.Node["spec"], node["spec"])
                || !Node.DeepEquals(state.Node.Labels(), node.Labels())
                || !Node.DeepEquals(state.Node.Status()["allocatable"], node.Status()["allocatable"]);
            state.Node = node;
            if (matters)
            {
                RetryWaiting();
            }

            return;
        }

        NodeState added = new(node);
        states[key.Name] = added;
        foreach (MapNode pod in pods.Indexed(key.Name).Where(pod => !IsOver(pod)))
        {
            added.Add(ObjectName.Of(pod), PodNeeds.Of(pod));
            placed[ObjectName.Of(pod)] = key.Name;
        }

        RetryWaiting();
    }

    private async Task TakePodAsync(ObjectName key, CancellationToken cancellationToken)
    {
        MapNode? pod = pods.Get(key);
        string node = pod is null || IsOver(pod) ? string.Empty : pod.Spec().Text("nodeName");
        if (pod is not null && node.Length == 0 && !IsOver(pod))
        {
            if (IsMine(pod))
            {
                await ScheduleAsync(key, pod, cancellationToken).ConfigureAwait(false);
            }

            return;
        }

        waiting.Remove(key);
        if (placed.TryGetValue(key, out string? before) && before != node)
        {
            states.GetValueOrDefault(before)?.Remove(key);
            placed.Remove(key);
            RetryWaiting();
        }

        if (node.Length > 0 && states.TryGetValue(node, out NodeState? state))
        {
            placed[key] = node;
            state.Add(key, PodNeeds.Of(pod!));
        }
    }

    private async Task ScheduleAsync(ObjectName key, MapNode pod, CancellationToken cancellationToken)
    {
        PodNeeds needs = PodNeeds.Of(pod);
        Placement placement = new(states.Values, name => namespaces.Get(string.Empty, name)?.Labels());
        VolumeDecision claims = volumes.Decide(pod);
        PlacementDecision decision = claims.Problem is { } problem ? placement.Refuse(problem) : placement.Decide(needs);
        if (decision.Node is null)
        {
            waiting.Add(key);
            await RefuseAsync(pod, decision.Message, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (claims.ToSelect.Count > 0)
        {
            // The claims are bound now that a node is known; the pod follows when they are.
            waiting.Add(key);
            await volumes.SelectNodeAsync(claims.ToSelect, decision.Node, cancellationToken).ConfigureAwait(false);
            return;
        }

        await BindAsync(key, needs, decision.Node, cancellationToken).ConfigureAwait(false);
    }

    private async Task BindAsync(ObjectName key, PodNeeds needs, string node, CancellationToken cancellationToken)
    {
        MapNode binding = new()
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Binding",
            ["metadata"] = new MapNode { ["name"] = key.Name, ["namespace"] = key.Namespace, ["uid"] = needs.Pod.Uid() },
            ["target"] = new MapNode { ["kind"] = "Node", ["name"] = node },
        };
        await writer.PostAsync(pods, key, "binding", binding, cancellationToken).ConfigureAwait(false);
        waiting.Remove(key);
        placed[key] = node;
        states[node].Add(key, needs);
        Plane.Events.Normal(needs.Pod, Component, "Scheduled", $"Successfully assigned {key} to {node}");
    }

    private async Task RefuseAsync(MapNode pod, string message, CancellationToken cancellationToken)
    {
        MapNode? present = pod.Status().Condition("PodScheduled");
        if (present.Text("reason") == "Unschedulable" && present.Text("message") == message)
        {
            return;
        }

        Plane.Events.Warning(pod, Component, "FailedScheduling", message);
        MapNode status = pod.Status().Clone();
        ListNode conditions = new((status["conditions"] as ListNode ?? []).Where(item => item["type"]?.AsString() != "PodScheduled"))
        {
            new MapNode
            {
                ["type"] = "PodScheduled",
                ["status"] = "False",
                ["lastTransitionTime"] = (present?["lastTransitionTime"] as StringNode)?.Value ?? Plane.Now.Stamp(),
                ["reason"] = "Unschedulable",
                ["message"] = message,
            },
        };
        status["conditions"] = conditions;
        await writer.SetStatusAsync(pods, pod, status, cancellationToken).ConfigureAwait(false);
    }

    private void RetryWaiting()
    {
        foreach (ObjectName key in waiting.OrderByDescending(key => pods.Get(key)?.Spec().Int("priority")).ToList())
        {
            Queue.Add(key);
        }
    }

    private static bool IsMine(MapNode pod) =>
        pod.Spec()["schedulerName"]?.AsString() is null or "default-scheduler" && pod.Spec()["schedulingGates"] is not ListNode { Count: > 0 };

    private static bool IsOver(MapNode pod) => pod.Status().Text("phase") is "Succeeded" or "Failed" || (pod.IsDeleting() && pod.Spec().Text("nodeName").Length == 0);
}
