using System.Security.Cryptography;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>Reads and system-owned fields of metadata.</summary>
internal static class ObjectMeta
{
    private const string RandomLetters = "bcdfghjklmnpqrstvwxz2456789";

    public static MapNode Of(MapNode node) => node.EnsureMap("metadata");

    public static string Text(MapNode node, string key) => node["metadata"]?[key]?.AsString() ?? string.Empty;

    public static string Name(MapNode node) => Text(node, "name");

    public static bool IsDeleting(MapNode node) => node["metadata"]?["deletionTimestamp"] is StringNode;

    public static IReadOnlyList<string> Finalizers(MapNode node) => [.. (node["metadata"]?["finalizers"]?.AsList() ?? []).Select(item => item.AsString() ?? string.Empty)];

    public static void SetFinalizers(MapNode node, IReadOnlyList<string> finalizers)
    {
        MapNode metadata = Of(node);
        if (finalizers.Count == 0)
        {
            metadata.Remove("finalizers");
        }
        else
        {
            metadata["finalizers"] = new ListNode(finalizers.Select(name => (Node)StringNode.Of(name)));
        }
    }

    /// <summary>Five letters that cannot form words, as generateName appends.</summary>
    public static string RandomSuffix() => RandomNumberGenerator.GetString(RandomLetters, 5);

    /// <summary>Puts the namespace of the request into the body, which may leave it out but not contradict.</summary>
    public static void SettleNamespace(ServedKind kind, MapNode node, string @namespace)
    {
        MapNode metadata = Of(node);
        string sent = metadata["namespace"]?.AsString() ?? string.Empty;
        if (kind.Namespaced && sent.Length > 0 && sent != @namespace)
        {
            throw ApiErrors.BadRequest($"the namespace of the provided object does not match the namespace sent on the request");
        }

        if (kind.Namespaced)
        {
            Insert(metadata, "namespace", @namespace);
        }
        else
        {
            metadata.Remove("namespace");
        }
    }

    /// <summary>Fields that only the server writes, taken over from the live object.</summary>
    public static void KeepSystemFields(MapNode node, MapNode live)
    {
        MapNode metadata = Of(node);
        foreach (string key in (ReadOnlySpan<string>)["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generateName"])
        {
            if (live["metadata"]?[key] is { } value)
            {
                metadata[key] = value;
            }
            else if (key != "generateName")
            {
                metadata.Remove(key);
            }
        }

        metadata.Remove("selfLink");
    }

    private static void Insert(MapNode metadata, string key, string value) => metadata[key] = value;
}
