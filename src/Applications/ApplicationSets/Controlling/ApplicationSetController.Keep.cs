using Bowline.Applications.ApplicationSets.Rollouts;
using Bowline.Applications.Hub;
using Bowline.Cluster.Controllers;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Controlling;

public sealed partial class ApplicationSetController
{
    private const int SideBySide = 16;

    /// <summary>How long a sync that was asked for may take to begin before it is asked for again.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Creates, changes and deletes applications until they are as the set wants them, as far as its policy allows.</summary>
    /// <returns>What the rollout has come to; null for a set that rolls nothing out.</returns>
    private async Task<RolloutDecision?> KeepAsync(SetPass pass, SetPolicy policy, CancellationToken cancellationToken)
    {
        RolloutSteps? steps = StepsOf(pass.Set);
        if (steps?.Problem() is { } wrong)
        {
            pass.Trouble("ApplicationValidationError", $"strategy: {wrong}");
        }

        Dictionary<string, MapNode> desired = pass.Expansion.Applications.Where(application => IsAllowed(pass, application))
            .ToDictionary(application => new Resource(application).Name, application => steps is null ? application : WithoutAutomation(application), StringComparer.Ordinal);
        MapNode owner = ApplicationChange.OwnerReference(pass.Set);
        Dictionary<string, MapNode> changes = new(StringComparer.Ordinal);
        foreach ((string name, MapNode application) in desired)
        {
            if (pass.Live.TryGetValue(name, out MapNode? live) && live.At("metadata", "deletionTimestamp") is null && (policy.Updates || !pass.Owns(live))
                && ApplicationChange.Of(live, application, owner, policy) is { } patch && !IsWrittenAlready(pass.KeyOf(name), patch, live))
            {
                changes[name] = patch;
            }
        }

        RolloutDecision? rollout = steps is null ? null : Decide(pass, steps, desired, changes);
        foreach (string name in rollout?.Sync ?? new HashSet<string>())
        {
            if (desired.ContainsKey(name) && IsToBeAsked(pass, rollout!.Progress.First(item => item.Application == name)))
            {
                (changes.TryGetValue(name, out MapNode? patch) ? patch : changes[name] = new MapNode()).Set("operation", SyncOperation(pass.Expansion.Applications.First(application => new Resource(application).Name == name)));
            }
        }

        await WriteAsync(pass, desired, owner, changes, cancellationToken).ConfigureAwait(false);
        if (policy.Deletes && pass.Expansion.IsComplete)
        {
            foreach (MapNode left in pass.Live.Values.Where(application => pass.Owns(application) && !desired.ContainsKey(new Resource(application).Name) && application.At("metadata", "deletionTimestamp") is null))
            {
                await DeleteAsync(pass, left, cancellationToken).ConfigureAwait(false);
            }
        }

        return rollout;
    }

    /// <summary>An operation is taken off its object when it begins: whoever was asked a moment ago is not asked again.</summary>
    private bool IsToBeAsked(SetPass pass, ApplicationProgress item)
    {
        ReconcileKey application = pass.KeyOf(item.Application);
        DateTimeOffset now = time.GetUtcNow();
        if (asked.TryGetValue(application, out (DateTimeOffset Pending, DateTimeOffset At) last) && last.Pending.ToUnixTimeSeconds() == item.Since.ToUnixTimeSeconds() && now - last.At < Patience)
        {
            return false;
        }

        asked[application] = (item.Since, now);
        return true;
    }

    private RolloutDecision Decide(SetPass pass, RolloutSteps steps, Dictionary<string, MapNode> desired, Dictionary<string, MapNode> changes)
    {
        Dictionary<string, MapNode> owned = pass.Live.Where(item => pass.Owns(item.Value)).ToDictionary(StringComparer.Ordinal);
        HashSet<string> changing = [.. changes.Where(change => change.Value.ContainsKey("spec")).Select(change => change.Key)];
        return Rollout.Decide(steps, desired, owned, changing, ApplicationProgress.Read(pass.Set.At("status", "applicationStatus")), time.GetUtcNow());
    }

    /// <summary>Whether an application may be this set's at all; if not, the set's status says so.</summary>
    private bool IsAllowed(SetPass pass, MapNode application)
    {
        string name = new Resource(application).Name;
        string project = application.At("spec", "project")?.AsString() is { Length: > 0 } named ? named : "default";
        if (project != "default" && !options.AssumesProjects && cache.IsWatching(ArgoDefinitions.Projects.Kind, @namespace) && cache.Get(new ResourceId(ArgoDefinitions.Group, "AppProject", @namespace, project)) is null)
        {
            pass.Trouble("ApplicationValidationError", $"application {name} references project {project} which does not exist");
            return false;
        }

        if (!pass.Live.TryGetValue(name, out MapNode? live) || pass.Owns(live))
        {
            return true;
        }

        if (ApplicationChange.ControllerOf(live) is { } other && (other["kind"]?.AsString() != "ApplicationSet" || other["name"]?.AsString() != pass.Name))
        {
            pass.Trouble("ApplicationValidationError", $"application {name} belongs to {other["kind"]} {other["name"]} already");
            return false;
        }

        if (live.At("metadata", "annotations", ApplicationHub.RepositoryAnnotation) is not null)
        {
            pass.Trouble("ApplicationValidationError", $"application {name} is declared by a file of the repository already");
            return false;
        }

        return true;
    }

    /// <summary>A rollout syncs its applications itself, each in its turn; what says nothing of automation is synced unasked on embedded clusters, so all of them say it.</summary>
    private static MapNode WithoutAutomation(MapNode application)
    {
        MapNode copy = (MapNode)application.DeepClone();
        copy.EnsureMap("spec").EnsureMap("syncPolicy").EnsureMap("automated").Set("enabled", false);
        return copy;
    }

    private static MapNode SyncOperation(MapNode application)
    {
        MapNode sync = new();
        if (application.At("spec", "syncPolicy", "automated", "prune")?.AsBool() == true)
        {
            sync.Set("prune", true);
        }

        if (application.At("spec", "syncPolicy", "syncOptions") is ListNode { Count: > 0 } options)
        {
            sync.Set("syncOptions", options.DeepClone());
        }

        MapNode operation = new()
        {
            ["initiatedBy"] = new MapNode { ["username"] = "applicationset-controller", ["automated"] = true },
            ["info"] = new ListNode(new MapNode { ["name"] = "Reason", ["value"] = "ApplicationSet RollingSync triggered a sync of this Application resource" }),
            ["sync"] = sync,
        };
        if (application.At("spec", "syncPolicy", "retry") is MapNode retry)
        {
            operation.Set("retry", retry.DeepClone());
        }

        return operation;
    }

    private Task WriteAsync(SetPass pass, Dictionary<string, MapNode> desired, MapNode owner, Dictionary<string, MapNode> changes, CancellationToken cancellationToken)
    {
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = SideBySide, CancellationToken = cancellationToken };
        return Parallel.ForEachAsync(desired.Where(item => changes.ContainsKey(item.Key) || !pass.Live.ContainsKey(item.Key)), parallel, async (item, token) =>
        {
            try
            {
                if (changes.TryGetValue(item.Key, out MapNode? patch))
                {
                    written[pass.KeyOf(item.Key)] = new Written(patch, await PatchApplicationAsync(pass.KeyOf(item.Key), patch, token).ConfigureAwait(false));
                }
                else
                {
                    MapNode body = (MapNode)item.Value.DeepClone();
                    body.EnsureMap("metadata").Set("ownerReferences", new ListNode(owner));
                    cache.Observe(await cache.Cluster.CreateAsync(ArgoDefinitions.Applications, pass.Namespace, body, new WriteOptions(), token).ConfigureAwait(false));
                }
            }
            catch (ClusterException refused) when (refused.Status is >= 400 and < 500 and not (401 or 429))
            {
                pass.Trouble(changes.ContainsKey(item.Key) ? "UpdateApplicationError" : "CreateApplicationError", $"application {item.Key}: {refused.Message}");
            }
        });
    }

    /// <summary>Whether this very change was made already and the cluster keeps something else: it knows no such field, and writing again changes nothing.</summary>
    private bool IsWrittenAlready(ReconcileKey application, MapNode patch, MapNode live) =>
        written.TryGetValue(application, out Written? last) && last.Patch.DeepEquals(patch) && SaysTheSame(last.Result, live);

    private async Task DeleteAsync(SetPass pass, MapNode application, CancellationToken cancellationToken)
    {
        Resource resource = new(application);
        try
        {
            DeleteOptions options = DeleteOptions.Background with { PreconditionUid = application.At("metadata", "uid")?.AsString() ?? string.Empty };
            await cache.Cluster.DeleteAsync(new ObjectKey(ArgoDefinitions.Applications, resource.Namespace, resource.Name), options, cancellationToken).ConfigureAwait(false);
            written.TryRemove(KeyOf(application), out _);
        }
        catch (ClusterException refused) when (refused.Status is >= 400 and < 500 and not (401 or 429))
        {
            pass.Trouble("DeleteApplicationError", $"application {resource.Name}: {refused.Message}");
        }
    }
}
