using Bowline.Delivery.Desired;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Delivery.Diffing;

/// <summary>Which differences of an application's objects count. Pure.</summary>
/// <param name="Ignored">Rules of the application.</param>
/// <param name="Scaled">Objects whose replicas a HorizontalPodAutoscaler sets.</param>
public sealed record DriftRules(IReadOnlyList<IgnoreRule> Ignored, IReadOnlySet<ResourceId> Scaled)
{
    public static readonly DriftRules None = new([], new HashSet<ResourceId>());

    private const string CompareOptions = "argocd.argoproj.io/compare-options";

    /// <summary>The targets of autoscalers, wanted or living.</summary>
    public static IReadOnlySet<ResourceId> TargetsOf(IEnumerable<(string Namespace, MapNode Autoscaler)> autoscalers)
    {
        HashSet<ResourceId> targets = [];
        foreach ((string @namespace, MapNode autoscaler) in autoscalers)
        {
            if (autoscaler.At("spec", "scaleTargetRef") is { } reference)
            {
                ResourceKind kind = ResourceKind.Of(reference["apiVersion"]?.AsString() ?? string.Empty, reference["kind"]?.AsString() ?? string.Empty);
                targets.Add(new ResourceId(kind.Group, kind.Kind, @namespace, reference["name"]?.AsString() ?? string.Empty));
            }
        }

        return targets;
    }

    /// <summary>
    /// What to apply: the object as the repository has it, but with the live values of what others decide: replicas under an
    /// autoscaler always, ignored fields where RespectIgnoreDifferences says so.
    /// </summary>
    public DesiredObject Respecting(DesiredObject desired, MapNode live)
    {
        bool scaled = Scaled.Contains(desired.Id) && desired.Body.At("spec", "replicas") is { } wanted && live.At("spec", "replicas") is { } present && !wanted.DeepEquals(present);
        IgnoreRule[] respected = desired.Options.RespectIgnoreDifferences ? [.. Matching(desired.Id)] : [];
        if (!scaled && respected.Length == 0)
        {
            return desired;
        }

        MapNode body = (MapNode)desired.Body.DeepClone();
        if (scaled)
        {
            body.EnsureMap("spec")["replicas"] = live.At("spec", "replicas")!;
        }

        if (respected.Length > 0)
        {
            body = Keep(body, live, respected, KubernetesKinds.Find(desired.Kind!.Kind)?.Schema);
        }

        body.Freeze();
        return desired with { Body = body };
    }

    /// <summary>Whether nothing that counts differs between the live object and what an apply made of it.</summary>
    /// <param name="asked">Whether the server made it, with admission, or a prediction without.</param>
    public bool Same(DesiredObject desired, MapNode live, MapNode after, bool asked)
    {
        if (FieldChanges.Same(live, after))
        {
            return true;
        }

        Schema? schema = KubernetesKinds.Find(desired.Kind!.Kind)?.Schema;
        if (asked && !IncludesWebhooks(desired))
        {
            // What admission adds beyond what the repository speaks of is nobody's drift.
            FieldSet spoken = FieldOwnership.Of(live).Where(owner => owner is { Manager: Differ.FieldManager, Applies: true })
                .Aggregate(FieldOwnership.Fields(desired.Body, schema), (sum, owner) => sum.Union(owner.Fields));
            if (FieldOwnership.Changed(live, after, schema).Intersect(spoken).IsEmpty)
            {
                return true;
            }
        }

        IgnoreRule[] rules = [.. Matching(desired.Id)];
        if (rules.Length == 0)
        {
            return false;
        }

        MapNode left = (MapNode)live.DeepClone();
        MapNode right = (MapNode)after.DeepClone();
        foreach (IgnoreRule rule in rules)
        {
            rule.Strip(ref left, ref right, live, schema);
        }

        return FieldChanges.Same(left, right);
    }

    private IEnumerable<IgnoreRule> Matching(ResourceId id) => Ignored.Where(rule => rule.Matches(id));

    /// <summary>The body without what the rules ignore, over what the live object has there.</summary>
    private static MapNode Keep(MapNode body, MapNode live, IgnoreRule[] rules, Schema? schema)
    {
        MapNode kept = FieldChanges.Stripped(live);
        MapNode spoken = (MapNode)body.DeepClone();
        MapNode rest = (MapNode)kept.DeepClone();
        foreach (IgnoreRule rule in rules)
        {
            rule.Strip(ref spoken, ref rest, live, schema);
        }

        // What the rules took from the live object are the values to keep.
        FieldSet ignored = FieldOwnership.Fields(kept, schema).Except(FieldOwnership.Fields(rest, schema));
        FieldSet mine = FieldOwnership.Fields(body, schema).Except(FieldOwnership.Fields(spoken, schema));
        MapNode values = (MapNode)FieldOwnership.Only(kept, ignored.Intersect(mine), schema).DeepClone();
        FieldWriter writer = new(Differ.FieldManager, body["apiVersion"]?.AsString() ?? string.Empty, string.Empty, DateTimeOffset.UnixEpoch);
        values["apiVersion"] = body["apiVersion"]!;
        values["kind"] = body["kind"]!;
        MapNode merged = ServerSideApply.Apply(spoken, values, schema, writer, force: true).Object;
        merged.EnsureMap("metadata").Remove("managedFields");
        return merged;
    }

    /// <summary>Whether what admission would add counts, too; then only the server can say whether anything differs.</summary>
    public static bool IncludesWebhooks(DesiredObject desired) =>
        desired.Annotation(CompareOptions)?.Split(',', StringSplitOptions.TrimEntries).Contains("IncludeMutationWebhook=true") == true;
}
