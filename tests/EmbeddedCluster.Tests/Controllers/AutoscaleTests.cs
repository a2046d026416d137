using System.Globalization;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Controllers.Policy;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Tests.Controllers;

/// <summary>
/// The documented algorithm as a table; every case names where it is written. "doc" is
/// kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale, "api" the reference of autoscaling/v2.
/// </summary>
public sealed class AutoscaleTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private const string Cpu50 = "{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}";
    private const string Cpu150 = "{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 150}}}";
    private const string CpuPlain = "{type: Resource, resource: {name: cpu, target: {type: AverageValue, averageValue: 500m}}}";
    private const string Container = "{type: ContainerResource, containerResource: {name: cpu, container: c, target: {type: Utilization, averageUtilization: 50}}}";
    private const string OtherContainer = "{type: ContainerResource, containerResource: {name: cpu, container: none, target: {type: Utilization, averageUtilization: 50}}}";
    private const string PodsMetric = "{type: Pods, pods: {metric: {name: rps}, target: {type: AverageValue, averageValue: '100'}}}";
    private const string ObjectValue = "{type: Object, object: {metric: {name: hits}, describedObject: {kind: Ingress, name: main}, target: {type: Value, value: '100'}}}";
    private const string ObjectAverage = "{type: Object, object: {metric: {name: hits}, describedObject: {kind: Ingress, name: main}, target: {type: AverageValue, averageValue: '100'}}}";
    private const string ExternalValue = "{type: External, external: {metric: {name: queue}, target: {type: Value, value: '100'}}}";
    private const string ExternalAverage = "{type: External, external: {metric: {name: queue}, target: {type: AverageValue, averageValue: '100'}}}";
    private const string Unknown = "{type: External, external: {metric: {name: gone}, target: {type: Value, value: '100'}}}";
    private const string Gpu = "{type: Resource, resource: {name: example.com/gpu, target: {type: Utilization, averageUtilization: 50}}}";
    private const string ContainerPlain = "{type: ContainerResource, containerResource: {name: cpu, container: c, target: {type: AverageValue, averageValue: 500m}}}";
    private const string UnknownPods = "{type: Pods, pods: {metric: {name: gone}, target: {type: AverageValue, averageValue: '100'}}}";
    private const string UnknownObject = "{type: Object, object: {metric: {name: gone}, describedObject: {kind: Ingress, name: main}, target: {type: Value, value: '100'}}}";
    private const string Memory = "{type: Resource, resource: {name: memory, target: {type: Utilization, averageUtilization: 50}}}";

    // Pods: usage in thousandths; "!" not ready, "?" no figure, "~" pending, "x" being deleted, "f" failed, "*" started a minute ago, "-" not ready since its start an hour ago. Every pod asks for 1.
    public static TheoryData<string, string, int, string[], string, long, int, string> Cases => new()
    {
        // Basics.
        { "usage at the target keeps the size", "doc: algorithm details, ceil(current × metric / target)", 2, [Cpu50], "500 500", 0, 2, "ValidMetricFound" },
        { "twice the usage doubles", "doc: example 200m of 100m", 2, [Cpu50], "1000 1000", 0, 4, "ValidMetricFound" },
        { "half the usage halves", "doc: example 50m of 100m", 4, [Cpu50], "250 250 250 250", 0, 2, "ValidMetricFound" },
        { "the result is rounded up", "doc: ceil", 3, [Cpu50], "600 600 600", 0, 4, "ValidMetricFound" },
        { "a ratio within a tenth is ignored", "doc: globally-configurable tolerance, 0.1 by default", 10, [Cpu50], "540 540 540 540 540 540 540 540 540 540", 0, 10, "ValidMetricFound" },
        { "the edge of the tolerance belongs to it", "doc: sufficiently close to 1.0", 10, [Cpu50], "550 550 550 550 550 550 550 550 550 550", 0, 10, "ValidMetricFound" },
        { "just beyond the tolerance counts", "doc: tolerance", 10, [Cpu50], "560 560 560 560 560 560 560 560 560 560", 0, 12, "ValidMetricFound" },
        { "a plain average works alike", "api: averageValue", 2, [CpuPlain], "1000 1000", 0, 4, "ValidMetricFound" },
        { "a container's own usage counts", "doc: container resource metrics", 2, [Container], "1000 1000", 0, 4, "ValidMetricFound" },
        { "a container that no pod has gives nothing", "doc: container resource metrics", 2, [OtherContainer], "1000 1000", 0, 2, "FailedGetContainerResourceMetric" },

        // Pods that do not count.
        { "a deleted pod is set aside", "doc: pods with a deletion timestamp are ignored", 3, [Cpu50], "500 500 5000x", 0, 3, "ValidMetricFound" },
        { "a failed pod is set aside", "doc: failed pods are discarded", 3, [Cpu50], "500 500 5000f", 0, 3, "ValidMetricFound" },
        { "missing figures damp a scale-up as idle", "doc: missing metrics, 0% on scale up", 3, [Cpu50], "1000 1000 ?", 0, 4, "ValidMetricFound" },
        { "missing figures stop a scale-up that they turn around", "doc: would reverse the direction, no action", 4, [Cpu50], "600 600 ? ?", 0, 4, "ValidMetricFound" },
        { "missing figures hold a scale-down as fully used", "doc: missing metrics, 100% on scale down", 4, [Cpu50], "200 200 200 ?", 0, 4, "ValidMetricFound" },
        { "above 100% the target itself fills the gap", "doc: 100% of the desired value", 4, [Cpu150], "300 300 300 ?", 0, 2, "ValidMetricFound" },
        { "a pod that was never ready damps a scale-up", "doc: not yet ready, 0% on scale up", 3, [Cpu50], "1000 1000 1000!*", 0, 4, "ValidMetricFound" },
        { "a pod that was never ready is no part of a scale-down", "doc: not yet ready set aside", 3, [Cpu50], "250 250 250!*", 0, 1, "ValidMetricFound" },
        { "a pending pod damps a scale-up", "doc: not yet ready", 3, [Cpu50], "1000 1000 ~", 0, 4, "ValidMetricFound" },
        { "readiness lost later counts", "doc: --horizontal-pod-autoscaler-initial-readiness-delay", 2, [Cpu50], "1000 1000!", 0, 4, "ValidMetricFound" },
        { "a figure from before the pod was ready is not used", "doc: --horizontal-pod-autoscaler-cpu-initialization-period", 2, [Cpu50], "1000 9000*", 0, 2, "ValidMetricFound" },
        { "a pod that was never ready within its initial delay is set aside for good", "doc: --horizontal-pod-autoscaler-initial-readiness-delay, 30 s", 2, [Cpu50], "500 5000-", 0, 2, "ValidMetricFound" },
        { "a pod that was never ready damps a scale-up even an hour later", "doc: not yet ready, 0% on scale up", 3, [Cpu50], "1000 1000 1000-", 0, 4, "ValidMetricFound" },
        { "within the initialization period a pod that is not ready does not count, whenever it was", "doc: --horizontal-pod-autoscaler-cpu-initialization-period, 5 min", 2, [Cpu50], "500 5000!*", 0, 2, "ValidMetricFound" },
        { "only unready pods leave no figure", "upstream: did not receive metrics for any ready pods", 2, [Cpu50], "500!* 500-", 0, 2, "FailedGetResourceMetric" },
        { "a pending pod is no part of a scale-down", "doc: not yet ready set aside", 3, [Cpu50], "200 200 ~", 0, 1, "ValidMetricFound" },
        { "unready and missing pods together damp a scale-up", "doc: 0% on scale up for both", 4, [Cpu50], "2000 ? 1000!* 2000", 0, 8, "ValidMetricFound" },
        { "more measured pods than the size never turn a scale-down into growth", "upstream: a change of the number of metrics must not change direction", 2, [Cpu50], "300 300 300 ?", 0, 2, "ValidMetricFound" },
        { "a deleted pod without figures is not missing", "doc: pods with a deletion timestamp are ignored", 3, [Cpu50], "1000 1000 ?x", 0, 4, "ValidMetricFound" },
        { "a plain average counts missing pods as at the target when shrinking", "doc: missing metrics, 100% on scale down", 4, [CpuPlain], "200 200 200 ?", 0, 3, "ValidMetricFound" },
        { "a resource that no container requests gives nothing", "doc: if some containers have no request set, utilization is not defined", 2, [Gpu], "500 500", 0, 2, "FailedGetResourceMetric" },
        { "a plain average of a container needs no request", "api: averageValue of a container resource", 2, [ContainerPlain], "1000 1000", 0, 4, "ValidMetricFound" },
        { "readiness is of no interest to memory", "doc: only when scaling on CPU", 2, [Memory], "1000 1000!*", 0, 4, "ValidMetricFound" },
        { "no figure at all changes nothing", "doc: missing metrics", 2, [Cpu50], "? ?", 0, 2, "FailedGetResourceMetric" },
        { "no pod at all changes nothing", "api: ScalingActive", 2, [Cpu50], "", 0, 2, "FailedGetResourceMetric" },

        // Other kinds.
        { "a metric of the pods", "doc: custom metrics, pods", 2, [PodsMetric], "150000 250000", 0, 4, "ValidMetricFound" },
        { "a value of an object", "doc: custom metrics, object", 2, [ObjectValue], "0 0", 200_000, 4, "ValidMetricFound" },
        { "a value of an object counts ready pods only", "doc: algorithm details", 2, [ObjectValue], "0 0!", 200_000, 2, "ValidMetricFound" },
        { "a value of an object shared by pods", "api: averageValue of an object", 2, [ObjectAverage], "0 0", 400_000, 4, "ValidMetricFound" },
        { "an external value", "doc: external metrics", 2, [ExternalValue], "0 0", 150_000, 3, "ValidMetricFound" },
        { "an external value shared by pods", "doc: external metrics, averageValue", 2, [ExternalAverage], "0 0", 290_000, 3, "ValidMetricFound" },
        { "an external metric that nobody has", "api: ScalingActive", 2, [Unknown], "0 0", 0, 2, "FailedGetExternalMetric" },

        { "a metric of the pods counts missing ones as idle when growing", "doc: missing metrics, 0% on scale up", 3, [PodsMetric], "200000 200000 ?", 0, 4, "ValidMetricFound" },
        { "a metric of the pods counts pods that are not ready", "doc: only when scaling on CPU", 2, [PodsMetric], "200000 200000!*", 0, 4, "ValidMetricFound" },
        { "a metric that no pod has", "api: ScalingActive", 2, [UnknownPods], "0 0", 0, 2, "FailedGetPodsMetric" },
        { "a value of an object within the tolerance", "doc: tolerance", 2, [ObjectValue], "0 0", 109_000, 2, "ValidMetricFound" },
        { "a value of an object below the target", "doc: algorithm details", 4, [ObjectValue], "0 0 0 0", 50_000, 2, "ValidMetricFound" },
        { "a metric that an object has not", "api: ScalingActive", 2, [UnknownObject], "0 0", 0, 2, "FailedGetObjectMetric" },
        { "a shared value within the tolerance", "doc: tolerance", 4, [ExternalAverage], "0 0 0 0", 430_000, 4, "ValidMetricFound" },
        { "a shared value is of no interest to readiness", "api: averageValue of an external metric", 2, [ExternalAverage], "0! ~", 400_000, 4, "ValidMetricFound" },
        { "an external value counts ready pods only", "doc: algorithm details", 3, [ExternalValue], "0 0 0!", 200_000, 4, "ValidMetricFound" },
        { "an external value of nothing shrinks to the least", "api: minReplicas", 3, [ExternalValue], "0 0 0", 0, 1, "ValidMetricFound" },

        // Several.
        { "all of them failing tell of the first", "upstream: the condition is the first invalid metric's", 2, [UnknownPods, Unknown], "0 0", 0, 2, "FailedGetPodsMetric" },
        { "the largest of several wins when all shrink", "doc: multiple metrics, the largest is chosen", 6, [Cpu50, ExternalAverage], "250 250 250 250 250 250", 400_000, 4, "ValidMetricFound" },
        { "the largest of several wins", "doc: multiple metrics, the largest is chosen", 2, [Cpu50, ExternalAverage], "600 600", 400_000, 4, "ValidMetricFound" },
        { "one that fails does not stop a scale-up", "doc: if any fail and the others scale up, still scale", 2, [Cpu50, Unknown], "1000 1000", 0, 4, "ValidMetricFound" },
        { "one that fails stops a scale-down", "doc: if any fail, no scale down", 4, [Cpu50, Unknown], "100 100 100 100", 0, 4, "FailedGetExternalMetric" },
        { "one that fails lets things be", "doc: multiple metrics", 2, [Cpu50, Unknown], "500 500", 0, 2, "ValidMetricFound" },

        // Off.
        { "a target of zero replicas is left alone", "doc: scaling to zero disables the autoscaler", 0, [Cpu50], "", 0, 0, "ScalingDisabled" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_documented_algorithm_holds(string name, string source, int current, string[] metrics, string pods, long value, int expected, string active)
    {
        AutoscalerMemory memory = new();
        memory.Begin(current, Start.AddMinutes(-10));
        AutoscaleDecision decision = Decide(current, metrics, pods, value, string.Empty, memory, Start);
        MapNode status = decision.Status(null);
        Assert.True(source.Length > 0 && expected == (decision.Rescale ?? current), $"{name}: {decision.Rescale ?? current}, not {expected} ({source})");
        Assert.Equal(active, status.Condition("ScalingActive").Text("reason"));
    }

    // Steps "second:recommendation=expected"; the metric is external and shared, so that a value of n·100 asks for n.
    [Theory]
    [InlineData("doc: default scale-down window of 300 s", "", 10, "0:10=10 15:4=10 290:4=10 301:4=4")]
    [InlineData("doc: no window for scaling up by default", "", 2, "0:4=4 15:8=8")]
    [InlineData("upstream: without behavior at most twice as many, four at the least", "", 1, "0:20=4 15:20=8 30:20=16 45:20=20")]
    [InlineData("api: scaleUp policies by default 4 pods or 100% per 15 s, the larger", "{scaleUp: {}, scaleDown: {}}", 1, "0:20=5 15:20=10 30:20=20")]
    [InlineData("api: policy of pods per period", "{scaleUp: {policies: [{type: Pods, value: 2, periodSeconds: 60}]}}", 2, "0:20=4 15:20=4 61:20=6")]
    [InlineData("api: policy of percent, rounded up", "{scaleUp: {policies: [{type: Percent, value: 10, periodSeconds: 60}]}}", 5, "0:20=6 15:20=6 61:20=7")]
    [InlineData("api: selectPolicy Min takes the smallest change", "{scaleUp: {selectPolicy: Min, policies: [{type: Pods, value: 1, periodSeconds: 15}, {type: Percent, value: 100, periodSeconds: 15}]}}", 4, "0:20=5 16:20=6")]
    [InlineData("api: selectPolicy Disabled forbids scaling up", "{scaleUp: {selectPolicy: Disabled}}", 4, "0:20=4 60:20=4")]
    [InlineData("api: selectPolicy Disabled forbids scaling down", "{scaleDown: {selectPolicy: Disabled, stabilizationWindowSeconds: 0}}", 8, "0:2=8 600:2=8")]
    [InlineData("doc: scale down one pod per minute", "{scaleDown: {stabilizationWindowSeconds: 0, policies: [{type: Pods, value: 1, periodSeconds: 60}]}}", 8, "0:2=7 15:2=7 61:2=6 122:2=5")]
    [InlineData("doc: scale down 10% per minute", "{scaleDown: {stabilizationWindowSeconds: 0, policies: [{type: Percent, value: 10, periodSeconds: 60}]}}", 20, "0:2=18 61:2=16")]
    [InlineData("doc: stabilization window of scaling up waits for the lowest", "{scaleUp: {stabilizationWindowSeconds: 60}}", 2, "0:8=2 30:6=2 61:8=6")]
    [InlineData("doc: a window of 0 scales down at once", "{scaleDown: {stabilizationWindowSeconds: 0}}", 8, "0:2=2")]
    [InlineData("api: scaleUp.tolerance per autoscaler", "{scaleUp: {tolerance: '0.5'}}", 10, "0:14=10 15:16=16")]
    [InlineData("api: scaleDown.tolerance per autoscaler", "{scaleDown: {tolerance: '0', stabilizationWindowSeconds: 0}}", 20, "0:19=19")]
    [InlineData("api: maxReplicas bounds", "", 10, "0:40=20 15:40=20")]
    [InlineData("api: maxReplicas bounds with behavior too", "{scaleUp: {policies: [{type: Percent, value: 900, periodSeconds: 15}]}}", 10, "0:40=20 15:40=20")]
    [InlineData("api: minReplicas bounds", "{scaleDown: {stabilizationWindowSeconds: 0}}", 4, "0:0=1")]
    [InlineData("api: of policies with several periods each looks back its own", "{scaleUp: {policies: [{type: Pods, value: 2, periodSeconds: 15}, {type: Pods, value: 3, periodSeconds: 120}], selectPolicy: Min}}", 2, "0:20=4 16:20=5 32:20=5 121:20=7 137:20=8")]
    [InlineData("api: of policies with several periods the larger change wins by default", "{scaleUp: {policies: [{type: Pods, value: 1, periodSeconds: 15}, {type: Pods, value: 4, periodSeconds: 60}]}}", 2, "0:20=6 16:20=7 32:20=8 61:20=10")]
    [InlineData("api: selectPolicy Min of scaling down takes the smallest change", "{scaleDown: {stabilizationWindowSeconds: 0, selectPolicy: Min, policies: [{type: Pods, value: 4, periodSeconds: 60}, {type: Percent, value: 10, periodSeconds: 60}]}}", 20, "0:2=18 61:2=16")]
    [InlineData("api: selectPolicy Max of scaling down takes the greatest change", "{scaleDown: {stabilizationWindowSeconds: 0, policies: [{type: Pods, value: 4, periodSeconds: 60}, {type: Percent, value: 10, periodSeconds: 60}]}}", 20, "0:2=16 61:2=12")]
    [InlineData("upstream: a period's shrink is measured from the size that it began with, before what was added", "{scaleUp: {}, scaleDown: {stabilizationWindowSeconds: 0, policies: [{type: Pods, value: 2, periodSeconds: 60}]}}", 4, "0:8=8 15:2=2")]
    [InlineData("doc: a window of scaling down restores the highest within it", "{scaleDown: {stabilizationWindowSeconds: 60}}", 10, "0:10=10 30:3=10 59:6=10 61:3=6 125:3=3")]
    [InlineData("doc: both windows leave a size between the lowest and the highest alone", "{scaleUp: {stabilizationWindowSeconds: 60}, scaleDown: {stabilizationWindowSeconds: 60}}", 5, "0:5=5 15:9=5 30:2=5 45:9=5")]
    [InlineData("api: scaleUp.tolerance of 0 moves at once", "{scaleUp: {tolerance: '0'}}", 20, "0:20=20")]
    [InlineData("api: tolerances of both directions are their own", "{scaleUp: {tolerance: '0.5'}, scaleDown: {tolerance: '0', stabilizationWindowSeconds: 0}}", 10, "0:14=10 15:9=9")]
    public void Windows_and_policies_hold_over_time(string source, string behavior, int start, string steps)
    {
        AutoscalerMemory memory = new();
        int current = start;
        foreach (string step in steps.Split(' '))
        {
            string[] parts = step.Split(':', '=');
            DateTimeOffset now = Start.AddSeconds(int.Parse(parts[0], CultureInfo.InvariantCulture));
            long value = long.Parse(parts[1], CultureInfo.InvariantCulture) * 100_000;
            AutoscaleDecision decision = Decide(current, [ExternalAverage], string.Join(' ', Enumerable.Repeat("0", current)), value, behavior, memory, now);
            if (decision.Rescale is { } size)
            {
                memory.NoteChange(current, size, now);
                current = size;
            }

            Assert.True(current == int.Parse(parts[2], CultureInfo.InvariantCulture), $"{source}: {current} at {step}");
        }
    }

    [Theory]
    [InlineData(1, "", 9, "TooFewReplicas False", "Current number of replicas below Spec.MinReplicas")]
    [InlineData(30, "", 9, "", "Current number of replicas above Spec.MaxReplicas")]
    [InlineData(10, "0 0 0 0 0 0 0 0 0 0", 40, "TooManyReplicas True", "external metric queue(nil) above target")]
    [InlineData(4, "0 0 0 0", 40, "ScaleUpLimit True", "external metric queue(nil) above target")]
    [InlineData(4, "0 0 0 0", 4, "DesiredWithinRange False", "")]
    [InlineData(4, "0 0 0 0", 1, "TooFewReplicas True", "All metrics below target")]
    [InlineData(10, "", 40, "TooManyReplicas True", "external metric queue(nil) above target", "{scaleUp: {policies: [{type: Percent, value: 900, periodSeconds: 15}]}}")]
    [InlineData(10, "", 40, "ScaleUpLimit True", "external metric queue(nil) above target", "{scaleUp: {policies: [{type: Pods, value: 1, periodSeconds: 15}]}}")]
    [InlineData(10, "", 1, "TooFewReplicas True", "All metrics below target", "{scaleDown: {stabilizationWindowSeconds: 0}}")]
    [InlineData(10, "", 1, "ScaleDownLimit True", "All metrics below target", "{scaleDown: {stabilizationWindowSeconds: 0, policies: [{type: Pods, value: 1, periodSeconds: 15}]}}")]
    [InlineData(10, "", 10, "DesiredWithinRange False", "", "{scaleDown: {stabilizationWindowSeconds: 0}}")]
    public void Conditions_say_what_limits(int current, string pods, int wanted, string limited, string why, string behavior = "")
    {
        AutoscalerMemory memory = new();
        // A recommendation of long ago, that no window reaches.
        memory.Begin(current, Start.AddHours(-1));
        AutoscaleDecision decision = Decide(current, [ExternalAverage], pods, wanted * 100_000, behavior, memory, Start, least: 2);
        MapNode? condition = decision.Status(null).Condition("ScalingLimited");
        Assert.Equal(why, decision.Why);
        Assert.Equal(why.StartsWith("Current", StringComparison.Ordinal) ? string.Empty : limited, $"{condition.Text("reason")} {condition.Text("status")}".Trim());
    }

    // "behavior; what was recommended a minute ago, current, recommended now": pkg/controller/podautoscaler/horizontal.go, normalizeDesiredReplicas(WithBehaviors).
    [Theory]
    [InlineData("", 8, 8, 4, "ScaleDownStabilized", "recent recommendations were higher than current one, applying the highest recent recommendation")]
    [InlineData("{scaleDown: {}}", 8, 8, 4, "ScaleDownStabilized", "recent recommendations were higher than current one, applying the highest recent recommendation")]
    [InlineData("{scaleUp: {stabilizationWindowSeconds: 120}}", 4, 4, 8, "ScaleUpStabilized", "recent recommendations were lower than current one, applying the lowest recent recommendation")]
    [InlineData("", 4, 4, 4, "ReadyForNewScale", "recommended size matches current size")]
    public void A_window_that_holds_is_named(string behavior, int before, int current, int wanted, string reason, string message)
    {
        AutoscalerMemory memory = new();
        memory.Begin(before, Start.AddMinutes(-1));
        AutoscaleDecision decision = Decide(current, [ExternalAverage], string.Empty, wanted * 100_000, behavior, memory, Start);
        Assert.Null(decision.Rescale);
        MapNode? able = decision.Status(null).Condition("AbleToScale");
        Assert.Equal((reason, message, "True"), (able.Text("reason"), able.Text("message"), able.Text("status")));
    }

    [Fact]
    public void A_rescale_and_one_that_was_refused_are_told_apart()
    {
        AutoscaleDecision decision = Decide(2, [Cpu50], "1000 1000", 0, string.Empty, new AutoscalerMemory(), Start);
        MapNode done = decision.Status(null);
        Assert.Equal("the HPA controller was able to update the target scale to 4", done.Condition("AbleToScale").Text("message"));
        Assert.Equal(("SucceededRescale", 4, Start.Stamp()), (done.Condition("AbleToScale").Text("reason"), done.Int("desiredReplicas"), done.Text("lastScaleTime")));
        MapNode refused = decision.Status("no");
        Assert.Equal("the HPA controller was unable to update the target scale: no", refused.Condition("AbleToScale").Text("message"));
        Assert.Equal(("FailedUpdateScale", "False", 0), (refused.Condition("AbleToScale").Text("reason"), refused.Condition("AbleToScale").Text("status"), refused.Int("desiredReplicas")));
        Assert.Null(refused["lastScaleTime"]);
    }

    [Fact]
    public void A_target_that_is_not_there_is_told_and_nothing_is_measured()
    {
        AutoscaleDecision decision = AutoscaleDecision.Decide(
            Autoscaler([Cpu50], string.Empty, 1),
            new AutoscaleEvidence(null, "deployments.apps \"web\" not found", [], [], Start),
            new AbsentMetrics(),
            new AutoscalerMemory());
        Assert.Equal([("FailedGetScale", "deployments.apps \"web\" not found")], decision.Events);
        Assert.Equal("the HPA controller was unable to get the target's current scale: deployments.apps \"web\" not found", decision.Status(null).Condition("AbleToScale").Text("message"));
    }

    [Fact]
    public void A_failing_metric_is_told_in_the_words_of_kube_controller_manager()
    {
        AutoscaleDecision decision = AutoscaleDecision.Decide(
            Autoscaler([Cpu50], string.Empty, 1),
            new AutoscaleEvidence(Scale(2), string.Empty, [], [], Start),
            new AbsentMetrics(),
            new AutoscalerMemory());
        Assert.Equal("the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)", decision.Status(null).Condition("ScalingActive").Text("message"));
        Assert.Equal(["FailedGetResourceMetric", "FailedComputeMetricsReplicas"], decision.Events.Select(happened => happened.Reason));
    }

    [Fact]
    public void Two_autoscalers_of_the_same_pods_stand_still()
    {
        AutoscaleDecision decision = AutoscaleDecision.Decide(
            Autoscaler([Cpu50], string.Empty, 1),
            new AutoscaleEvidence(Scale(2), string.Empty, Pods("1000 1000"), ["{one default}", "{two default}"], Start),
            new Figures(Pods("1000 1000"), "1000 1000", 0),
            new AutoscalerMemory());
        Assert.Null(decision.Rescale);
        Assert.Equal("pods by selector app=web are controlled by multiple HPAs: [{one default} {two default}]", decision.Status(null).Condition("ScalingActive").Text("message"));
    }

    private static AutoscaleDecision Decide(int current, string[] metrics, string pods, long value, string behavior, AutoscalerMemory memory, DateTimeOffset now, int least = 1)
    {
        List<MapNode> nodes = Pods(pods);
        return AutoscaleDecision.Decide(Autoscaler(metrics, behavior, least), new AutoscaleEvidence(Scale(current), string.Empty, nodes, [], now), new Figures(nodes, pods, value), memory);
    }

    private static MapNode Autoscaler(string[] metrics, string behavior, int least) => Read($$"""
        metadata: {name: web, namespace: default}
        spec:
          minReplicas: {{least}}
          maxReplicas: 20
          metrics: [{{string.Join(", ", metrics)}}]
          {{(behavior.Length > 0 ? "behavior: " + behavior : string.Empty)}}
        """);

    private static MapNode Scale(int replicas) => Read($"{{spec: {{replicas: {replicas}}}, status: {{replicas: {replicas}, selector: app=web}}}}");

    private static List<MapNode> Pods(string pods) => [.. pods.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select((text, index) =>
    {
        bool young = text.Contains('*', StringComparison.Ordinal);
        DateTimeOffset started = young ? Start.AddMinutes(-1) : Start.AddHours(-1);
        bool never = text.Contains('-', StringComparison.Ordinal);
        DateTimeOffset changed = young ? Start.AddSeconds(-20) : never ? started.AddSeconds(5) : Start.AddMinutes(-10);
        string deleted = text.Contains('x', StringComparison.Ordinal) ? $", deletionTimestamp: '{Start.Stamp()}'" : string.Empty;
        string ready = never || text.Contains('!', StringComparison.Ordinal) ? "False" : "True";
        string phase = text.Contains('~', StringComparison.Ordinal) ? "Pending" : text.Contains('f', StringComparison.Ordinal) ? "Failed" : "Running";
        return Read($$"""
            metadata: {name: pod-{{index}} {{deleted}} }
            spec: {containers: [{name: c, resources: {requests: {cpu: 1, memory: 1} } }]}
            status:
              phase: {{phase}}
              startTime: '{{started.Stamp()}}'
              conditions: [{type: Ready, status: '{{ready}}', lastTransitionTime: '{{changed.Stamp()}}'}]
            """);
    })];

    private static MapNode Read(string yaml) => (MapNode)YamlReader.ReadAll(yaml).Single().Root;

    private sealed class Figures(List<MapNode> pods, string text, long value) : IMetricsSource
    {
        public IReadOnlyDictionary<string, PodFigure> OfPods(MetricQuery query)
        {
            if (query.Source.Text("container") == "none")
            {
                return new Dictionary<string, PodFigure>();
            }

            if (query.Source["metric"]?["name"]?.AsString() == "gone")
            {
                throw new MetricsException("unable to fetch metrics from custom metrics API: no such metric");
            }

            return pods.Zip(text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(pair => char.IsDigit(pair.Second[0]))
                .ToDictionary(pair => pair.First.Name(), pair => new PodFigure(long.Parse(pair.Second.TrimEnd('!', '*', 'x', 'f', '-'), CultureInfo.InvariantCulture), query.Now, TimeSpan.FromSeconds(30)));
        }

        public long Of(MetricQuery query) => query.Source["metric"]?["name"]?.AsString() == "gone"
            ? throw new MetricsException("unable to fetch metrics from external metrics API: no such metric")
            : value;
    }
}
