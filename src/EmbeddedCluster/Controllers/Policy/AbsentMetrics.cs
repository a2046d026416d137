namespace Bowline.EmbeddedCluster.Controllers.Policy;

/// <summary>A cluster in which nobody serves the metrics APIs; says what client-go says of each.</summary>
internal sealed class AbsentMetrics : IMetricsSource
{
    private const string NoCustomMetrics = "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered";

    public IReadOnlyDictionary<string, PodFigure> OfPods(MetricQuery query) => throw new MetricsException(query.Type == "Pods"
        ? NoCustomMetrics
        : "unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)");

    public long Of(MetricQuery query) => throw new MetricsException(query.Type == "External"
        ? $"unable to fetch metrics from external metrics API: the server could not find the requested resource (get {query.Source["metric"]?["name"]?.AsString()}.external.metrics.k8s.io)"
        : NoCustomMetrics);
}
