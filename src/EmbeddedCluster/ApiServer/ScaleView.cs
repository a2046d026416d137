using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>The Scale that stands for a workload's replica count.</summary>
internal static class ScaleView
{
    public static MapNode Of(ServedKind kind, MapNode node)
    {
        MapNode metadata = new();
        foreach (string key in (string[])["name", "namespace", "uid", "resourceVersion", "creationTimestamp"])
        {
            if (node["metadata"]?[key] is { } value)
            {
                metadata[key] = value;
            }
        }

        MapNode status = new() { ["replicas"] = At(node, Path(kind, "statusReplicasPath", ".status.replicas")) ?? IntegerNode.Of(0) };
        string selector = Selector(kind, node);
        if (selector.Length > 0)
        {
            status["selector"] = selector;
        }

        MapNode spec = [];
        long replicas = At(node, Path(kind, "specReplicasPath", ".spec.replicas"))?.AsInteger() ?? 0;
        if (replicas != 0 || kind.Custom is not null)
        {
            spec["replicas"] = replicas;
        }

        return new MapNode { ["kind"] = "Scale", ["apiVersion"] = "autoscaling/v1", ["metadata"] = metadata, ["spec"] = spec, ["status"] = status };
    }

    /// <summary>Where the kind keeps its wanted replicas.</summary>
    public static string[] ReplicasPath(ServedKind kind) => Path(kind, "specReplicasPath", ".spec.replicas");

    public static MapNode Scaled(ServedKind kind, MapNode live, long replicas, MapNode body)
    {
        MapNode next = (MapNode)live.DeepClone();
        string[] path = ReplicasPath(kind);
        MapNode at = next;
        foreach (string key in path[..^1])
        {
            at = at.EnsureMap(key);
        }

        at[path[^1]] = replicas;
        foreach (string precondition in (ReadOnlySpan<string>)["resourceVersion", "uid"])
        {
            if (body["metadata"]?[precondition] is StringNode { Value.Length: > 0 } wanted)
            {
                ObjectMeta.Of(next)[precondition] = wanted;
            }
        }

        return next;
    }

    private static string[] Path(ServedKind kind, string key, string otherwise) => (kind.Custom?.Scale?[key]?.AsString() ?? otherwise).TrimStart('.').Split('.');

    private static Node? At(MapNode node, string[] path) => node.At(path);

    private static string Selector(ServedKind kind, MapNode node)
    {
        if (kind.Custom is not null)
        {
            string path = kind.Custom.Scale?["labelSelectorPath"]?.AsString() ?? string.Empty;
            return path.Length == 0 ? string.Empty : At(node, path.TrimStart('.').Split('.'))?.AsString() ?? string.Empty;
        }

        return SelectorText.Of(node.At("spec", "selector"));
    }
}
