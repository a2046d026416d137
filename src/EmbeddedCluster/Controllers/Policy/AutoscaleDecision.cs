using System.Globalization;
using Bowline.EmbeddedCluster.Controllers.Workloads;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Controllers.Policy;

/// <summary>What an autoscaler is decided on.</summary>
/// <param name="Scale">The target's scale subresource; null with a <paramref name="Problem"/>.</param>
/// <param name="Pods">What the scale's selector selects.</param>
/// <param name="Rivals">Other autoscalers (name and namespace as Go prints them) that select some of the same pods.</param>
internal sealed record AutoscaleEvidence(MapNode? Scale, string Problem, IReadOnlyList<MapNode> Pods, IReadOnlyList<string> Rivals, DateTimeOffset Now);

/// <summary>One round of an autoscaler.</summary>
internal sealed class AutoscaleDecision
{
    private readonly MapNode autoscaler;
    private readonly AutoscaleEvidence evidence;
    private readonly ListNode conditions;
    private Node? currentMetrics;

    private AutoscaleDecision(MapNode autoscaler, AutoscaleEvidence evidence)
    {
        this.autoscaler = autoscaler;
        this.evidence = evidence;
        conditions = Counting.CopyConditions(autoscaler.Status());
        currentMetrics = autoscaler.Status()["currentMetrics"];
        Desired = autoscaler.Status().Int("desiredReplicas");
        Current = autoscaler.Status().Int("currentReplicas");
    }

    /// <summary>The size to give the target; null when it has it.</summary>
    public int? Rescale { get; private set; }

    /// <summary>Why it is rescaled, for the event.</summary>
    public string Why { get; private set; } = string.Empty;

    /// <summary>Warnings, in order.</summary>
    public List<(string Reason, string Message)> Events { get; } = [];

    public int Current { get; private set; }

    /// <summary>Whether the target was brought within its bounds, which no metric was asked for.</summary>
    public bool WasOutOfBounds { get; private set; }

    private int Desired { get; set; }

    private int Least => autoscaler.Spec().Int("minReplicas", 1);

    private int Most => autoscaler.Spec().Int("maxReplicas", Least);

    public static AutoscaleDecision Decide(MapNode autoscaler, AutoscaleEvidence evidence, IMetricsSource source, AutoscalerMemory memory)
    {
        AutoscaleDecision decision = new(autoscaler, evidence);
        if (evidence.Scale is null)
        {
            decision.Fail("AbleToScale", "FailedGetScale", evidence.Problem, $"the HPA controller was unable to get the target's current scale: {evidence.Problem}");
            return decision;
        }

        decision.Put("AbleToScale", true, "SucceededGetScale", "the HPA controller was able to get the target's current scale");
        decision.Size(evidence.Scale, source, memory);
        return decision;
    }

    /// <summary>The status after the round.</summary>
    /// <param name="failure">Why the target could not be rescaled; null when it was, or needed not be.</param>
    public MapNode Status(string? failure)
    {
        if (failure is not null)
        {
            Put("AbleToScale", false, "FailedUpdateScale", $"the HPA controller was unable to update the target scale: {failure}");
        }
        else if (Rescale is { } size)
        {
            Put("AbleToScale", true, "SucceededRescale", string.Create(CultureInfo.InvariantCulture, $"the HPA controller was able to update the target scale to {size}"));
        }

        MapNode status = new();
        if ((Rescale is not null && failure is null ? (Node)evidence.Now.Stamp() : autoscaler.Status()["lastScaleTime"]) is { } last)
        {
            status["lastScaleTime"] = last;
        }

        status.PutCount("currentReplicas", Current);
        status["desiredReplicas"] = failure is null ? Desired : autoscaler.Status().Int("desiredReplicas");
        status["currentMetrics"] = currentMetrics ?? Node.Null;
        status.PutConditions(conditions);
        return status;
    }

    private void Size(MapNode scale, IMetricsSource source, AutoscalerMemory memory)
    {
        Current = scale.Spec().Int("replicas");
        memory.Begin(Current, evidence.Now);
        if (Current == 0 && Least != 0)
        {
            Desired = 0;
            currentMetrics = null;
            Put("ScalingActive", false, "ScalingDisabled", "scaling is disabled since the replica count of the target is zero");
        }
        else if (Current > Most || Current < Least)
        {
            WasOutOfBounds = true;
            Rescale = Desired = Current > Most ? Most : Least;
            currentMetrics = null;
            Why = Current > Most ? "Current number of replicas above Spec.MaxReplicas" : "Current number of replicas below Spec.MinReplicas";
        }
        else if (IsSelectorUsable(scale) && Recommend(scale, source) is { } recommended)
        {
            Bound(recommended.Replicas, recommended.Metric, memory);
        }
    }

    private void Bound(int recommended, string metric, AutoscalerMemory memory)
    {
        Why = recommended > Current ? $"{metric} above target" : recommended < Current ? "All metrics below target" : string.Empty;
        BoundedSize bounded = new AutoscaleBehavior(autoscaler.Spec(), memory, evidence.Now).Bound(Current, recommended);
        Put("AbleToScale", true, bounded.Stabilized.Reason, bounded.Stabilized.Message);
        Put("ScalingLimited", bounded.IsLimited, bounded.Limit.Reason, bounded.Limit.Message);
        Desired = bounded.Replicas;
        Rescale = bounded.Replicas == Current ? null : bounded.Replicas;
    }

    // The largest of the sizes that the metrics ask for; null when none is to be had, or when a figure is missing that might forbid to shrink.
    private (int Replicas, string Metric)? Recommend(MapNode scale, IMetricsSource source)
    {
        List<MapNode> metrics = [.. autoscaler.Spec()["metrics"].Maps()];
        int reported = scale.Status().Int("replicas");
        ReplicaCalculator calculator = new(Current, reported, evidence.Pods, Tolerance(), evidence.Now);
        List<MetricVerdict> verdicts = [.. metrics.Select(metric =>
            new AutoscaleMetric(new MetricQuery(autoscaler.Namespace(), metric, evidence.Pods, reported, evidence.Now), source, calculator).Evaluate())];
        currentMetrics = new ListNode(verdicts.Select(verdict => verdict.Status));
        List<MetricProblem> problems = [.. verdicts.Select(verdict => verdict.Problem).OfType<MetricProblem>()];
        Events.AddRange(problems.Select(problem => (problem.Reason, problem.Message)));
        MetricVerdict? largest = verdicts.Where(verdict => verdict.Replicas is not null).MaxBy(verdict => verdict.Replicas);
        if (largest?.Replicas is not { } replicas || (problems.Count > 0 && replicas < Current))
        {
            MetricProblem? first = problems.FirstOrDefault();
            if (first is not null)
            {
                Put("ScalingActive", false, first.Reason, $"the HPA was unable to compute the replica count: {first.Message}");
                Events.Add(("FailedComputeMetricsReplicas", string.Create(CultureInfo.InvariantCulture, $"invalid metrics ({problems.Count} invalid out of {metrics.Count}), first error is: {first.Summary}")));
            }

            return null;
        }

        Put("ScalingActive", true, "ValidMetricFound", $"the HPA was able to successfully calculate a replica count from {largest.Name}");
        return (replicas, largest.Name);
    }

    private Tolerance Tolerance()
    {
        double Of(string direction, double otherwise) =>
            autoscaler.Spec()["behavior"]?[direction]?["tolerance"] is { } own ? Quantity.Of(own).ToDouble() : otherwise;
        return new Tolerance(Of("scaleDown", Policy.Tolerance.Default.Down), Of("scaleUp", Policy.Tolerance.Default.Up));
    }

    private bool IsSelectorUsable(MapNode scale)
    {
        string selector = scale.Status().Text("selector");
        if (selector.Length == 0)
        {
            Fail("ScalingActive", "InvalidSelector", "selector is required", "the HPA target's scale is missing a selector", "SelectorRequired");
        }
        else if (evidence.Rivals.Count > 0)
        {
            string message = $"pods by selector {selector} are controlled by multiple HPAs: [{string.Join(' ', evidence.Rivals)}]";
            Fail("ScalingActive", "AmbiguousSelector", message, message);
        }
        else
        {
            return true;
        }

        Events.Add(("FailedComputeMetricsReplicas", Events[^1].Message));
        currentMetrics = null;
        return false;
    }

    private void Fail(string type, string reason, string problem, string message, string? eventReason = null)
    {
        Events.Add((eventReason ?? reason, problem));
        Put(type, false, reason, message);
    }

    private void Put(string type, bool value, string reason, string message)
    {
        string text = value ? "True" : "False";
        int at = conditions.ToList().FindIndex(condition => condition["type"]?.AsString() == type);
        MapNode condition = new()
        {
            ["type"] = type,
            ["status"] = text,
            ["lastTransitionTime"] = at >= 0 && conditions[at]["status"]?.AsString() == text ? conditions[at]["lastTransitionTime"]! : evidence.Now.Stamp(),
            ["reason"] = reason,
            ["message"] = message,
        };
        if (at >= 0)
        {
            conditions[at] = condition;
        }
        else
        {
            conditions.Add(condition);
        }
    }
}
