using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Kustomize.Files;

/// <summary>Reads the objects of a manifest: empty documents fall away, lists give way to their items.</summary>
internal static class ObjectReader
{
    private const int MaxLists = 100_000;

    private readonly record struct Found(Node Node, int Line, bool ThroughJson = false);

    /// <exception cref="RenderException">Not YAML, or a document that is no object.</exception>
    public static List<BuildObject> Read(byte[] content, string file, ParsedFiles parsed, bool isPatch = false)
    {
        IReadOnlyList<YamlDocument> documents = parsed.Parse(content, file, isPatch);
        Queue<Found> open = new(documents.Select(document => new Found(document.Root, document.Line)));

        List<BuildObject> objects = [];
        for (int taken = 0; open.TryDequeue(out Found next); taken++)
        {
            if (taken > MaxLists * 10)
            {
                throw new RenderException("too many objects in one file", file);
            }

            if (ScalarText.IsNull(next.Node) || next.Node is MapNode { Count: 0 })
            {
                continue;
            }

            MapNode map = Validated(next.Node, file, next.Line);
            if (IsList(map, out Node? items))
            {
                // The only list of a file is taken apart where it is read, any other by way of JSON.
                bool asWritten = documents.Count == 1 && taken == 0 && ScalarText.Of(map["kind"]) is "List" or "ResourceList";
                Enqueue(items, map, file, next, !asWritten, open);
                continue;
            }

            objects.Add(new BuildObject(next.ThroughJson ? (MapNode)ThroughJson.Copy(map, quotesAll: true) : (MapNode)map.DeepClone()) { Source = new Provenance { File = file, Line = next.Line } });
        }

        return objects;
    }

    private static bool IsList(MapNode map, out Node? items)
    {
        items = map["items"];
        return items is not null && ScalarText.Of(map["kind"]).EndsWith("List", StringComparison.Ordinal);
    }

    private static void Enqueue(Node? items, MapNode list, string file, Found found, bool throughJson, Queue<Found> open)
    {
        if (ScalarText.IsNull(items))
        {
            return;
        }

        if (items is not ListNode nodes)
        {
            throw new RenderException($"expected array in {ScalarText.Of(list["kind"])}/items", file, found.Line);
        }

        foreach (Node item in nodes)
        {
            open.Enqueue(new Found(item, item.Line > 0 ? item.Line : found.Line, throughJson || found.ThroughJson));
        }
    }

    private static MapNode Validated(Node node, string file, int line)
    {
        if (node is not MapNode map)
        {
            throw new RenderException("missing Resource metadata: a document must be a map of fields", file, line);
        }

        string kind = ScalarText.IsNull(map["kind"]) ? string.Empty : ScalarText.Of(map["kind"]);
        if (kind.Length == 0)
        {
            throw new RenderException("missing kind in object", file, line);
        }

        if (map["metadata"] is { } metadata && metadata is not MapNode && !ScalarText.IsNull(metadata))
        {
            throw new RenderException($"metadata of {kind} must be a map", file, line);
        }

        if (ScalarText.Of(map["metadata"]?["name"]).Length == 0 && !kind.EndsWith("List", StringComparison.Ordinal))
        {
            throw new RenderException($"missing metadata.name in object of kind {kind}", file, line);
        }

        if (map["metadata"]?["annotations"] is { } annotations && annotations is not MapNode && !ScalarText.IsNull(annotations))
        {
            throw new RenderException($"metadata.annotations of {kind} must be a map", file, line);
        }

        return map;
    }
}
