using System.Globalization;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Controllers.Policy;

/// <param name="Rescale">The size to give the target; null when it has it.</param>
/// <param name="Why">Why it is rescaled, for the event.</param>
/// <param name="Problem">Why the target cannot be scaled; empty when it can.</param>
internal sealed record AutoscaleDecision(int? Rescale, string Why, string Problem, MapNode Status)
{
    // Within the tolerance of ten per cent, so that no metric asks for another size.
    private const int SimulatedPercent = 95;

    public static AutoscaleDecision Decide(MapNode autoscaler, MapNode? scale, string problem, DateTimeOffset now)
    {
        MapNode before = autoscaler.Status();
        ListNode conditions = before["conditions"]?.DeepClone() as ListNode ?? new ListNode();
        if (scale is null)
        {
            Put(conditions, "AbleToScale", "False", "FailedGetScale", $"the HPA controller was unable to get the target's current scale: {problem}", now);
            MapNode failed = new() { ["desiredReplicas"] = before.Int("desiredReplicas"), ["currentMetrics"] = before["currentMetrics"] ?? Node.Null, ["conditions"] = conditions };
            failed["currentReplicas"] = before.Int("currentReplicas");
            return new AutoscaleDecision(null, string.Empty, problem, failed);
        }

        int current = scale.Spec().Int("replicas");
        int least = autoscaler.Spec().Int("minReplicas", 1);
        int most = autoscaler.Spec().Int("maxReplicas", least);
        MapNode status = new() { ["currentReplicas"] = scale.Status().Int("replicas"), ["conditions"] = conditions };
        if (before["lastScaleTime"] is { } last)
        {
            status["lastScaleTime"] = last;
        }

        if (current == 0 && least != 0)
        {
            status["desiredReplicas"] = 0;
            Put(conditions, "AbleToScale", "True", "SucceededGetScale", "the HPA controller was able to get the target's current scale", now);
            Put(conditions, "ScalingActive", "False", "ScalingDisabled", "scaling is disabled since the replica count of the target is zero", now);
            return new AutoscaleDecision(null, string.Empty, string.Empty, status);
        }

        int desired = Math.Clamp(current, least, Math.Max(least, most));
        status["desiredReplicas"] = desired;
        List<MapNode> metrics = [.. autoscaler.Spec()["metrics"].Maps()];
        status["currentMetrics"] = new ListNode(metrics.Select(Simulate));
        NoteScaling(conditions, metrics, current, desired, now);
        if (desired == current)
        {
            return new AutoscaleDecision(null, string.Empty, string.Empty, status);
        }

        status["lastScaleTime"] = now.Stamp();
        string why = desired > current ? "Current number of replicas below Spec.MinReplicas" : "Current number of replicas above Spec.MaxReplicas";
        return new AutoscaleDecision(desired, why, string.Empty, status);
    }

    private static void NoteScaling(ListNode conditions, List<MapNode> metrics, int current, int desired, DateTimeOffset now)
    {
        if (desired != current)
        {
            Put(conditions, "AbleToScale", "True", "SucceededRescale", string.Create(CultureInfo.InvariantCulture, $"the HPA controller was able to update the target scale to {desired}"), now);
        }
        else
        {
            Put(conditions, "AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size", now);
        }

        Put(conditions, "ScalingActive", "True", "ValidMetricFound", $"the HPA was able to successfully calculate a replica count from {Describe(metrics.FirstOrDefault())}", now);
        if (desired > current)
        {
            Put(conditions, "ScalingLimited", "True", "TooFewReplicas", "the desired replica count is less than the minimum replica count", now);
        }
        else if (desired < current)
        {
            Put(conditions, "ScalingLimited", "True", "TooManyReplicas", "the desired replica count is more than the maximum replica count", now);
        }
        else
        {
            Put(conditions, "ScalingLimited", "False", "DesiredWithinRange", "the desired count is within the acceptable range", now);
        }
    }

    private static string Describe(MapNode? metric) => metric.Text("type") switch
    {
        "Resource" when metric!["resource"]?["target"]?["type"]?.AsString() == "Utilization" => $"{metric["resource"]!["name"]} resource utilization (percentage of request)",
        "Resource" => $"{metric!["resource"]?["name"]} resource",
        "ContainerResource" => $"{metric!["containerResource"]?["name"]} container resource utilization (percentage of request)",
        "Pods" => $"pods metric {metric!["pods"]?["metric"]?["name"]}",
        "Object" => $"{metric!["object"]?["describedObject"]?["kind"]} metric {metric["object"]?["metric"]?["name"]}",
        "External" => $"external metric {metric!["external"]?["metric"]?["name"]}(nil)",
        _ => "cpu resource utilization (percentage of request)",
    };

    // The metric with a current value of 95 % of its target.
    private static MapNode Simulate(MapNode metric)
    {
        string type = metric.Text("type");
        string member = type.Length == 0 ? type : char.ToLowerInvariant(type[0]) + type[1..];
        MapNode source = metric[member].CopyOf();
        Node? target = source["target"];
        MapNode current = new();
        if (target?["averageUtilization"]?.AsInteger() is { } utilization)
        {
            current["averageUtilization"] = (int)(utilization * SimulatedPercent / 100);
            current["averageValue"] = "0";
        }

        foreach (string key in (ReadOnlySpan<string>)["averageValue", "value"])
        {
            if (target?[key] is { } wanted)
            {
                Quantity quantity = Quantity.Of(wanted);
                current[key] = Quantity.OfMillis(quantity.Nano * SimulatedPercent / 100_000_000, quantity.Notation).ToString();
            }
        }

        source.Remove("target");
        source["current"] = current;
        return new MapNode { ["type"] = type, [member] = source };
    }

    private static void Put(ListNode conditions, string type, string value, string reason, string message, DateTimeOffset now)
    {
        MapNode? before = conditions.Maps().FirstOrDefault(condition => condition.Text("type") == type);
        MapNode condition = new()
        {
            ["type"] = type,
            ["status"] = value,
            ["lastTransitionTime"] = before.Text("status") == value ? before!["lastTransitionTime"]! : now.Stamp(),
            ["reason"] = reason,
            ["message"] = message,
        };
        for (int i = 0; i < conditions.Count; i++)
        {
            if (conditions[i]["type"]?.AsString() == type)
            {
                conditions[i] = condition;
                return;
            }
        }

        conditions.Add(condition);
    }
}
