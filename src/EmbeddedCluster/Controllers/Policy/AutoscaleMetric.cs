using System.Globalization;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Controllers.Policy;

/// <summary>What one metric of an autoscaler asks for.</summary>
/// <param name="Replicas">Null when there is no figure; then <paramref name="Problem"/> says why.</param>
/// <param name="Name">How people know the metric, for conditions and events.</param>
/// <param name="Status">Its entry of <c>status.currentMetrics</c>.</param>
internal sealed record MetricVerdict(int? Replicas, string Name, MapNode Status, MetricProblem? Problem);

/// <param name="Reason">The reason of the condition and the event, such as <c>FailedGetResourceMetric</c>.</param>
/// <param name="Message">What went wrong with this metric.</param>
/// <param name="Summary">The same as it appears among several metrics.</param>
internal sealed record MetricProblem(string Reason, string Message, string Summary);

/// <summary>Evaluates one entry of <c>spec.metrics</c>, with kube-controller-manager's words.</summary>
internal sealed class AutoscaleMetric(MetricQuery query, IMetricsSource source, ReplicaCalculator calculator)
{
    private MapNode Source => query.Source;

    private MapNode Target => query.Target;

    public MetricVerdict Evaluate()
    {
        string reason = query.Type switch
        {
            "ContainerResource" => "FailedGetContainerResourceMetric",
            "Resource" or "Pods" or "Object" or "External" => $"FailedGet{query.Type}Metric",
            _ => "InvalidMetricSourceType",
        };
        try
        {
            return query.Type switch
            {
                "Resource" => OfResource(string.Empty),
                "ContainerResource" => OfResource(Source.Text("container")),
                "Pods" => OfPods(),
                "Object" => OfObject(),
                "External" => OfExternal(),
                _ => throw new MetricsException($"unknown metric source type \"{query.Type}\""),
            };
        }
        catch (MetricsException error)
        {
            return new MetricVerdict(null, string.Empty, new MapNode { ["type"] = string.Empty }, new MetricProblem(reason, error.Message, Summarize(error.Message)));
        }
    }

    private string Summarize(string message) => query.Type switch
    {
        "Resource" => $"failed to get {Source.Text("name")} resource metric value: {message}",
        "ContainerResource" => $"failed to get {Source.Text("name")} container metric value: {message}",
        "Pods" => $"failed to get pods metric value: {message}",
        "Object" => $"failed to get object metric value: {message}",
        "External" => $"failed to get {MetricName} external metric value: {message}",
        _ => message,
    };

    private string MetricName => (Source["metric"] as MapNode).Text("name");

    private MetricVerdict OfResource(string container)
    {
        string resource = Source.Text("name");
        MapNode status = new() { ["name"] = resource };
        if (container.Length > 0)
        {
            status["container"] = container;
        }

        if (Target["averageValue"] is { } average)
        {
            Proposal plain = Wrapped($"failed to get {resource} usage: ", () => calculator.OfAverage(Figures(), Millis(average), resource));
            return Verdict(plain.Replicas, $"{resource} resource", status, new MapNode { ["averageValue"] = Value(plain.Millis) });
        }

        if (Target["averageUtilization"]?.AsInteger() is not { } percent)
        {
            throw new MetricsException("invalid resource metric source: neither an average utilization target nor an average value (usage) target was set");
        }

        Proposal proposal = Wrapped($"failed to get {resource} utilization: ", () => calculator.OfUtilization(Figures(), (int)percent, resource, container));
        string name = container.Length > 0 ? $"{resource} container resource utilization (percentage of request)" : $"{resource} resource utilization (percentage of request)";
        return Verdict(proposal.Replicas, name, status, new MapNode { ["averageUtilization"] = proposal.Utilization!.Value, ["averageValue"] = Value(proposal.Millis) });

        IReadOnlyDictionary<string, PodFigure> Figures() => Wrapped($"unable to get metrics for resource {resource}: ", () => source.OfPods(query));
    }

    private MetricVerdict OfPods()
    {
        IReadOnlyDictionary<string, PodFigure> figures = Wrapped($"unable to get metric {MetricName}: ", () => source.OfPods(query));
        Proposal proposal = calculator.OfAverage(figures, Millis(Target["averageValue"]), string.Empty);
        return Verdict(proposal.Replicas, $"pods metric {MetricName}", new MapNode { ["metric"] = Source["metric"].CopyOf() }, new MapNode { ["averageValue"] = Value(proposal.Millis) });
    }

    private MetricVerdict OfObject()
    {
        MapNode about = Source["describedObject"] as MapNode ?? new MapNode();
        MapNode status = new() { ["metric"] = Source["metric"].CopyOf(), ["describedObject"] = about.Clone() };
        string where = $"unable to get metric {MetricName}: {about.Text("kind")} on {query.Namespace} {about.Text("name")}/";
        switch (Target.Text("type"))
        {
            case "Value":
                Proposal whole = calculator.OfValue(Wrapped(where, () => source.Of(query)), Millis(Target["value"]));
                return Verdict(whole.Replicas, $"{about.Text("kind")} metric {MetricName}", status, new MapNode { ["value"] = Value(whole.Millis) });
            case "AverageValue":
                long value = Wrapped($"failed to get {MetricName} object metric: {where}", () => source.Of(query));
                Proposal shared = calculator.OfValuePerPod(value, Millis(Target["averageValue"]));
                return Verdict(shared.Replicas, $"external metric {MetricName}({Selector()})", status, new MapNode { ["averageValue"] = Value(shared.Millis) });
            default:
                throw new MetricsException("invalid object metric source: neither a value target nor an average value target was set");
        }
    }

    private MetricVerdict OfExternal()
    {
        MapNode status = new() { ["metric"] = Source["metric"].CopyOf() };
        string name = $"external metric {MetricName}({Selector()})";
        string where = $"unable to get external metric {query.Namespace}/{MetricName}/{Selector()}: ";
        if (Target["averageValue"] is { } average)
        {
            long value = Wrapped($"failed to get {MetricName} external metric: {where}", () => source.Of(query));
            Proposal shared = calculator.OfValuePerPod(value, Millis(average));
            return Verdict(shared.Replicas, name, status, new MapNode { ["averageValue"] = Value(shared.Millis) });
        }

        if (Target["value"] is { } wanted)
        {
            Proposal whole = Wrapped($"failed to get external metric {MetricName}: ", () => calculator.OfValue(Wrapped(where, () => source.Of(query)), Millis(wanted)));
            return Verdict(whole.Replicas, name, status, new MapNode { ["value"] = Value(whole.Millis) });
        }

        throw new MetricsException("invalid external metric source: neither a value target nor an average value target was set");
    }

    private MetricVerdict Verdict(int replicas, string name, MapNode status, MapNode current)
    {
        status["current"] = current;
        string member = char.ToLowerInvariant(query.Type[0]) + query.Type[1..];
        return new MetricVerdict(replicas, name, new MapNode { ["type"] = query.Type, [member] = status }, null);
    }

    private string Selector() => SelectorText.Go(Source["metric"]?["selector"]);

    private static T Wrapped<T>(string prefix, Func<T> get)
    {
        try
        {
            return get();
        }
        catch (MetricsException error)
        {
            throw new MetricsException(prefix + error.Message);
        }
    }

    private static long Millis(Node? quantity) => (long)Quantity.Of(quantity).Millis;

    private static string Value(long millis) => Quantity.OfMillis(millis, QuantityNotation.Decimal).ToString();
}
