using Bowline.Resources.Model;

namespace Bowline.Resources.Patching;

/// <summary>
/// RFC 6902 with the leniencies of the Kubernetes API server: replacing a missing member of a map adds it, negative list
/// indices count from the end. Every function here returns a new tree and leaves its inputs alone.
/// </summary>
public static class JsonPatch
{
    /// <summary>Deeper results are refused, since every later walk over the tree is recursive.</summary>
    internal const int MaxDepth = 512;

    /// <summary>Applies add, remove, replace, move, copy and test in order; results above <paramref name="maxNodes"/> are refused (copy doubling).</summary>
    public static Node Apply(Node target, ListNode operations, int maxNodes = 1_000_000)
    {
        PatchedDocument document = new(target.DeepClone(), maxNodes);
        foreach (Node operation in operations)
        {
            if (operation is not MapNode map)
            {
                throw new PatchException("every operation of a JSON patch must be an object");
            }

            Apply(document, map);
        }

        return document.Root;
    }

    private static void Apply(PatchedDocument document, MapNode operation)
    {
        string path = Required(operation, "path");
        string kind = Required(operation, "op");
        JsonPointer at = JsonPointer.Parse(path);
        switch (kind)
        {
            case "add":
                document.Add(at, Value(operation, path));
                break;
            case "remove":
                document.Remove(at);
                break;
            case "replace":
                document.Replace(at, Value(operation, path));
                break;
            case "move":
                document.Move(JsonPointer.Parse(Required(operation, "from")), at);
                break;
            case "copy":
                document.Copy(JsonPointer.Parse(Required(operation, "from")), at);
                break;
            case "test":
                document.Test(at, operation["value"] ?? Node.Null);
                break;
            default:
                throw new PatchException($"unknown operation \"{kind}\" in JSON patch", path);
        }
    }

    private static string Required(MapNode operation, string key) =>
        operation[key]?.AsString() ?? throw new PatchException($"an operation of a JSON patch lacks \"{key}\"");

    private static Node Value(MapNode operation, string path) =>
        operation["value"] ?? throw new PatchException("the operation lacks a \"value\"", path);
}
