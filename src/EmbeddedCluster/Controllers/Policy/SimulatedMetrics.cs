using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Controllers.Policy;

/// <summary>Figures that lie just below every target, within its tolerance: autoscalers work, and only their bounds move anything.</summary>
internal sealed class SimulatedMetrics : IMetricsSource
{
    private const int Percent = 95;

    public IReadOnlyDictionary<string, PodFigure> OfPods(MetricQuery query)
    {
        Dictionary<string, PodFigure> figures = new(StringComparer.Ordinal);
        foreach (MapNode pod in query.Pods.Where(pod => pod.Status().Text("phase") == "Running"))
        {
            figures[pod.Name()] = new PodFigure(Target(query, pod) * Percent / 100, query.Now, TimeSpan.Zero);
        }

        return figures;
    }

    public long Of(MetricQuery query) => query.Target["value"] is { } value
        ? (long)Quantity.Of(value).Millis * Percent / 100
        : (long)Quantity.Of(query.Target["averageValue"]).Millis * query.Replicas * Percent / 100;

    private static long Target(MetricQuery query, MapNode pod)
    {
        if (query.Target["averageUtilization"]?.AsInteger() is { } utilization)
        {
            return (PodRequests.Of(pod, query.Source.Text("name"), query.Source.Text("container")) ?? 0) * utilization / 100;
        }

        return (long)Quantity.Of(query.Target["averageValue"]).Millis;
    }
}
