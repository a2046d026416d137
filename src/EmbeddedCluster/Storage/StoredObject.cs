using System.Text;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Storage;

/// <summary>
/// One version of an object, as the bytes that are sent and as a tree. One of both is held, the other made again when someone needs
/// it after it was collected: of the present version the bytes are held, of a past one the tree, most of which the next version shares.
/// </summary>
internal sealed class StoredObject
{
    private readonly WeakReference<object?> other;
    private readonly SharedParts? parts;
    private volatile byte[]? json;
    private volatile MapNode? tree;

    private StoredObject(string @namespace, string name, string uid, long revision, byte[] json, int headerLength, MapNode? node, SharedParts? parts)
    {
        this.parts = parts;
        Namespace = @namespace;
        Name = name;
        Uid = uid;
        Revision = revision;
        this.json = json;
        Size = json.Length;
        HeaderLength = headerLength;
        other = new WeakReference<object?>(node);
    }

    public string Namespace { get; }

    public string Name { get; }

    public string Uid { get; }

    /// <summary>Its resourceVersion.</summary>
    public long Revision { get; }

    /// <summary>How many bytes <see cref="Json"/> has.</summary>
    public int Size { get; }

    /// <summary>How many bytes of <see cref="Json"/> the opening brace, kind and apiVersion take; lists of built-in kinds leave them out.</summary>
    public int HeaderLength { get; }

    /// <summary>UTF-8 JSON in the storage version, starting with kind and apiVersion.</summary>
    public byte[] Json
    {
        get
        {
            if ((json ?? Other as byte[]) is { } held)
            {
                return held;
            }

            byte[] written = JsonWriter.ToBytes(tree!);
            other.SetTarget(written);
            return written;
        }
    }

    /// <summary>The object; frozen.</summary>
    public MapNode Node
    {
        get
        {
            if ((tree ?? Other as MapNode) is { } held)
            {
                return held;
            }

            if (json is not { } bytes)
            {
                return tree!;
            }

            // Whoever follows the collection may hold it for long: like the first tree, it shares what it has in common with others.
            MapNode parsed = (MapNode)JsonReader.Read(bytes);
            parts?.Share(parsed);
            parsed.Freeze();
            other.SetTarget(parsed);
            return parsed;
        }
    }

    private object? Other => other.TryGetTarget(out object? target) ? target : null;

    /// <param name="node">Frozen.</param>
    /// <param name="json">The node, written.</param>
    /// <param name="parts">What trees share that are made from the bytes again; null when they share nothing.</param>
    public static StoredObject Of(string @namespace, string name, long revision, MapNode node, byte[] json, SharedParts? parts) =>
        new(@namespace, name, UidOf(node), revision, json, HeaderOf(node), node, parts);

    /// <summary>From a journal: the bytes are those that were written.</summary>
    public static StoredObject Of(string @namespace, string name, long revision, byte[] json)
    {
        MapNode node = (MapNode)JsonReader.Read(json);
        return new StoredObject(@namespace, name, UidOf(node), revision, json, HeaderOf(node), null, null);
    }

    /// <summary>This version is past; once for every version.</summary>
    public void SucceededBy(StoredObject next)
    {
        if (Other is MapNode mine && next.Other is MapNode theirs && SharesMost(mine, theirs))
        {
            Hold(mine);
        }
    }

    /// <summary>This version was the last.</summary>
    public void End()
    {
        if (Other is MapNode mine)
        {
            Hold(mine);
        }
    }

    private void Hold(MapNode node)
    {
        // In this order: whoever finds no bytes finds the tree.
        byte[]? bytes = json;
        tree = node;
        json = null;
        other.SetTarget(bytes);
    }

    /// <summary>Whether the trees are the same but for metadata and status, as they are between two versions that only a status tells apart.</summary>
    private static bool SharesMost(MapNode left, MapNode right)
    {
        foreach ((string key, Node value) in left)
        {
            if (value is MapNode && key is not ("metadata" or "status") && !ReferenceEquals(right[key], value))
            {
                return false;
            }
        }

        return true;
    }

    private static string UidOf(MapNode node) => node.At("metadata", "uid")?.AsString() ?? string.Empty;

    private static int HeaderOf(MapNode node) =>
        """{"kind":"","apiVersion":"",""".Length + Encoding.UTF8.GetByteCount(node["kind"]!.AsString()!) + Encoding.UTF8.GetByteCount(node["apiVersion"]!.AsString()!);
}
