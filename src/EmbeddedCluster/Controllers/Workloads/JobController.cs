using System.Globalization;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

/// <summary>Carries out what <see cref="Jobs"/> decides, and removes finished Jobs when their time is over.</summary>
internal sealed class JobController(ControlPlane plane) : Reconciler(plane)
{
    private const string Component = "job-controller";
    private readonly KindMirror jobs = plane.Mirror("batch", "Job");
    private readonly KindMirror pods = plane.Mirror(string.Empty, "Pod");

    public override string Name => Component;

    public override void Subscribe()
    {
        WatchOwn(jobs);
        WatchOwned(pods, "Job");
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (jobs.Get(key) is not { } job)
        {
            await FreePodsAsync(key, cancellationToken).ConfigureAwait(false);
            return null;
        }

        if (job.Spec()["managedBy"]?.AsString() is { } manager && manager != "kubernetes.io/job-controller")
        {
            return null;
        }

        LabelSelector selector = LabelSelector.Of(job.Spec()["selector"]);
        List<MapNode> owned = await Claims.ClaimAsync(Plane, pods, job, selector, cancellationToken).ConfigureAwait(false);
        JobPlan plan = Jobs.Decide(job, owned, Plane.Now);
        foreach (int index in plan.Create)
        {
            await CreateAsync(job, index, cancellationToken).ConfigureAwait(false);
        }

        foreach (MapNode pod in plan.Delete)
        {
            if (!plan.DeletedCount)
            {
                await ReleaseAsync(pod, cancellationToken).ConfigureAwait(false);
            }

            await Plane.Writer.DeleteAsync(pods, pod, DeleteOptions.Background, cancellationToken).ConfigureAwait(false);
            Plane.Events.Normal(job, Component, "SuccessfulDelete", $"Deleted pod: {pod.Name()}");
        }

        // Counted first, released after.
        await Plane.Writer.SetStatusAsync(jobs, job, plan.Status, cancellationToken).ConfigureAwait(false);
        foreach (MapNode pod in plan.Release)
        {
            await ReleaseAsync(pod, cancellationToken).ConfigureAwait(false);
        }

        if (plan.Event is { } happened)
        {
            (happened.Type == "Normal" ? (Action<MapNode, string, string, string, string, string>)Plane.Events.Normal : Plane.Events.Warning)(job, Component, happened.Reason, happened.Message, string.Empty, string.Empty);
        }

        return await ExpireAsync(jobs.Get(key) ?? job, cancellationToken).ConfigureAwait(false) ?? plan.RequeueAfter;
    }

    private async Task CreateAsync(MapNode job, int index, CancellationToken cancellationToken)
    {
        MapNode pod = Pods.FromTemplate((MapNode)job.Spec()["template"]!, job);
        MapNode metadata = pod.EnsureMap("metadata");
        ListNode finalizers = metadata["finalizers"] as ListNode ?? new ListNode();
        finalizers.Add(Jobs.Finalizer);
        metadata["finalizers"] = finalizers;
        if (index >= 0)
        {
            Number(pod, job, index);
        }

        try
        {
            MapNode made = await Plane.Writer.CreateAsync(pods, job.Namespace(), pod, cancellationToken).ConfigureAwait(false);
            Plane.Events.Normal(job, Component, "SuccessfulCreate", $"Created pod: {made.Name()}");
        }
        catch (ClusterException error)
        {
            Plane.Events.Warning(job, Component, "FailedCreate", $"Error creating: {error.Message}");
            throw;
        }
    }

    private static void Number(MapNode pod, MapNode job, int index)
    {
        string text = index.ToString(CultureInfo.InvariantCulture);
        MapNode metadata = pod.EnsureMap("metadata");
        metadata["generateName"] = Pods.Prefix($"{job.Name()}-{text}");
        metadata.EnsureMap("labels")[Jobs.IndexKey] = text;
        metadata.EnsureMap("annotations")[Jobs.IndexKey] = text;
        MapNode spec = pod.EnsureMap("spec");
        spec["hostname"] = $"{job.Name()}-{text}";
        foreach (MapNode container in spec["initContainers"].Maps().Concat(spec["containers"].Maps()))
        {
            ListNode env = container["env"] as ListNode ?? new ListNode();
            if (!env.Maps().Any(variable => variable.Text("name") == "JOB_COMPLETION_INDEX"))
            {
                env.Add(new MapNode
                {
                    ["name"] = "JOB_COMPLETION_INDEX",
                    ["valueFrom"] = new MapNode
                    {
                        ["fieldRef"] = new MapNode { ["apiVersion"] = "v1", ["fieldPath"] = $"metadata.labels['{Jobs.IndexKey}']" },
                    },
                });
            }

            container["env"] = env;
        }
    }

    private async Task ReleaseAsync(MapNode pod, CancellationToken cancellationToken)
    {
        if (!pod.HasFinalizer(Jobs.Finalizer))
        {
            return;
        }

        ListNode rest = new((pod.Metadata()?["finalizers"]).Strings().Where(name => name != Jobs.Finalizer).Select(name => (Node)name));
        MapNode patch = new() { ["metadata"] = new MapNode { ["finalizers"] = rest.Count == 0 ? Node.Null : rest } };
        try
        {
            await Plane.Writer.MergePatchAsync(pods, pod, patch, cancellationToken).ConfigureAwait(false);
        }
        catch (ClusterException error) when (error.IsNotFound)
        {
            pods.Bury(pod);
        }

        if (pod.IsDeleting() && await Plane.Writer.RefreshAsync(pods, ObjectName.Of(pod), cancellationToken).ConfigureAwait(false) is null)
        {
            pods.Bury(pod);
        }
    }

    // Pods of a Job that is gone must not hang on their finalizer.
    private async Task FreePodsAsync(ObjectName key, CancellationToken cancellationToken)
    {
        foreach (MapNode pod in pods.InNamespace(key.Namespace))
        {
            if (pod.HasFinalizer(Jobs.Finalizer) && pod.ControllerReference() is { } owner && owner.Text("kind") == "Job" && owner.Text("name") == key.Name)
            {
                await ReleaseAsync(pod, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<TimeSpan?> ExpireAsync(MapNode job, CancellationToken cancellationToken)
    {
        if (job.IsDeleting() || !Jobs.IsFinished(job) || job.Spec()["ttlSecondsAfterFinished"]?.AsInteger() is not { } seconds)
        {
            return null;
        }

        DateTimeOffset? finished = job.Status()["conditions"].Maps()
            .Where(condition => condition.Text("type") is "Complete" or "Failed")
            .Select(condition => condition["lastTransitionTime"].Time())
            .Max();
        TimeSpan left = (finished ?? Plane.Now) + TimeSpan.FromSeconds(seconds) - Plane.Now;
        if (left > TimeSpan.Zero)
        {
            return left;
        }

        await Plane.Writer.DeleteAsync(jobs, job, new DeleteOptions { PropagationPolicy = "Foreground" }, cancellationToken).ConfigureAwait(false);
        return null;
    }
}
