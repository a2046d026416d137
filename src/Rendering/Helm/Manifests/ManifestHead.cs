using Bowline.Rendering.Helm.Charts;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Manifests;

/// <summary>The little that Helm itself reads of a document: its kind and annotations, under Go's typing.</summary>
internal sealed record ManifestHead(string Kind, string Name, MapNode Annotations)
{
    private const string Struct = "releaseutil.SimpleHead";

    public static ManifestHead Of(Node root)
    {
        if (root.IsNull)
        {
            return new ManifestHead(string.Empty, string.Empty, new MapNode());
        }

        MapNode map = root as MapNode ?? throw new ChartException(JsonTyping.Mismatch(root, "value", Struct));
        Text(map, "apiVersion", "apiVersion");
        string kind = Text(map, "kind", "kind");
        MapNode? metadata = map["metadata"] switch
        {
            null or NullNode => null,
            MapNode inner => inner,
            Node other => throw new ChartException(JsonTyping.Mismatch(
                other, "struct field SimpleHead.metadata", "struct { Name string \"json:\\\"name\\\"\"; Annotations map[string]string \"json:\\\"annotations\\\"\" }")),
        };
        return metadata is null
            ? new ManifestHead(kind, string.Empty, new MapNode())
            : new ManifestHead(kind, Text(metadata, "name", "metadata.name"), AnnotationsOf(metadata));
    }

    private static MapNode AnnotationsOf(MapNode metadata)
    {
        MapNode texts = new();
        switch (metadata["annotations"])
        {
            case null or NullNode:
                break;
            case MapNode map:
                foreach ((string key, Node value) in map)
                {
                    texts[key] = Text(value, "metadata.annotations");
                }

                break;
            case Node other:
                throw new ChartException(JsonTyping.Mismatch(other, "struct field SimpleHead.metadata.annotations", "map[string]string"));
        }

        return texts;
    }

    private static string Text(MapNode map, string key, string field) => map[key] is { } node ? Text(node, field) : string.Empty;

    private static string Text(Node node, string field) => node.IsNull
        ? string.Empty
        : JsonTyping.ScalarText(node) ?? throw new ChartException(JsonTyping.Mismatch(node, $"struct field SimpleHead.{field}", "string"));
}
