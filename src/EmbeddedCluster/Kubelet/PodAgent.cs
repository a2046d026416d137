using System.Collections.Concurrent;
using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Controllers.Storage;
using Bowline.EmbeddedCluster.Controllers.Workloads;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <param name="Strict">Missing Secrets keep pods from starting.</param>
internal sealed record PodAgentSettings(StageTiming Timing, bool Strict, Behaviours Behaviours, StagePlayer Stages);

/// <summary>Plays the kubelet of every simulated node: leads pods through their lives, by declared Stages where there are some for a pod.</summary>
internal sealed partial class PodAgent : Reconciler
{
    private const string Component = "kubelet";
    private readonly PodAgentSettings settings;
    private readonly Assumptions assumptions;
    private readonly PodAddresses addresses;
    private readonly ClusterWriter writer;
    private readonly KindMirror pods;
    private readonly KindMirror nodes;
    private readonly KindMirror claims;
    private readonly AttachableVolumes attachable;
    private readonly PullAttempts pulls = new();
    private readonly ConcurrentDictionary<string, NodeImages> images = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<ObjectName, string> settled = new();
    private readonly ConcurrentDictionary<ObjectName, string> stopping = new();
    private readonly ConcurrentDictionary<ObjectName, byte> blocked = new();

    public PodAgent(ControlPlane plane, PodAgentSettings settings, Assumptions assumptions)
        : base(plane)
    {
        this.settings = settings;
        this.assumptions = assumptions;
        writer = new ClusterWriter(plane.Cluster, Component);
        pods = plane.Mirror(string.Empty, "Pod");
        nodes = plane.Mirror(string.Empty, "Node");
        claims = plane.Mirror(string.Empty, "PersistentVolumeClaim");
        addresses = new PodAddresses(pods);
        attachable = new AttachableVolumes(plane);
    }

    public override string Name => Component;

    protected override int Workers => 2;

    public override void Subscribe()
    {
        Watch(pods, change =>
        {
            if (change.Any.Spec().Text("nodeName").Length > 0)
            {
                Queue.Add(ObjectName.Of(change.Any));
            }
        });
        Watch(Plane.Find(string.Empty, "Secret"), change => RetryIn(change.Any.Namespace()));
        Watch(Plane.Find(string.Empty, "ConfigMap"), change => RetryIn(change.Any.Namespace()));
        Watch(claims, change => RetryIn(change.Any.Namespace()));
        Watch(Plane.Find("storage.k8s.io", "VolumeAttachment"), change => RetryOn(change.Any.Spec().Text("nodeName")));
        Watch(nodes, change =>
        {
            if (change is { Old: { } old, New: { } now } && NodeAgent.IsLost(old) != NodeAgent.IsLost(now))
            {
                RetryOn(now.Name());
            }
        });
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        MapNode? pod = pods.Get(key);
        if (pod is null || !IsMine(pod, out MapNode? node))
        {
            Forget(key, pod);
            return null;
        }

        // A node that is lost says and does nothing; what it did not see it makes up for when it is back.
        if (NodeAgent.IsLost(node) || (settled.TryGetValue(key, out string? version) && version == pod.ResourceVersion()))
        {
            return null;
        }

        if (settings.Stages.HasStagesFor("Pod") && settings.Stages.Choose("Pod", pod, Plane.Now) is { } chosen)
        {
            return chosen.Wait > TimeSpan.Zero ? chosen.Wait : await PlayAsync(chosen.Stage, pod, node, cancellationToken).ConfigureAwait(false);
        }

        PodStep step = PodAdmission.IsDue(pod) && PodAdmission.Refuse(pod, node, pods.Indexed(node.Name())) is { } refused
            ? Reject(pod, refused)
            : PodLife.Decide(pod, Surround(key, pod, node));
        return await CarryOutAsync(key, pod, node, step, cancellationToken).ConfigureAwait(false);
    }

    private PodStep Reject(MapNode pod, PodRejection why)
    {
        MapNode status = pod.Status().Clone();
        status["phase"] = "Failed";
        status["reason"] = why.Reason;
        status["message"] = "Pod was rejected: " + why.Message;
        status["startTime"] = Plane.Now.Stamp();
        return new PodStep(status, null, [new KubeletEvent(true, why.Reason, why.Message, string.Empty)]);
    }

    private async Task<TimeSpan?> CarryOutAsync(ObjectName key, MapNode pod, MapNode node, PodStep step, CancellationToken cancellationToken)
    {
        // That a pod is being stopped is said once, however often it is looked at until then.
        if (!pod.IsDeleting() || !stopping.TryGetValue(key, out string? told) || told != pod.Uid())
        {
            foreach (KubeletEvent happened in step.Events)
            {
                Action<MapNode, string, string, string, string, string> record = happened.IsWarning ? Plane.Events.Warning : Plane.Events.Normal;
                record(pod, Component, happened.Reason, happened.Message, node.Name(), happened.Container);
            }
        }

        if (pod.IsDeleting())
        {
            stopping[key] = pod.Uid();
        }

        if (step.Gone)
        {
            await writer.DeleteAsync(pods, pod, new DeleteOptions { GracePeriodSeconds = 0 }, cancellationToken).ConfigureAwait(false);
            return null;
        }

        MapNode present = step.Status is null ? pod : await writer.SetStatusAsync(pods, pod, step.Status, cancellationToken).ConfigureAwait(false);
        // What a pod lacks may have come since it was looked for.
        if (step.Wait is null && !blocked.ContainsKey(key))
        {
            settled[key] = present.ResourceVersion();
        }

        return step.Wait;
    }

    private PodSurroundings Surround(ObjectName key, MapNode pod, MapNode node)
    {
        string hostIP = NodeAgent.AddressOf(node);
        NodeImages present = images.GetOrAdd(node.Name(), static _ => new NodeImages());
        string PodIP() => pod.Spec().Flag("hostNetwork") ? hostIP : addresses.Of(pod, node);
        return new PodSurroundings(hostIP, PodIP, settings.Timing == StageTiming.Immediate, Check(key, pod), settings.Behaviours, present, pulls, Plane.Now);
    }

    private PodProblems Check(ObjectName key, MapNode pod)
    {
        if (pod.IsDeleting() || pod.Phase() is "Succeeded" or "Failed")
        {
            return PodProblems.None;
        }

        MapNode? Find(string kind, string name) => Plane.Find(string.Empty, kind)?.Get(key.Namespace, name);
        IReadOnlyList<PodReference> missing = PodReferences.Missing(pod, Find);
        List<PodReference> assumed = settings.Strict ? [] : [.. missing.Where(reference => reference.Kind == "Secret")];
        if (!settings.Strict)
        {
            string owner = assumed.Count == 0 ? string.Empty : Assumptions.OwnerOf(pod, (group, kind, name) => Plane.Find(group, kind)?.Get(key.Namespace, name));
            assumptions.Set(key, owner, assumed);
        }

        PodProblems problems = PodReferences.Problems(pod, missing.Except(assumed), Find) with { AwaitsVolumes = !attachable.AreAttached(pod) };
        if (problems.IsEmpty)
        {
            blocked.TryRemove(key, out _);
        }
        else
        {
            blocked[key] = 0;
        }

        return problems;
    }

    private void RetryIn(string @namespace)
    {
        foreach (ObjectName pod in assumptions.PodsIn(@namespace).Concat(blocked.Keys.Where(pod => pod.Namespace == @namespace)))
        {
            settled.TryRemove(pod, out _);
            Queue.Add(pod);
        }
    }

    private void RetryOn(string node)
    {
        foreach (MapNode pod in pods.Indexed(node))
        {
            ObjectName name = ObjectName.Of(pod);
            settled.TryRemove(name, out _);
            Queue.Add(name);
        }
    }

    private bool IsMine(MapNode pod, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out MapNode? node)
    {
        node = nodes.Get(string.Empty, pod.Spec().Text("nodeName"));
        return node is not null && NodeAgent.IsSimulated(node);
    }

    private void Forget(ObjectName key, MapNode? pod)
    {
        assumptions.Forget(key);
        settings.Stages.Forget(key);
        if (pod is null)
        {
            addresses.Release(key);
        }

        settled.TryRemove(key, out _);
        stopping.TryRemove(key, out string? uid);
        blocked.TryRemove(key, out _);
        if (uid is not null)
        {
            pulls.ForgetPod(uid);
        }
    }
}
