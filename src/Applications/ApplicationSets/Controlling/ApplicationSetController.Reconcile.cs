using Bowline.Applications.ApplicationSets.Rollouts;
using Bowline.Applications.ApplicationSets.Templates;
using Bowline.Applications.Hub;
using Bowline.Cluster.Controllers;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Diffing;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Controlling;

public sealed partial class ApplicationSetController
{
    private const string RefreshAnnotation = "argocd.argoproj.io/application-set-refresh";
    private static readonly TimeSpan AfterTrouble = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan WhileRolling = TimeSpan.FromSeconds(1);

    private async Task<ReconcileResult> ReconcileAsync(ReconcileKey key, CancellationToken cancellationToken)
    {
        if (cache.Get(new ResourceId(ArgoDefinitions.Group, "ApplicationSet", key.Namespace, key.Name)) is not { } set || !Holds(key.Namespace))
        {
            expansions.TryRemove(key, out _);
            options.Troubled(Shown(key), string.Empty);
            return ReconcileResult.Done;
        }

        if (set.At("metadata", "deletionTimestamp") is not null)
        {
            return await DepartAsync(set, cancellationToken).ConfigureAwait(false);
        }

        if (StepsOf(set) is { DeletesInReverse: true } && !Finalizers(set).Contains(ApplicationTemplate.ResourcesFinalizer))
        {
            set = await PatchSetAsync(set, new MapNode { ["metadata"] = new MapNode { ["finalizers"] = new ListNode([.. Finalizers(set).Append(ApplicationTemplate.ResourcesFinalizer).Select(StringNode.Of)]) } }, cancellationToken).ConfigureAwait(false);
        }

        Expanded expanded = await ExpandAsync(set, cancellationToken).ConfigureAwait(false);
        SetPass pass = new(set, expanded.Expansion, cache.List(ArgoDefinitions.Applications.Kind, key.Namespace));
        RolloutDecision? rollout = null;
        try
        {
            SetPolicy policy = SetPolicy.Of(set, options.Settings());
            if (options.Settings().IsDryRun)
            {
                pass.Trouble("DryRun", $"{expanded.Expansion.Applications.Count} applications are generated and none is written (applicationsetcontroller.dryrun)");
            }
            else
            {
                rollout = await KeepAsync(pass, policy, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (PathException unreadable)
        {
            pass.Trouble("ApplicationValidationError", $"ignoreApplicationDifferences: {unreadable.Message}");
        }

        options.Troubled(Shown(key), pass.FirstTrouble?.Message ?? string.Empty);
        await ReportAsync(pass, rollout, cancellationToken).ConfigureAwait(false);
        return Next(pass, expanded, rollout);
    }

    /// <summary>The steps of a set, where sets are rolled out at all.</summary>
    private RolloutSteps? StepsOf(MapNode set) => options.Settings().RollsOut ? RolloutSteps.Of(set) : null;

    /// <summary>When to look again though nothing tells of a change.</summary>
    private ReconcileResult Next(SetPass pass, Expanded expanded, RolloutDecision? rollout)
    {
        TimeSpan? wait = expanded.Due is { } due ? due - time.GetUtcNow() is var left && left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1) : null;
        if (pass.FirstTrouble is not null && (wait is null || wait > AfterTrouble))
        {
            wait = AfterTrouble;
        }

        if (rollout is { Step: not null } && (wait is null || wait > WhileRolling))
        {
            wait = WhileRolling;
        }

        return wait is { } delay ? ReconcileResult.After(delay) : ReconcileResult.Done;
    }

    /// <summary>What the set comes to: as it was found last, unless the set or what its generators read may have changed.</summary>
    private async Task<Expanded> ExpandAsync(MapNode set, CancellationToken cancellationToken)
    {
        ReconcileKey key = KeyOf(set);
        MapNode spec = set["spec"] as MapNode ?? new MapNode();
        bool asked = set.At("metadata", "annotations", RefreshAnnotation)?.AsString() == "true";
        if (!asked && expansions.TryGetValue(key, out Expanded? known) && !known.IsStale && known.Spec.DeepEquals(spec) && (known.Due is not { } due || due > time.GetUtcNow()))
        {
            return known;
        }

        // Stale from here on if something changes while generators are being asked.
        Expanded begun = new(spec, new Expansion([], []), null, RollingPause);
        expansions.AddOrUpdate(key, begun, (_, before) => begun with { Expansion = before.Expansion });
        expansions.TryGetValue(key, out Expanded? marker);
        Expansion expansion = await expander.ExpandAsync(set, cancellationToken).ConfigureAwait(false);
        TimeSpan? pace = options.Settings().RequeueAfter is { } common && expansion.RequeueAfter is { } own && common < own ? common : expansion.RequeueAfter;
        TimeSpan? wait = expansion.Problems.Select(problem => problem.RetryAfter).Append(pace).Append(expansion.IsComplete ? null : AfterTrouble).Min();
        TimeSpan pause = StepsOf(set) is not null ? RollingPause : TimeSpan.FromSeconds(1) + TimeSpan.FromMilliseconds(Math.Min(4000, expansion.Applications.Count * 2));
        Expanded expanded = new(spec, expansion, wait is { } seconds ? time.GetUtcNow() + seconds : null, pause);
        if (marker is null || !expansions.TryUpdate(key, expanded, marker))
        {
            expansions[key] = expanded with { IsStale = true };
        }

        if (asked)
        {
            await PatchSetAsync(set, new MapNode { ["metadata"] = new MapNode { ["annotations"] = new MapNode { [RefreshAnnotation] = Node.Null } } }, cancellationToken).ConfigureAwait(false);
        }

        return expanded;
    }

    private async Task ReportAsync(SetPass pass, RolloutDecision? rollout, CancellationToken cancellationToken)
    {
        IReadOnlyList<MapNode> applications = [.. cache.List(ArgoDefinitions.Applications.Kind, pass.Namespace).Where(pass.Owns)];
        MapNode status = SetStatus.Of(pass.Set, pass.FirstTrouble, pass.Expansion.IsGenerated, applications, rollout, time.GetUtcNow());
        if (rollout is null && pass.Set.At("status", "applicationStatus") is not null)
        {
            status.Set("applicationStatus", Node.Null);
        }

        bool same = status.All(member => member.Value.IsNull ? pass.Set.At("status", member.Key) is null : Node.DeepEquals(pass.Set.At("status", member.Key), member.Value));
        if (!same)
        {
            ObjectKey key = new(ArgoDefinitions.ApplicationSets, pass.Namespace, pass.Name) { Subresource = "status" };
            cache.Observe(await cache.Cluster.PatchAsync(key, PatchKind.Merge, new MapNode { ["status"] = status }, new WriteOptions(), cancellationToken).ConfigureAwait(false));
        }
    }

    /// <summary>The set is being deleted: its applications go with it (the garbage collector sees to that), one step at a time where the rollout says so, or stay.</summary>
    private async Task<ReconcileResult> DepartAsync(MapNode set, CancellationToken cancellationToken)
    {
        if (!Finalizers(set).Contains(ApplicationTemplate.ResourcesFinalizer))
        {
            return ReconcileResult.Done;
        }

        SetPass pass = new(set, new Expansion([], []), cache.List(ArgoDefinitions.Applications.Kind, new Resource(set).Namespace));
        MapNode[] owned = [.. pass.Live.Values.Where(pass.Owns)];
        if (!SetPolicy.AllowsDeletion(set, options.Settings()))
        {
            foreach (MapNode application in owned)
            {
                ListNode others = new([.. (application.At("metadata", "ownerReferences") as ListNode ?? []).Where(reference => reference["uid"]?.AsString() != pass.Uid)]);
                await PatchApplicationAsync(KeyOf(application), new MapNode { ["metadata"] = new MapNode { ["ownerReferences"] = others } }, cancellationToken).ConfigureAwait(false);
            }
        }
        else if (StepsOf(set) is { DeletesInReverse: true } steps && owned.Length > 0)
        {
            // Those that no step selects go first: nothing is said to depend on them last.
            int last = owned.Max(application => Order(steps.StepOf(application)));
            foreach (MapNode application in owned.Where(application => Order(steps.StepOf(application)) == last && application.At("metadata", "deletionTimestamp") is null))
            {
                await DeleteAsync(pass, application, cancellationToken).ConfigureAwait(false);
            }

            return ReconcileResult.After(WhileRolling);
        }

        await PatchSetAsync(set, new MapNode { ["metadata"] = new MapNode { ["finalizers"] = new ListNode([.. Finalizers(set).Where(name => name != ApplicationTemplate.ResourcesFinalizer).Select(StringNode.Of)]) } }, cancellationToken).ConfigureAwait(false);
        return ReconcileResult.Done;
    }

    private static int Order(int step) => step < 0 ? int.MaxValue : step;

    private static IEnumerable<string> Finalizers(MapNode item) => (item.At("metadata", "finalizers") as ListNode ?? []).Select(finalizer => finalizer.AsString() ?? string.Empty);

    private async Task<MapNode> PatchSetAsync(MapNode set, MapNode patch, CancellationToken cancellationToken)
    {
        MapNode result = await cache.Cluster.PatchAsync(new ObjectKey(ArgoDefinitions.ApplicationSets, new Resource(set).Namespace, new Resource(set).Name), PatchKind.Merge, patch, new WriteOptions(), cancellationToken).ConfigureAwait(false);
        cache.Observe(result);
        return result;
    }

    private async Task<MapNode> PatchApplicationAsync(ReconcileKey application, MapNode patch, CancellationToken cancellationToken)
    {
        MapNode result = await cache.Cluster.PatchAsync(new ObjectKey(ArgoDefinitions.Applications, application.Namespace, application.Name), PatchKind.Merge, patch, new WriteOptions(), cancellationToken).ConfigureAwait(false);
        cache.Observe(result);
        return result;
    }
}
