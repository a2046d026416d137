using Bowline.Applications.ArgoCd;
using Bowline.Applications.Model;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Diffing;
using Bowline.Delivery.Health;
using Bowline.Delivery.Inventories;
using Bowline.Delivery.Live;
using Bowline.Delivery.Planning;
using Bowline.Delivery.Syncing;
using Bowline.Resources.Model;

namespace Bowline.Applications.Reconciling;

/// <summary>What a look at one application found: its plan against the live cluster, and everything the plan was made from.</summary>
public sealed record Observation(RenderedApplication Application, SyncPlan Plan, IReadOnlyList<DesiredObject> Desired, Inventory Inventory)
{
    /// <summary>What somebody asks of the sync to come; null for nothing but automation.</summary>
    public SyncOrder? Order { get; init; }

    /// <summary>Objects that the repository has and that are not delivered, since argocd-cm excludes their kind.</summary>
    public IReadOnlyList<ResourceId> Excluded { get; init; } = [];

    /// <summary>Annotations of Secrets whose values are not to be shown (argocd-cm's <c>resource.sensitive.mask.annotations</c>).</summary>
    public IReadOnlyList<string> MaskedAnnotations { get; init; } = [];

    /// <summary>Whether only some of the objects are looked at, since only those are asked for.</summary>
    public bool IsPartial => Order is { Objects.Count: > 0 };

    /// <summary>Whether exactly this desired state was delivered completely before.</summary>
    public bool IsDelivered => Inventory.Synced == Application.Fingerprint;

    /// <summary>Whether the last sync of this desired state failed, be its objects in place or not: a hook failed, say.</summary>
    public bool HasFailed => !IsDelivered && Inventory is { Failure.Length: > 0, Operation: { } begun } && begun.Fingerprint == Application.Fingerprint;
}

/// <summary>Brings one application's objects on one cluster to what the repository says, and says how that stands. For one caller at a time.</summary>
public sealed class ApplicationReconciler(DeliveryTarget target)
{
    private readonly HashSet<ResourceKind> watched = [];
    private readonly DesiredCache prepared = new();
    private MapNode? stored;
    private Inventory inventory = Inventory.Empty;
    private (IReadOnlyList<IgnoreRule> Own, InstallationSettings Installation, IReadOnlyList<IgnoreRule> All) ignored = ([], InstallationSettings.Usual, []);

    /// <summary>What the cluster keeps of the application.</summary>
    public async Task<Inventory> ReadInventoryAsync(string owner, CancellationToken cancellationToken)
    {
        await target.PrepareAsync(cancellationToken).ConfigureAwait(false);
        MapNode? present = target.Live.Get(InventoryStore.IdOf(owner));
        if (!ReferenceEquals(present, stored))
        {
            stored = present;
            Inventory read = InventoryStore.Read(present);
            // Under the same name another repository delivered something else: it is not pruned, and its history is not this one's.
            inventory = read.Home.Length == 0 || read.Home == target.Home ? read : Inventory.Empty with { Home = read.Home, Request = read.Request };
        }

        return present is null ? Inventory.Empty : inventory;
    }

    /// <summary>Compares without changing anything but, on an embedded cluster, adding assumed kinds.</summary>
    public async Task<Observation> ObserveAsync(RenderedApplication application, IReadOnlyList<ISyncGate> gates, CancellationToken cancellationToken, SyncOrder? order = null)
    {
        application = WithOptions(application, order);
        ApplicationSpec spec = application.Spec;
        Inventory known = await ReadInventoryAsync(spec.Name, cancellationToken).ConfigureAwait(false);
        IReadOnlyDictionary<ResourceKind, KindInfo?> kinds = await target.Kinds.ResolveAsync(application.Kinds, application.Resources, cancellationToken).ConfigureAwait(false);
        string by = target.ActsAs(spec);
        InstallationSettings settings = target.Settings;
        IReadOnlyList<DesiredObject> all = prepared.Prepare(application, kinds, by, settings.Tracking);
        ResourceId[] excluded = [.. all.Where(item => !item.Untracked && settings.Filter.Excludes(item.Id, target.Server)).Select(item => item.Id)];
        IReadOnlyList<DesiredObject> desired = Within(target.Scope, excluded.Length == 0 ? all : [.. all.Where(item => !excluded.Contains(item.Id))]);
        await WatchAsync(spec, desired, known, cancellationToken).ConfigureAwait(false);

        DriftRules rules = new(IgnoredBy(spec, settings), ScaledBy(desired));
        IReadOnlyList<ResourceDiff> diffs = await target.Differ.CompareAsync(desired, rules, target.Admission, cancellationToken).ConfigureAwait(false);
        HashSet<ResourceId> wanted = [.. desired.Select(item => item.Id)];
        List<(InventoryEntry, MapNode)> leftovers = [];
        foreach (InventoryEntry entry in known.Entries)
        {
            // What Argo CD does not see it does not prune.
            if (!wanted.Contains(entry.Id) && !settings.Filter.Excludes(entry.Id, target.Server) && target.Live.Get(entry.Id) is { } live)
            {
                leftovers.Add((entry, live));
            }
        }

        bool runHooks = order is null ? known.Synced != application.Fingerprint : order is { SkipHooks: false, Objects.Count: 0 };
        PlanPolicy policy = new(spec.Policy.Prune || order?.Prune == true, spec.Policy.AllowEmpty, runHooks, (id, live) => target.Ownership.OwnerOf(spec.Name, id, live))
        {
            Options = ObjectOptions.Read(spec.Policy.Options, ObjectOptions.Default with { As = by }),
            Confirmed = IsConfirmed(known),
            Replaces = order is { IsAutomated: false },
            Tracking = settings.Tracking,
        };
        SyncPlan plan = SyncPlanner.Plan(spec.Name, diffs, leftovers, policy) with { IsAsked = order is { IsAutomated: false } };
        plan = order is { Objects.Count: > 0 } ? plan.Only(action => order.Objects.Any(chosen => chosen.Matches(action.Id))) : plan;
        return new Observation(application, plan.Through([new SharedResourceGate(), .. gates]), desired, known) { Order = order, Excluded = excluded, MaskedAnnotations = settings.MaskedAnnotations };
    }

    /// <summary>What is asked of one sync goes before what the application says of all.</summary>
    private static RenderedApplication WithOptions(RenderedApplication application, SyncOrder? order) => order is not { Options.Count: > 0 } ? application
        : application with { Spec = application.Spec with { Policy = application.Spec.Policy with { Options = [.. application.Spec.Policy.Options, .. order.Options] } } };

    /// <summary>Carries out what was observed; the inventory grows before the first object is applied and shrinks after the last.</summary>
    /// <param name="finish">The last touch to the inventory after the sync: history, answers.</param>
    public async Task<SyncResult> SyncAsync(Observation observation, SyncRun run, Func<Inventory, SyncResult, Inventory> finish, CancellationToken cancellationToken)
    {
        string owner = observation.Application.Spec.Name;
        InventoryEntry[] mine = [.. observation.Plan.Actions
            .Where(action => action is { Hook: null, Desired: { Kind: not null, Untracked: false }, Change: not PlannedChange.Shared })
            .Select(action => new InventoryEntry(action.Desired!.Kind!.Kind, action.Id.Namespace, action.Id.Name))];
        MapNode[] secretHooks = [.. DeleteHooksOf(observation.Desired, secret: true)];
        if (secretHooks.Length > 0 || observation.Inventory.HasSecretHooks)
        {
            await target.Inventories.WriteSecretHooksAsync(owner, secretHooks, cancellationToken).ConfigureAwait(false);
        }

        Inventory during = observation.Inventory with
        {
            HasSecretHooks = secretHooks.Length > 0,
            Home = target.Home,
            Claim = target.Holder.Length == 0 ? null : RecordClaim.By(target.Holder, observation.Inventory.Claim),
            Entries = [.. observation.Inventory.Entries.Union(mine)],
            PruneOnRemoval = target.PrunesOnRemoval(observation.Application.Spec),
            As = target.ActsAs(observation.Application.Spec),
            Operation = run.Operation,
            DeleteHooks = [.. DeleteHooksOf(observation.Desired, secret: false)],
            HookKinds = [.. observation.Inventory.HookKinds.Union(observation.Plan.Actions.Where(action => action is { Change: PlannedChange.RunHook, Desired.Kind: not null }).Select(action => action.Desired!.Kind!.Kind))],
        };
        await WriteAsync(owner, observation.Inventory, during, cancellationToken).ConfigureAwait(false);

        SyncOperation reached = run.Operation;
        SyncRun saving = run with
        {
            Applied = (desired, applied) => target.Differ.Learn(desired, applied, IgnoredBy(observation.Application.Spec, target.Settings)),
            SaveAsync = (operation, token) => WriteAsync(owner, during, during = during with { Operation = reached = operation }, token),
        };
        SyncResult result = await target.Synchronizer.RunAsync(observation.Plan, saving, cancellationToken).ConfigureAwait(false);

        HashSet<ResourceId> pruned = [.. result.Steps.Where(step => step.Outcome == SyncOutcome.Pruned).Select(step => step.Id)];
        HashSet<InventoryEntry> current = [.. mine];
        // A kind whose API does not answer just now is not a kind of which nothing is left.
        bool MayExist(InventoryEntry entry) => current.Contains(entry) || target.Live.Get(entry.Id) is not null || !target.Live.Knows(entry.Kind, entry.Namespace);
        Inventory after = during with
        {
            Entries = [.. during.Entries.Where(entry => !pruned.Contains(entry.Id) && MayExist(entry))],
            Synced = result.Succeeded && !observation.IsPartial ? observation.Application.Fingerprint : observation.Inventory.Synced,
            Operation = result.Succeeded ? null : reached,
        };
        await WriteAsync(owner, during, finish(after, result), cancellationToken).ConfigureAwait(false);
        return result;
    }

    /// <summary>Writes the inventory, if it changed, and has it at hand at once.</summary>
    public async Task WriteAsync(string owner, Inventory before, Inventory after, CancellationToken cancellationToken)
    {
        if (!InventoryStore.IsSame(before, after))
        {
            target.Live.Observe(target.Holder.Length == 0
                ? await target.Inventories.WriteAsync(owner, after, cancellationToken).ConfigureAwait(false)
                : await target.Inventories.WriteClaimedAsync(owner, after, target.Live.Get(InventoryStore.IdOf(owner)), before.Claim, cancellationToken).ConfigureAwait(false));
        }
    }

    /// <summary>Whether deletions that ask for it were confirmed, lately enough to mean those of now.</summary>
    public static bool IsConfirmed(Inventory inventory) => inventory.Confirmed is not null;

    /// <summary>How each object stands that the plan names; hooks and namespaces made on request are left out.</summary>
    public IReadOnlyList<(PlannedAction Action, HealthReport Health)> AssessEach(Observation observation) => [.. observation.Plan.Actions
        .Where(action => action is { Hook: null } and not { Desired.Untracked: true })
        .Select(action => (action, Assess(action.Id, target.Live.Get(action.Id))))];

    /// <summary>How the application stands, as its worst object that it owns and keeps.</summary>
    public static HealthReport Worst(IEnumerable<(PlannedAction Action, HealthReport Health)> objects) => HealthAssessor.Worst(objects
        .Where(item => item.Action is { Desired: not null, Change: not PlannedChange.Shared and not PlannedChange.Prune } && CountsForHealth(item.Action))
        .Select(item => (item.Action.Id, item.Health)));

    /// <summary>An object may ask not to count (Argo CD's <c>ignore-healthcheck</c>, and <c>compare-options: IgnoreExtraneous</c>).</summary>
    private static bool CountsForHealth(PlannedAction action)
    {
        Node? annotations = (action.Live ?? action.Desired!.Body).At("metadata", "annotations");
        return annotations?["argocd.argoproj.io/ignore-healthcheck"]?.AsString() != "true" && !SyncPlanner.IgnoresExtraneous(annotations);
    }

    public HealthReport Assess(Observation observation) => Worst(AssessEach(observation));

    private HealthReport Assess(ResourceId id, MapNode? live)
    {
        HealthReport own = target.Health.Assess(id, live);
        return own.Status == HealthStatus.Progressing && live is not null && CoreKinds.RunsPods(id) ? PodTrouble.Find(live, target.Live.OwnedBy) ?? own : own;
    }

    /// <summary>Where namespaced objects go that say nothing themselves.</summary>
    public static string NamespaceOf(ApplicationSpec spec) => spec.Destination.Namespace.Length > 0 ? spec.Destination.Namespace : "default";

    /// <summary>The objects without the namespace that would be made for them, where that may not be looked at.</summary>
    /// <exception cref="Model.ApplicationException">An object is outside of what may be delivered to.</exception>
    private static IReadOnlyList<DesiredObject> Within(LiveScope scope, IReadOnlyList<DesiredObject> desired)
    {
        if (scope.IsEverything)
        {
            return desired;
        }

        List<DesiredObject> inside = [];
        foreach (DesiredObject item in desired)
        {
            string refusal = scope.Refuses(item.Id, item.Kind?.Namespaced ?? item.Id.Namespace.Length > 0);
            if (refusal.Length == 0)
            {
                inside.Add(item);
            }
            else if (!item.Untracked)
            {
                throw new Model.ApplicationException($"{item.Origin}: {refusal} (the cluster Secret names {string.Join(", ", scope.Namespaces)})");
            }
        }

        return inside;
    }

    /// <summary>Secrets apart from the rest: the inventory is no place for their values.</summary>
    private static IEnumerable<MapNode> DeleteHooksOf(IReadOnlyList<DesiredObject> desired, bool secret) => desired
        .Where(item => item.Id.Kind == "Secret" == secret && Hook.Of(item)?.Any(hook => SyncPlanner.IsOfRemoval(hook.Phase)) == true)
        .Select(item => item.Body);

    /// <summary>The application's own rules and the installation's; the same list as long as neither changes, by which answers are known to hold.</summary>
    private IReadOnlyList<IgnoreRule> IgnoredBy(ApplicationSpec spec, InstallationSettings settings)
    {
        if (settings.Ignored.Count == 0)
        {
            return spec.IgnoreDifferences;
        }

        if (!ReferenceEquals(ignored.Own, spec.IgnoreDifferences) || !ReferenceEquals(ignored.Installation, settings))
        {
            ignored = (spec.IgnoreDifferences, settings, [.. spec.IgnoreDifferences, .. settings.Ignored]);
        }

        return ignored.All;
    }

    private IReadOnlySet<ResourceId> ScaledBy(IReadOnlyList<DesiredObject> desired)
    {
        string[] homes = [.. desired.Where(item => item.Body.At("spec", "replicas") is not null).Select(item => item.Id.Namespace).Distinct()];
        return homes.Length == 0 ? DriftRules.None.Scaled : DriftRules.TargetsOf(
            desired.Where(item => item.Id is { Group: "autoscaling", Kind: "HorizontalPodAutoscaler" }).Select(item => (item.Id.Namespace, item.Body))
                .Concat(homes.SelectMany(home => target.Live.List(CoreKinds.Autoscaler, home).Select(autoscaler => (home, autoscaler)))));
    }

    private async Task WatchAsync(ApplicationSpec spec, IReadOnlyList<DesiredObject> desired, Inventory known, CancellationToken cancellationToken)
    {
        List<ResourceKind> unknown = [.. desired.Where(item => item.Kind is not null).Select(item => item.Kind!.Kind).Concat(known.Entries.Select(entry => entry.Kind)).Concat(spec.DependsOnObjects.Select(id => new ResourceKind(id.Group, string.Empty, id.Kind))).Where(kind => !watched.Contains(kind)).Distinct()];
        if (unknown.Count == 0)
        {
            return;
        }

        bool runsPods = unknown.Exists(kind => CoreKinds.RunsPods(new ResourceId(kind.Group, kind.Kind, string.Empty, string.Empty)));
        Task below = runsPods ? WatchWorkloadsAsync(cancellationToken) : Task.CompletedTask;
        IReadOnlyList<KindInfo> served = await ServedAsync(unknown, cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(below, target.Live.EnsureAsync(served, cancellationToken)).ConfigureAwait(false);
        watched.UnionWith(served.Select(kind => kind.Kind));
    }

    /// <summary>Whoever may not read what controllers make of workloads is told less of their health, and delivers them all the same.</summary>
    private async Task WatchWorkloadsAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<KindInfo> below = await ServedAsync([.. CoreKinds.BelowWorkloads.Select(kind => kind.Kind), CoreKinds.Autoscaler], cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(below.Select(async kind =>
        {
            try
            {
                await target.Live.EnsureAsync([kind], cancellationToken).ConfigureAwait(false);
            }
            catch (ClusterException refused) when (refused.Status == 403)
            {
                // Nothing is held of it, as of a kind that nobody makes objects of.
            }
        })).ConfigureAwait(false);
    }

    /// <summary>Those of these kinds that the cluster serves.</summary>
    private async Task<IReadOnlyList<KindInfo>> ServedAsync(IReadOnlyList<ResourceKind> kinds, CancellationToken cancellationToken)
    {
        List<KindInfo> served = [];
        foreach (ResourceKind kind in kinds)
        {
            // A kind whose CRD is part of this very delivery is not served yet, so there is nothing of it to watch.
            if (await target.Cluster.FindKindAsync(kind, cancellationToken).ConfigureAwait(false) is { } found)
            {
                served.Add(found);
            }
        }

        return served;
    }
}
