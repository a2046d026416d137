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
        foreach (JobPod wanted in plan.Create)
        {
            await CreateAsync(job, wanted, cancellationToken).ConfigureAwait(false);
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

        foreach ((string type, string reason, string message) in plan.Events)
        {
            Plane.Events.Record(job, Component, type, reason, message);
        }

        return await ExpireAsync(jobs.Get(key) ?? job, cancellationToken).ConfigureAwait(false) ?? plan.RequeueAfter;
    }

    private async Task CreateAsync(MapNode job, JobPod wanted, CancellationToken cancellationToken)
    {
        MapNode pod = Pods.FromTemplate((MapNode)job.Spec()["template"]!, job);
        MapNode metadata = pod.EnsureMap("metadata");
        ListNode finalizers = metadata["finalizers"] as ListNode ?? new ListNode();
        finalizers.Add(Jobs.Finalizer);
        metadata["finalizers"] = finalizers;
        if (wanted.Index >= 0)
        {
            Number(pod, job, wanted);
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

    private static void Number(MapNode pod, MapNode job, JobPod wanted)
    {
        string text = wanted.Index.ToString(CultureInfo.InvariantCulture);
        MapNode metadata = pod.EnsureMap("metadata");
        metadata["generateName"] = Pods.Prefix($"{job.Name()}-{text}");
        metadata.EnsureMap("labels")[Jobs.IndexKey] = text;
        MapNode annotations = metadata.EnsureMap("annotations");
        annotations[Jobs.IndexKey] = text;
        if (wanted.Failures >= 0)
        {
            annotations[Jobs.FailuresKey] = wanted.Failures.ToString(CultureInfo.InvariantCulture);
        }

        if (wanted.Ignored > 0)
        {
            annotations[Jobs.IgnoredKey] = wanted.Ignored.ToString(CultureInfo.InvariantCulture);
        }

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
