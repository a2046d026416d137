using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Patching;

/// <summary>A patch that cannot be applied: malformed, a failed test, a path that leads nowhere, or grown beyond its bounds.</summary>
public sealed class PatchException(string message, string? path = null) : Exception(message)
{
    /// <summary>The JSON pointer or field path concerned.</summary>
    public string? Path { get; } = path;
}

/// <summary>RFC 6902. Every function here returns a new tree and leaves its inputs alone.</summary>
public static class JsonPatch
{
    /// <summary>Applies add, remove, replace, move, copy and test in order; results above <paramref name="maxNodes"/> are refused (copy doubling).</summary>
    public static Node Apply(Node target, ListNode operations, int maxNodes = 1_000_000) => throw new NotImplementedException();
}

/// <summary>RFC 7386.</summary>
public static class MergePatch
{
    public static Node Apply(Node target, Node patch) => throw new NotImplementedException();
}

/// <summary>Kubernetes' strategic merge patch with $patch, $setElementOrder, $deleteFromPrimitiveList and $retainKeys.</summary>
public static class StrategicMergePatch
{
    /// <param name="schema">The kind's schema; null merges maps and replaces lists.</param>
    public static MapNode Apply(MapNode target, MapNode patch, Schema? schema) => throw new NotImplementedException();
}
