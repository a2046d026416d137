using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tables;

/// <summary>One object being put into a row, with the words that all rows are written in.</summary>
internal sealed class Row(MapNode item, DateTimeOffset now)
{
    public const string None = "<none>";

    public MapNode Item => item;

    public DateTimeOffset Now => now;

    public string Name => item.At("metadata", "name")?.AsString() ?? string.Empty;

    public string Age => Ages.Since(item.At("metadata", "creationTimestamp"), now);

    public string Created => item.At("metadata", "creationTimestamp")?.AsString() ?? string.Empty;

    public Node? Spec => item["spec"];

    public Node? Status => item["status"];

    public string Text(params ReadOnlySpan<string> path) => item.At(path)?.AsString() ?? string.Empty;

    public string TextOrNone(params ReadOnlySpan<string> path) => item.At(path)?.AsString() is { Length: > 0 } text ? text : None;

    public long Number(params ReadOnlySpan<string> path) => item.At(path)?.AsInteger() ?? 0;

    public bool Flag(params ReadOnlySpan<string> path) => item.At(path)?.AsBool() ?? false;

    public static IEnumerable<Node> Each(Node? list) => list?.AsList() ?? [];

    public static string Join(IEnumerable<string?> parts) => string.Join(",", parts);

    public static string Labels(Node? map) => map is MapNode { Count: > 0 } labels ? Join(labels.Sorted().Select(pair => $"{pair.Key}={pair.Value.AsString()}")) : None;

    /// <summary>Names and images of a pod spec's containers.</summary>
    public static (string Names, string Images) Containers(Node? podSpec)
    {
        IEnumerable<Node> containers = Each(podSpec?["containers"]);
        return (Join(containers.Select(item => item["name"]?.AsString())), Join(containers.Select(item => item["image"]?.AsString())));
    }

    /// <summary>Twenty lines would be too many: the first items, then how many are left.</summary>
    public static string Few(IReadOnlyList<string> items, int most = 3) =>
        items.Count == 0 ? None : items.Count <= most ? Join(items) : $"{Join(items.Take(most))} + {items.Count - most} more...";
}
