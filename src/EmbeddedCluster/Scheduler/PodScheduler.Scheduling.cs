using System.Collections.Concurrent;
using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Scheduler;

/// <summary>One pod at a time: decide, then bind, make room, or say why not.</summary>
internal sealed partial class PodScheduler
{
    private const int BindingsAtOnce = 4;
    private readonly ConcurrentDictionary<ObjectName, string> binding = new();
    private readonly Dictionary<ObjectName, (PodNeeds Pod, NodeState Node)> awaitingVolumes = [];
    private readonly SemaphoreSlim bindings = new(BindingsAtOnce);

    private async Task ScheduleAsync(ObjectName key, MapNode live, CancellationToken cancellationToken)
    {
        PodNeeds pod = PodNeeds.Of(live, cluster.Groups);
        VolumeDecision claims = volumes.Decide(pod);
        PlacementDecision decision = placement.Decide(pod, claims, () => selectors.Of(live));
        if (decision.Node is null)
        {
            await RefuseAsync(key, pod, claims, decision, cancellationToken).ConfigureAwait(false);
            return;
        }

        waiting.Forget(key);
        Nominate(key, null, null);
        // It counts from now on; should the binding fail, the pod comes back as one that waits.
        decision.Node.Add(pod.Self);
        placed[key] = decision.Node;
        binding[key] = pod.Self.Uid;
        if (claims.ToSelect.Count > 0)
        {
            awaitingVolumes[key] = (pod, decision.Node);
            await SelectVolumesAsync(key, claims, decision.Node, cancellationToken).ConfigureAwait(false);
            return;
        }

        await StartBindingAsync(pod, decision.Node, cancellationToken).ConfigureAwait(false);
    }

    private async Task SelectVolumesAsync(ObjectName key, VolumeDecision claims, NodeState node, CancellationToken cancellationToken)
    {
        try
        {
            await volumes.SelectNodeAsync(claims.ToSelect, node, cancellationToken).ConfigureAwait(false);
            changed |= Wakeups.VolumeChanged;
            Queue.Add(Turn);
        }
        catch (ClusterException)
        {
            awaitingVolumes.Remove(key);
            Unbind(key);
        }
    }

    // The claims are bound now that a node is known; the pod follows when they are.
    private async Task BindReadyVolumesAsync(CancellationToken cancellationToken)
    {
        foreach ((ObjectName key, (PodNeeds pod, NodeState node)) in awaitingVolumes.ToList())
        {
            if (pods.Get(key) is not { } live || live.Uid() != pod.Self.Uid || live.IsDeleting())
            {
                awaitingVolumes.Remove(key);
                Unbind(key);
            }
            else if (volumes.AreBound(pod))
            {
                awaitingVolumes.Remove(key);
                await StartBindingAsync(pod, node, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task StartBindingAsync(PodNeeds pod, NodeState node, CancellationToken cancellationToken)
    {
        await bindings.WaitAsync(cancellationToken).ConfigureAwait(false);
        _ = Task.Run(() => BindAsync(pod, node, cancellationToken), CancellationToken.None);
    }

    private async Task BindAsync(PodNeeds pod, NodeState node, CancellationToken cancellationToken)
    {
        ObjectName key = pod.Name;
        try
        {
            MapNode body = new()
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Binding",
                ["metadata"] = new MapNode { ["name"] = key.Name, ["namespace"] = key.Namespace, ["uid"] = pod.Self.Uid },
                ["target"] = new MapNode { ["kind"] = "Node", ["name"] = node.Name },
            };
            await writer.PostAsync(pods, key, "binding", body, cancellationToken).ConfigureAwait(false);
            Plane.Events.Record(pod.Pod, Component, "Normal", "Scheduled", "Binding", $"Successfully assigned {key} to {node.Name}");
        }
        catch (Exception error) when (error is ClusterException or OperationCanceledException)
        {
            // Gone, bound by someone else, or the cluster ends: what the mirror shows next decides.
            Unbind(key);
        }
        finally
        {
            bindings.Release();
        }
    }

    private void Unbind(ObjectName key)
    {
        binding.TryRemove(key, out _);
        Queue.Add(key);
    }

    private async Task RefuseAsync(ObjectName key, PodNeeds pod, VolumeDecision claims, PlacementDecision decision, CancellationToken cancellationToken)
    {
        PreemptionDecision? made = cluster.Nodes.Count == 0 ? null : preemption.Decide(pod, claims, decision.Resolvable);
        waiting.Fail(key, decision.Wakeups, Plane.Now);
        string message = made is null || made.Message.Length == 0 ? decision.Reasons : $"{decision.Reasons} {made.Message}";
        string? nomination = made is null || made.KeepsNomination ? null : made.Node?.Name ?? string.Empty;
        Plane.Events.Record(pod.Pod, Component, "Warning", "FailedScheduling", "Scheduling", message);
        if (made?.Node is { } node)
        {
            Nominate(key, node, pod.Self);
            foreach (PlacedPod victim in made.Victims)
            {
                await EvictAsync(pod, victim, node, cancellationToken).ConfigureAwait(false);
            }
        }
        else if (nomination is not null)
        {
            Nominate(key, null, null);
        }

        await WriteRefusalAsync(pod.Pod, message, nomination, cancellationToken).ConfigureAwait(false);
    }

    private async Task EvictAsync(PodNeeds pod, PlacedPod victim, NodeState node, CancellationToken cancellationToken)
    {
        if (pods.Get(victim.Name) is not { } live || live.Uid() != victim.Uid || live.IsDeleting())
        {
            return;
        }

        MapNode status = live.Status().Clone();
        ListNode conditions = new((status["conditions"] as ListNode ?? []).Where(item => item["type"]?.AsString() != "DisruptionTarget"))
        {
            new MapNode
            {
                ["type"] = "DisruptionTarget",
                ["observedGeneration"] = live.Generation(),
                ["status"] = "True",
                ["lastTransitionTime"] = Plane.Now.Stamp(),
                ["reason"] = "PreemptionByScheduler",
                ["message"] = $"{Component}: preempting to accommodate a higher priority pod",
            },
        };
        status["conditions"] = conditions;
        MapNode marked = await writer.SetStatusAsync(pods, live, status, cancellationToken).ConfigureAwait(false);
        await writer.DeleteAsync(pods, marked, new DeleteOptions(), cancellationToken).ConfigureAwait(false);
        Plane.Events.Record(live, Component, "Normal", "Preempted", "Preempting", $"Preempted by pod {pod.Self.Uid} on node {node.Name}", pod.Pod);
    }

    private void Nominate(ObjectName key, NodeState? node, PlacedPod? pod)
    {
        if (nominated.Remove(key, out NodeState? before))
        {
            before.Nominated.RemoveAll(other => other.Name == key);
        }

        if (node is not null)
        {
            nominated[key] = node;
            node.Nominated.Add(pod!);
        }
    }

    /// <param name="nomination">Null leaves the nominated node as it is.</param>
    private async Task WriteRefusalAsync(MapNode pod, string message, string? nomination, CancellationToken cancellationToken)
    {
        if (pods.Get(ObjectName.Of(pod)) is not { } live || live.Uid() != pod.Uid())
        {
            return;
        }

        MapNode? present = live.Status().Condition("PodScheduled");
        bool sameNomination = nomination is null || live.Status().Text("nominatedNodeName") == nomination;
        if (sameNomination && present.Text("reason") == "Unschedulable" && present.Text("message") == message)
        {
            return;
        }

        MapNode status = live.Status().Clone();
        status["conditions"] = new ListNode((status["conditions"] as ListNode ?? []).Where(item => item["type"]?.AsString() != "PodScheduled"))
        {
            new MapNode
            {
                ["type"] = "PodScheduled",
                ["observedGeneration"] = live.Generation(),
                ["status"] = "False",
                ["lastProbeTime"] = Node.Null,
                ["lastTransitionTime"] = present.Text("status") == "False" && present!["lastTransitionTime"] is { } since ? since : Plane.Now.Stamp(),
                ["reason"] = "Unschedulable",
                ["message"] = message,
            },
        };
        if (nomination is { Length: 0 })
        {
            status.Remove("nominatedNodeName");
        }
        else if (nomination is not null)
        {
            status["nominatedNodeName"] = nomination;
        }

        try
        {
            await writer.SetStatusAsync(pods, live, status, cancellationToken).ConfigureAwait(false);
        }
        catch (ClusterException error) when (error.IsConflict || error.IsNotFound)
        {
            // Whoever changed the pod meanwhile has brought it back into the queue.
        }
    }
}
