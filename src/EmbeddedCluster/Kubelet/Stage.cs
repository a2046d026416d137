using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>How fast simulated pods move.</summary>
public enum StageTiming
{
    /// <summary>Everything at once: only what was asked for takes time.</summary>
    Immediate,

    /// <summary>Containers take time to be made, and readiness follows the pod's own probes.</summary>
    Probes,
}

/// <summary>One step in the life of pods or nodes that a user declares, as KWOK does (<c>kwok.x-k8s.io/v1alpha1</c>, kind Stage).</summary>
internal sealed record Stage(string Name, string Kind, StageSelector Selector, MapNode Next)
{
    private const int HeaviestWeight = 1_000_000;

    public int Weight { get; private init; }

    private StageExpression? WeightFrom { get; init; }

    private long Delay { get; init; }

    private StageExpression? DelayFrom { get; init; }

    private long? Jitter { get; init; }

    private StageExpression? JitterFrom { get; init; }

    /// <exception cref="StageException">A member that is missing or not understood.</exception>
    public static Stage Of(MapNode document)
    {
        MapNode spec = document.Spec();
        string kind = (spec["resourceRef"] as MapNode).Text("kind");
        if (kind is not ("Pod" or "Node"))
        {
            throw new StageException($"spec.resourceRef.kind \"{kind}\": expected Pod or Node");
        }

        if (spec["selector"] is not MapNode selector || spec["next"] is not MapNode next)
        {
            throw new StageException("spec.selector and spec.next are required");
        }

        MapNode? delay = spec["delay"] as MapNode;
        return new Stage(document.Name(), kind, StageSelector.Of(selector), next)
        {
            Weight = Math.Clamp(spec.Int("weight"), 0, HeaviestWeight),
            WeightFrom = From(spec["weightFrom"]),
            Delay = Math.Max(0, delay?["durationMilliseconds"]?.AsInteger() ?? 0),
            DelayFrom = From(delay?["durationFrom"]),
            Jitter = delay?["jitterDurationMilliseconds"]?.AsInteger(),
            JitterFrom = From(delay?["jitterDurationFrom"]),
        };
    }

    public bool Delete => Next.Flag("delete");

    public int WeightFor(MapNode node) =>
        WeightFrom?.Evaluate(node).FirstOrDefault() is { } value && int.TryParse(StageExpression.TextOf(value), out int weight) ? Math.Clamp(weight, 0, HeaviestWeight) : Weight;

    /// <summary>How long to wait before the stage is entered; a value from an expression may also be a moment.</summary>
    public TimeSpan DelayFor(MapNode node, DateTimeOffset now, Random random)
    {
        TimeSpan delay = Value(DelayFrom, node, now) ?? Milliseconds(Delay);
        TimeSpan? jitter = Value(JitterFrom, node, now) ?? (Jitter is { } given ? Milliseconds(given) : null);
        return jitter is null ? delay
            : jitter <= delay ? jitter.Value
            : delay + TimeSpan.FromTicks((long)((jitter.Value - delay).Ticks * random.NextDouble()));
    }

    private static TimeSpan Milliseconds(long value) => TimeSpan.FromMilliseconds(Math.Clamp(value, 0, (long)TimeSpan.FromDays(3650).TotalMilliseconds));

    private static TimeSpan? Value(StageExpression? from, MapNode node, DateTimeOffset now)
    {
        if (from?.Evaluate(node).FirstOrDefault() is not { } value)
        {
            return null;
        }

        string text = StageExpression.TextOf(value);
        return Behaviour.Duration(text) ?? (value.Time() is { } moment ? moment > now ? moment - now : TimeSpan.Zero : null);
    }

    private static StageExpression? From(Node? source) => source?["expressionFrom"]?.AsString() is { } text ? StageExpression.Parse(text) : null;
}
