using System.Collections.Concurrent;
using Bowline.Cluster.Requests;
using Bowline.Delivery.Desired;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Delivery.Diffing;

/// <summary>
/// Says what an apply would change. A structured merge predicts it; where that sees a change, the server is asked by a dry run,
/// since defaulting, admission and canonical forms (1000m is 1) may make it none. Answers are kept while neither side changes.
/// </summary>
public sealed class Differ(ICluster cluster, TimeProvider time)
{
    /// <summary>The field manager of everything that Bowline delivers.</summary>
    public const string FieldManager = "bowline";

    private readonly ConcurrentDictionary<ResourceId, Answer> answers = new();

    public async Task<ResourceDiff> CompareAsync(DesiredObject desired, MapNode? live, CancellationToken cancellationToken)
    {
        if (live is null || desired.Kind is null)
        {
            return new ResourceDiff(desired, live, desired.Body);
        }

        if (answers.TryGetValue(desired.Id, out Answer? known) && known.Holds(desired.Body, live))
        {
            return known.Diff with { Desired = desired };
        }

        ResourceDiff diff = Predict(desired, live) is { Changed: false } same
            ? same
            : await AskAsync(desired, live, cancellationToken).ConfigureAwait(false);
        answers[desired.Id] = new Answer(diff);
        return diff;
    }

    /// <summary>Pure prediction by structured merge, with the built-in kind's schema where there is one.</summary>
    private ResourceDiff Predict(DesiredObject desired, MapNode live)
    {
        if (desired.Untracked)
        {
            return new ResourceDiff(desired, live, live);
        }

        FieldWriter writer = new(FieldManager, desired.Kind!.Kind.ApiVersion, string.Empty, time.GetUtcNow());
        try
        {
            ApplyResult merged = ServerSideApply.Apply(live, desired.Body, KubernetesKinds.Find(desired.Kind.Kind)?.Schema, writer, force: true);
            return new ResourceDiff(desired, live, FieldChanges.Same(live, merged.Object) ? live : merged.Object);
        }
        catch (MergeException)
        {
            // A field that the schema does not know: the server decides, and its refusal is the one to report.
            return new ResourceDiff(desired, live, desired.Body);
        }
    }

    private async Task<ResourceDiff> AskAsync(DesiredObject desired, MapNode live, CancellationToken cancellationToken)
    {
        WriteOptions options = new() { FieldManager = FieldManager, Force = true, DryRun = true };
        try
        {
            MapNode after = await cluster.ApplyAsync(desired.Key, desired.Body, options, cancellationToken).ConfigureAwait(false);
            return new ResourceDiff(desired, live, FieldChanges.Same(live, after) ? live : after);
        }
        catch (ClusterException refused) when (refused.Status is >= 400 and < 500)
        {
            // The sync will run into the same refusal and report it with the object; a difference it is all the same.
            return new ResourceDiff(desired, live, desired.Body);
        }
    }

    private sealed record Answer(ResourceDiff Diff)
    {
        private readonly string? version = Diff.Live?.At("metadata", "resourceVersion")?.AsString();

        public bool Holds(MapNode body, MapNode live) =>
            version is not null && version == live.At("metadata", "resourceVersion")?.AsString()
            && (ReferenceEquals(body, Diff.Desired.Body) || body.DeepEquals(Diff.Desired.Body));
    }
}
