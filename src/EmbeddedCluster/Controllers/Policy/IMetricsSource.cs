using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Policy;

/// <summary>Where an autoscaler's figures come from: the metrics APIs of a real cluster, made up here.</summary>
internal interface IMetricsSource
{
    /// <summary>What the metric (<c>Resource</c>, <c>ContainerResource</c> or <c>Pods</c>) says of each pod, by name; a pod without a figure is left out.</summary>
    /// <exception cref="MetricsException">There are no figures at all.</exception>
    IReadOnlyDictionary<string, PodFigure> OfPods(MetricQuery query);

    /// <summary>The value of an <c>Object</c> metric, or the sum of an <c>External</c> one, in thousandths.</summary>
    /// <exception cref="MetricsException">There is no such figure.</exception>
    long Of(MetricQuery query);
}

/// <param name="Metric">The entry of <c>spec.metrics</c> that asks.</param>
/// <param name="Pods">The pods of the autoscaler's target.</param>
/// <param name="Replicas">How many of them there are, by the target's own account.</param>
internal sealed record MetricQuery(string Namespace, MapNode Metric, IReadOnlyList<MapNode> Pods, int Replicas, DateTimeOffset Now)
{
    public string Type => Metric.Text("type");

    /// <summary>The member that describes the metric, such as <c>containerResource</c>.</summary>
    public MapNode Source => Metric[Type.Length == 0 ? Type : char.ToLowerInvariant(Type[0]) + Type[1..]] as MapNode ?? new MapNode();

    public MapNode Target => Source["target"] as MapNode ?? new MapNode();
}

/// <summary>One measurement of one pod.</summary>
/// <param name="Millis">The value in thousandths.</param>
/// <param name="At">When the measured window ended.</param>
internal readonly record struct PodFigure(long Millis, DateTimeOffset At, TimeSpan Window);

/// <summary>A metrics API has no answer; the message is what its client would say.</summary>
internal sealed class MetricsException(string message) : Exception(message);
