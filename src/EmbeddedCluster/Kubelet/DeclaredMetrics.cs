using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Controllers.Policy;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Kubelet;

/// <summary>
/// The figures that Behaviours and annotations declare, for autoscalers: use of cpu and memory by container, and any other metric by
/// <c>bowline.dev/metric.NAME</c> on a pod, on the described object, or (external ones) on the namespace. What is not declared comes from elsewhere.
/// </summary>
internal sealed class DeclaredMetrics(ControlPlane plane, Behaviours behaviours, IMetricsSource otherwise) : IMetricsSource
{
    public IReadOnlyDictionary<string, PodFigure> OfPods(MetricQuery query)
    {
        Dictionary<string, PodFigure> figures = new(StringComparer.Ordinal);
        List<MapNode> others = [];
        foreach (MapNode pod in query.Pods)
        {
            if (pod.Status().Text("phase") == "Running" && Declared(query, pod) is { } millis)
            {
                figures[pod.Name()] = new PodFigure(millis, query.Now, TimeSpan.Zero);
            }
            else
            {
                others.Add(pod);
            }
        }

        if (others.Count > 0)
        {
            foreach ((string pod, PodFigure figure) in otherwise.OfPods(query with { Pods = others }))
            {
                figures[pod] = figure;
            }
        }

        return figures;
    }

    public long Of(MetricQuery query)
    {
        string name = (query.Source["metric"] as MapNode).Text("name");
        MapNode? place = query.Type == "Object" ? Described(query) : plane.Find(string.Empty, "Namespace")?.Get(string.Empty, query.Namespace);
        return Annotated(place, name) ?? otherwise.Of(query);
    }

    private long? Declared(MetricQuery query, MapNode pod)
    {
        if (query.Type == "Pods")
        {
            return Annotated(pod, (query.Source["metric"] as MapNode).Text("name"));
        }

        string only = query.Type == "ContainerResource" ? query.Source.Text("container") : string.Empty;
        bool cpu = query.Source.Text("name") == "cpu";
        bool any = false;
        long sum = 0;
        foreach (string container in pod.Spec()["containers"].Maps().Select(container => container.Text("name")).Where(name => only.Length == 0 || name == only))
        {
            Behaviour behaviour = behaviours.Of(pod, container);
            any |= (cpu ? behaviour.Cpu : behaviour.Memory) is not null;
            Usage usage = Usage.Of(pod, container, behaviour);
            sum += cpu ? usage.Cpu : usage.Memory * 1000;
        }

        return any ? sum : null;
    }

    private MapNode? Described(MetricQuery query)
    {
        MapNode? reference = query.Source["describedObject"] as MapNode;
        ResourceKind kind = ResourceKind.Of(reference.Text("apiVersion"), reference.Text("kind"));
        return plane.Find(kind.Group, kind.Kind) is { } mirror ? mirror.Get(mirror.Kind.Namespaced ? query.Namespace : string.Empty, reference.Text("name")) : null;
    }

    private static long? Annotated(MapNode? place, string metric)
    {
        if (place?.Annotation(Behaviour.Prefix + "metric." + metric) is not { } text || !Quantity.TryParse(text, out Quantity quantity) || quantity.Sign < 0)
        {
            return null;
        }

        return quantity.Millis > long.MaxValue ? null : (long)quantity.Millis;
    }
}
