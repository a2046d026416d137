using System.Collections.Concurrent;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Desired;
using Bowline.Delivery.Live;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Delivery.Diffing;

/// <summary>
/// Says what an apply would change. A structured merge predicts it; where that sees a change, the server is asked by a dry run,
/// since defaulting, admission and canonical forms (1000m is 1) may make it none. What is new is tried on the server as well, unless its
/// kind can hardly be refused. Answers are kept while neither side changes.
/// </summary>
public sealed class Differ(ICluster cluster, LiveState live, TimeProvider time, int parallelism)
{
    /// <summary>The field manager of everything that Bowline delivers.</summary>
    public const string FieldManager = "bowline";

    /// <summary>Kinds of bare data: beyond their names and types, which are checked here, the server has nothing to say about them.</summary>
    private static readonly HashSet<string> BareData = ["ConfigMap", "Secret", "ServiceAccount", "Namespace"];

    private readonly ConcurrentDictionary<ResourceId, Answer> answers = new();

    /// <summary>Compares every object; the answers come in the same order.</summary>
    public async Task<IReadOnlyList<ResourceDiff>> CompareAsync(IReadOnlyList<DesiredObject> desired, DriftRules rules, AdmissionRules admission, CancellationToken cancellationToken)
    {
        ResourceDiff[] diffs = new ResourceDiff[desired.Count];
        List<int> open = [];
        for (int i = 0; i < diffs.Length; i++)
        {
            if (Known(desired[i], rules) is { } known)
            {
                diffs[i] = known;
            }
            else
            {
                open.Add(i);
            }
        }

        ParallelOptions parallel = new() { MaxDegreeOfParallelism = parallelism, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(open, parallel, async (i, token) =>
        {
            ResourceDiff diff = await CompareAsync(desired[i], live.Get(desired[i].Id), rules, admission, token).ConfigureAwait(false);
            // A refusal is asked about again each time: what it was for may have changed outside of the object.
            if (diff.Refusal.Length == 0)
            {
                answers[desired[i].Id] = new Answer(desired[i].Body, diff, rules.Ignored, rules.Scaled.Contains(desired[i].Id));
            }

            diffs[i] = diff;
        }).ConfigureAwait(false);
        return diffs;
    }

    /// <summary>An object was just applied: what the server made of it is what another apply would make of it, until it changes.</summary>
    public void Learn(DesiredObject desired, MapNode applied, IReadOnlyList<IgnoreRule> ignored)
    {
        if (answers.TryGetValue(desired.Id, out Answer? before) && ReferenceEquals(before.Body, desired.Body))
        {
            answers[desired.Id] = new Answer(desired.Body, new ResourceDiff(desired, applied, applied), ignored, before.Scaled);
        }
    }

    /// <summary>Forgets what was learned of objects that nobody wants any more.</summary>
    public void Forget(IEnumerable<ResourceId> objects)
    {
        foreach (ResourceId id in objects)
        {
            answers.TryRemove(id, out _);
        }
    }

    private ResourceDiff? Known(DesiredObject desired, DriftRules rules) =>
        answers.TryGetValue(desired.Id, out Answer? known) && known.Holds(desired, live.Get(desired.Id), rules) ? known.Diff : null;

    private async Task<ResourceDiff> CompareAsync(DesiredObject desired, MapNode? present, DriftRules rules, AdmissionRules admission, CancellationToken cancellationToken)
    {
        if (desired.Kind is null || Hook.Of(desired) is not null)
        {
            return new ResourceDiff(desired, present, desired.Body);
        }

        if (present is null)
        {
            return new ResourceDiff(desired, null, desired.Body) { Refusal = await TryAsync(desired, admission, cancellationToken).ConfigureAwait(false) };
        }

        // A namespace made on request is anybody's, but for the labels and annotations that are asked for it.
        if (desired.Untracked && desired.Body["metadata"] is not MapNode { Count: > 1 })
        {
            return new ResourceDiff(desired, present, present);
        }

        desired = rules.Respecting(desired, present);
        MapNode? predicted = Predict(desired, present);
        if (predicted is not null && !DriftRules.IncludesWebhooks(desired) && rules.Same(desired, present, predicted, asked: false))
        {
            return new ResourceDiff(desired, present, present);
        }

        return await AskAsync(desired, present, predicted, rules, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What a structured merge makes of the live object, with the built-in kind's schema where there is one; null when only the server can say.</summary>
    private MapNode? Predict(DesiredObject desired, MapNode present)
    {
        if (!desired.Options.ServerSideApply)
        {
            return ThreeWayMerge.Merge(present, desired.Body, KubernetesKinds.Find(desired.Kind!.Kind)?.Schema);
        }

        MapNode before = desired.Options.MigrateClientSideApply ? ClientSideMigration.Handed(present) : present;
        Schema? schema = KubernetesKinds.Find(desired.Kind!.Kind)?.Schema;
        FieldWriter writer = new(FieldManager, desired.Kind.Kind.ApiVersion, string.Empty, time.GetUtcNow());
        try
        {
            MapNode merged = ServerSideApply.Apply(before, desired.Body, schema, writer, force: true).Object;
            return FieldChanges.Same(present, merged) ? merged : ServerSideApply.Predict(before, desired.Body, schema, writer).Object;
        }
        catch (MergeException)
        {
            // A field that the schema does not know: the server decides, and its refusal is the one to report.
            return null;
        }
    }

    private async Task<ResourceDiff> AskAsync(DesiredObject desired, MapNode present, MapNode? predicted, DriftRules rules, CancellationToken cancellationToken)
    {
        bool takesOver = desired.Options.MigrateClientSideApply && !ReferenceEquals(ClientSideMigration.Handed(present), present);
        if (takesOver && desired.Options is { ServerSideApply: true, Replace: false } && ClientSideApply.Foresee(present, desired.Body, KubernetesKinds.Find(desired.Kind!.Kind)?.Schema) is { } foreseen)
        {
            return new ResourceDiff(desired, present, rules.Same(desired, present, foreseen, asked: false) ? present : foreseen);
        }

        // These are not applies, or not yet: a trial apply would say something else.
        bool onOurOwn = desired.Options.Replace || !desired.Options.ServerSideApply || takesOver;
        if (onOurOwn && predicted is not null)
        {
            return new ResourceDiff(desired, present, predicted);
        }

        try
        {
            MapNode after = await KeyedLists.ApplyAsync(cluster, desired, Trial with { As = desired.Options.As }, cancellationToken).ConfigureAwait(false);
            return new ResourceDiff(desired, present, rules.Same(desired, present, after, asked: true) ? present : after);
        }
        catch (ClusterException refused) when (refused.Status is >= 400 and < 500 || Refusals.IsFinal(refused))
        {
            return new ResourceDiff(desired, present, predicted ?? desired.Body) { Refusal = IsTolerated(desired, refused) ? string.Empty : refused.Message + Refusals.Advice(refused.Message) };
        }
    }

    /// <summary>Why a new object would be refused; empty when it would not, or when that cannot be known before it is applied.</summary>
    private async Task<string> TryAsync(DesiredObject desired, AdmissionRules admission, CancellationToken cancellationToken)
    {
        ResourceId home = new(string.Empty, "Namespace", string.Empty, desired.Id.Namespace);
        bool homeless = desired.Id.Namespace.Length > 0 && live.Get(home) is null;
        bool bare = desired.Id.Group.Length == 0 && BareData.Contains(desired.Id.Kind) && !admission.Concern(desired.Kind!);
        string mistyped = CheckTypes(desired);
        if (bare || mistyped.Length > 0)
        {
            return mistyped;
        }

        if (homeless || desired.Id.Name.Length == 0 || !live.Knows(desired.Kind!.Kind, desired.Id.Namespace))
        {
            return string.Empty;
        }

        try
        {
            await KeyedLists.ApplyAsync(cluster, desired, Trial with { As = desired.Options.As }, cancellationToken).ConfigureAwait(false);
            return string.Empty;
        }
        catch (ClusterException refused) when (refused.Status > 0)
        {
            return Refusals.IsFinal(refused) && !IsTolerated(desired, refused) ? refused.Message + Refusals.Advice(refused.Message) : string.Empty;
        }
    }

    /// <summary>What the schema of a built-in kind says of the object already here.</summary>
    private static string CheckTypes(DesiredObject desired) =>
        desired.Options.Validate && KubernetesKinds.Find(desired.Kind!.Kind)?.Schema is { } schema && FieldOwnership.Misfits(desired.Body, schema) is { } wrong
            ? wrong + Refusals.Advice(wrong)
            : string.Empty;

    private static bool IsTolerated(DesiredObject desired, ClusterException refused) =>
        !Refusals.IsFinal(refused) || (!desired.Options.Validate && Refusals.IsUnknownField(refused)) || (desired.Options.SkipDryRunOnMissingResource && refused.IsNotFound);

    private static WriteOptions Trial { get; } = new() { FieldManager = FieldManager, Force = true, DryRun = true };

    private sealed record Answer(MapNode Body, ResourceDiff Diff, IReadOnlyList<IgnoreRule> Ignored, bool Scaled)
    {
        private readonly string? version = Diff.Live?.At("metadata", "resourceVersion")?.AsString();

        public bool Holds(DesiredObject desired, MapNode? present, DriftRules rules) =>
            version == present?.At("metadata", "resourceVersion")?.AsString() && ReferenceEquals(Ignored, rules.Ignored) && Scaled == rules.Scaled.Contains(desired.Id)
            && (ReferenceEquals(desired.Body, Body) || (desired.Options == Diff.Desired.Options && desired.Body.DeepEquals(Body)));
    }
}
