using System.Text;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Storage;

/// <summary>One version of an object, as the bytes that are sent; the tree is parsed again when someone needs it and it was collected.</summary>
internal sealed class StoredObject
{
    private readonly WeakReference<MapNode?> tree;

    private StoredObject(string @namespace, string name, string uid, long revision, byte[] json, int headerLength, MapNode? node)
    {
        Namespace = @namespace;
        Name = name;
        Uid = uid;
        Revision = revision;
        Json = json;
        HeaderLength = headerLength;
        tree = new WeakReference<MapNode?>(node);
    }

    public string Namespace { get; }

    public string Name { get; }

    public string Uid { get; }

    /// <summary>Its resourceVersion.</summary>
    public long Revision { get; }

    /// <summary>UTF-8 JSON in the storage version, starting with kind and apiVersion.</summary>
    public byte[] Json { get; }

    /// <summary>How many bytes of <see cref="Json"/> the opening brace, kind and apiVersion take; lists of built-in kinds leave them out.</summary>
    public int HeaderLength { get; }

    /// <summary>The object; frozen.</summary>
    public MapNode Node
    {
        get
        {
            if (tree.TryGetTarget(out MapNode? node) && node is not null)
            {
                return node;
            }

            MapNode parsed = (MapNode)JsonReader.Read(Json).Freeze();
            tree.SetTarget(parsed);
            return parsed;
        }
    }

    public static StoredObject Of(string @namespace, string name, long revision, MapNode node)
    {
        MapNode ordered = HeaderFirst(node);
        ordered.Freeze();
        return new StoredObject(@namespace, name, UidOf(node), revision, JsonWriter.ToBytes(ordered), HeaderOf(node), ordered);
    }

    /// <summary>From a journal: the bytes are those that were written.</summary>
    public static StoredObject Of(string @namespace, string name, long revision, byte[] json)
    {
        MapNode node = (MapNode)JsonReader.Read(json);
        return new StoredObject(@namespace, name, UidOf(node), revision, json, HeaderOf(node), null);
    }

    private static string UidOf(MapNode node) => node.At("metadata", "uid")?.AsString() ?? string.Empty;

    private static MapNode HeaderFirst(MapNode node)
    {
        using IEnumerator<string> keys = node.Keys.GetEnumerator();
        if (keys.MoveNext() && keys.Current == "kind" && keys.MoveNext() && keys.Current == "apiVersion")
        {
            return node;
        }

        MapNode ordered = new(node.Count) { ["kind"] = node["kind"]!, ["apiVersion"] = node["apiVersion"]! };
        foreach ((string key, Node value) in node)
        {
            ordered[key] = value;
        }

        return ordered;
    }

    private static int HeaderOf(MapNode node) =>
        """{"kind":"","apiVersion":"",""".Length + Encoding.UTF8.GetByteCount(node["kind"]!.AsString()!) + Encoding.UTF8.GetByteCount(node["apiVersion"]!.AsString()!);
}
