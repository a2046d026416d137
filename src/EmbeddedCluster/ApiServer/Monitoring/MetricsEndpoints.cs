using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Kubelet;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Monitoring;

/// <summary>metrics.k8s.io/v1beta1 as metrics-server serves it, from what pods declare to use (or half of what they request).</summary>
internal sealed class MetricsEndpoints(ResourceService service)
{
    public const string Group = "metrics.k8s.io";
    private const string Window = "30s";

    public static IReadOnlyList<ServedKind> Kinds { get; } =
    [
        new ServedKind(new ResourceKind(Group, "v1beta1", "NodeMetrics"), "nodes", string.Empty, namespaced: false) { Verbs = ["get", "list"] },
        new ServedKind(new ResourceKind(Group, "v1beta1", "PodMetrics"), "pods", string.Empty, namespaced: true) { Verbs = ["get", "list"] },
    ];

    public ApiResponse Answer(ApiRequest request, RequestTarget target)
    {
        LabelSelector selector = LabelQuery.Parse(request.Parameter("labelSelector"));
        return (target.Resource, target.Verb) switch
        {
            ("nodes", "list") => List("NodeMetricsList", Nodes(selector)),
            ("nodes", "get") => One(Nodes(LabelSelector.Everything).FirstOrDefault(node => node.Name() == target.Name), "nodes", target.Name),
            ("pods", "list") => List("PodMetricsList", Pods(target.Namespace, selector)),
            ("pods", "get") => One(Pods(target.Namespace, LabelSelector.Everything).FirstOrDefault(pod => pod.Name() == target.Name), "pods", $"{target.Namespace}/{target.Name}"),
            _ => throw ApiErrors.MethodNotAllowed(service.Kinds.Current.Find(Group, "v1beta1", target.Resource)!),
        };
    }

    private IEnumerable<MapNode> Pods(string? @namespace, LabelSelector selector) => service.Store.Snapshot("pods").In(@namespace)
        .Select(stored => stored.Node)
        .Where(pod => IsMeasured(pod) && selector.Matches(pod["metadata"]?["labels"]))
        .Select(PodMetrics);

    private IEnumerable<MapNode> Nodes(LabelSelector selector)
    {
        Dictionary<string, Usage> used = new(StringComparer.Ordinal);
        foreach (MapNode pod in service.Store.Snapshot("pods").In(null).Select(stored => stored.Node).Where(IsMeasured))
        {
            string node = pod.Spec().Text("nodeName");
            used[node] = Containers(pod).Aggregate(used.GetValueOrDefault(node), (sum, container) => sum + container.Usage);
        }

        return service.Store.Snapshot("nodes").In(null)
            .Select(stored => stored.Node)
            .Where(node => node.Status().ConditionIs("Ready", "True") && selector.Matches(node["metadata"]?["labels"]))
            .Select(node => Metrics("NodeMetrics", node, "usage", (used.GetValueOrDefault(node.Name()) + Usage.OfNodeItself).ToNode()));
    }

    private MapNode PodMetrics(MapNode pod) => Metrics("PodMetrics", pod, "containers", new ListNode(Containers(pod).Select(container =>
        (Node)new MapNode { ["name"] = container.Name, ["usage"] = container.Usage.ToNode() })));

    private IEnumerable<(string Name, Usage Usage)> Containers(MapNode pod) => pod.Status()["containerStatuses"].Maps()
        .Concat(pod.Status()["initContainerStatuses"].Maps())
        .Where(status => status["state"]?["running"] is MapNode)
        .Select(status => status.Text("name"))
        .Select(name => (name, Usage.Of(pod, name, service.Simulation.Behaviours.Of(pod, name))));

    private MapNode Metrics(string kind, MapNode about, string member, Node value)
    {
        string now = service.Time.GetUtcNow().Stamp();
        MapNode metadata = new() { ["name"] = about.Name() };
        if (about.Namespace().Length > 0)
        {
            metadata["namespace"] = about.Namespace();
        }

        metadata["creationTimestamp"] = now;
        if (about.Labels() is { Count: > 0 } labels)
        {
            metadata["labels"] = labels;
        }

        return new MapNode { ["kind"] = kind, ["apiVersion"] = Group + "/v1beta1", ["metadata"] = metadata, ["timestamp"] = now, ["window"] = Window, [member] = value };
    }

    private static bool IsMeasured(MapNode pod) => pod.Status().Text("phase") == "Running" && !pod.IsDeleting();

    private static ApiResponse List(string kind, IEnumerable<MapNode> items) => new(200, "application/json", JsonWriter.ToBytes(new MapNode
    {
        ["kind"] = kind,
        ["apiVersion"] = Group + "/v1beta1",
        ["metadata"] = new MapNode(),
        ["items"] = new ListNode(items.Select(Bare)),
    }));

    private static Node Bare(MapNode item)
    {
        MapNode bare = new(item.Count);
        foreach ((string key, Node value) in item)
        {
            if (key is not ("kind" or "apiVersion"))
            {
                bare[key] = value;
            }
        }

        return bare;
    }

    private static ApiResponse One(MapNode? found, string resource, string name) =>
        found is null ? throw ApiErrors.NotFound(Group, resource, name) : new ApiResponse(200, "application/json", JsonWriter.ToBytes(found));
}
