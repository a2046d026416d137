using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Policy;

/// <summary>A size within all limits, and what to say about it.</summary>
/// <param name="Stabilized">The condition AbleToScale.</param>
/// <param name="Limit">The condition ScalingLimited; it is true when <paramref name="IsLimited"/>.</param>
internal sealed record BoundedSize(int Replicas, (string Reason, string Message) Stabilized, bool IsLimited, (string Reason, string Message) Limit);

/// <summary>
/// Stabilization windows and scaling policies
/// (kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale, "Configurable scaling behavior").
/// </summary>
internal sealed class AutoscaleBehavior(MapNode spec, AutoscalerMemory memory, DateTimeOffset now)
{
    private const int DefaultDownWindow = 300;
    private static readonly (string Reason, string Message) Ready = ("ReadyForNewScale", "recommended size matches current size");
    private static readonly (string Reason, string Message) InRange = ("DesiredWithinRange", "the desired count is within the acceptable range");
    private static readonly (string Reason, string Message) TooMany = ("TooManyReplicas", "the desired replica count is more than the maximum replica count");
    private static readonly (string Reason, string Message) TooFew = ("TooFewReplicas", "the desired replica count is less than the minimum replica count");
    private static readonly (string Reason, string Message) TooFastUp = ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate");
    private static readonly (string Reason, string Message) TooFastDown = ("ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate");
    private static readonly (string Reason, string Message) HeldUp = ("ScaleDownStabilized", "recent recommendations were higher than current one, applying the highest recent recommendation");
    private static readonly (string Reason, string Message) HeldDown = ("ScaleUpStabilized", "recent recommendations were lower than current one, applying the lowest recent recommendation");
    private readonly MapNode? up = spec["behavior"]?["scaleUp"] as MapNode;
    private readonly MapNode? down = spec["behavior"]?["scaleDown"] as MapNode;

    private int Least => spec.Int("minReplicas", 1);

    private int Most => spec.Int("maxReplicas", Least);

    public BoundedSize Bound(int current, int recommended)
    {
        int stable = Stabilize(current, recommended);
        (string, string) stabilized = stable == recommended ? Ready : recommended >= current && spec["behavior"] is MapNode ? HeldDown : HeldUp;
        (int replicas, (string, string) limit) = spec["behavior"] is MapNode ? Limit(current, stable) : LimitByDefault(current, stable);
        return new BoundedSize(replicas, stabilized, replicas != stable, limit);
    }

    private int Stabilize(int current, int recommended)
    {
        TimeSpan upWindow = TimeSpan.FromSeconds(up.Int("stabilizationWindowSeconds"));
        TimeSpan downWindow = TimeSpan.FromSeconds(down.Int("stabilizationWindowSeconds", DefaultDownWindow));
        int lowest = memory.Within(upWindow, now).Append(recommended).Min();
        int highest = memory.Within(downWindow, now).Append(recommended).Max();
        memory.Recommend(recommended, now);
        return spec["behavior"] is MapNode ? Math.Min(Math.Max(current, lowest), highest) : highest;
    }

    // Without behavior: at most twice as many at a time, four at the least.
    private (int, (string, string)) LimitByDefault(int current, int wanted)
    {
        int fastest = Math.Max(2 * current, 4);
        (int most, (string, string) reason) = Most > fastest ? (fastest, TooFastUp) : (Most, TooMany);
        return wanted < Least ? (Least, TooFew) : wanted > most ? (most, reason) : (wanted, InRange);
    }

    private (int, (string, string)) Limit(int current, int wanted)
    {
        if (wanted > current)
        {
            int fastest = Math.Max(current, Fastest(up, current, isUp: true));
            (int most, (string, string) reason) = Most > fastest ? (fastest, TooFastUp) : (Most, TooMany);
            return wanted > most ? (most, reason) : (wanted, InRange);
        }

        if (wanted < current)
        {
            int fastest = Math.Min(current, Fastest(down, current, isUp: false));
            (int least, (string, string) reason) = Least < fastest ? (fastest, TooFastDown) : (Least, TooFew);
            return wanted < least ? (least, reason) : (wanted, InRange);
        }

        return (wanted, InRange);
    }

    // The size that the policies allow at most (or least); of several the one with the greatest change, or with Min the smallest.
    private int Fastest(MapNode? rules, int current, bool isUp)
    {
        string select = rules.Text("selectPolicy");
        if (select == "Disabled")
        {
            return current;
        }

        List<int> sizes = [.. Policies(rules, isUp).Select(policy => SizeBy(policy, current, isUp))];
        return isUp == (select != "Min") ? sizes.Max() : sizes.Min();
    }

    private int SizeBy((string Type, int Value, int Period) policy, int current, bool isUp)
    {
        int start = current - memory.ChangeWithin(TimeSpan.FromSeconds(policy.Period), now);
        return (policy.Type, isUp) switch
        {
            ("Pods", true) => start + policy.Value,
            ("Pods", false) => start - policy.Value,
            (_, true) => (int)Math.Min(int.MaxValue, Math.Ceiling(start * (1 + (policy.Value / 100.0)))),
            (_, false) => (int)(start * (1 - (policy.Value / 100.0))),
        };
    }

    private static IEnumerable<(string Type, int Value, int Period)> Policies(MapNode? rules, bool isUp)
    {
        if (rules?["policies"] is ListNode { Count: > 0 } policies)
        {
            return policies.Maps().Select(policy => (policy.Text("type"), policy.Int("value"), policy.Int("periodSeconds")));
        }

        return isUp ? [("Pods", 4, 15), ("Percent", 100, 15)] : [("Percent", 100, 15)];
    }
}
