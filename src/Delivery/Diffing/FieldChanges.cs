using Bowline.Resources.Model;

namespace Bowline.Delivery.Diffing;

/// <summary>One field that differs; null stands for absence.</summary>
public sealed record FieldChange(string Path, Node? Before, Node? After);

/// <summary>Compares two states of one object, leaving out what the server alone writes.</summary>
public static class FieldChanges
{
    private static readonly string[] ServerMetadata = ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"];

    public static IReadOnlyList<FieldChange> Of(MapNode? before, MapNode? after)
    {
        List<FieldChange> changes = [];
        Compare(string.Empty, before, after, changes);
        return changes;
    }

    /// <summary>Whether both say the same once the server's own bookkeeping is left out.</summary>
    public static bool Same(MapNode before, MapNode after) => SameMap(before, after, string.Empty);

    /// <summary>A copy without the server's bookkeeping, as a person would write it.</summary>
    public static MapNode Stripped(MapNode live)
    {
        MapNode copy = (MapNode)live.DeepClone();
        if (copy["metadata"] is MapNode metadata)
        {
            foreach (string field in ServerMetadata)
            {
                metadata.Remove(field);
            }
        }

        copy.Remove("status");
        return copy;
    }

    private static bool SameMap(MapNode before, MapNode after, string path)
    {
        foreach ((string key, Node value) in before)
        {
            if (!IsServerField(path, key) && !(after[key] is { } other && Same(value, other, Join(path, key))))
            {
                return false;
            }
        }

        return after.All(member => IsServerField(path, member.Key) || before.ContainsKey(member.Key));
    }

    private static bool Same(Node before, Node after, string path) =>
        path == "metadata" && before is MapNode left && after is MapNode right ? SameMap(left, right, path) : before.DeepEquals(after);

    private static void Compare(string path, Node? before, Node? after, List<FieldChange> changes)
    {
        if (before is MapNode || after is MapNode)
        {
            MapNode left = before as MapNode ?? new MapNode();
            MapNode right = after as MapNode ?? new MapNode();
            foreach (string key in left.Keys.Union(right.Keys))
            {
                if (!IsServerField(path, key) && !Node.DeepEquals(left[key], right[key]))
                {
                    Compare(Join(path, key), left[key], right[key], changes);
                }
            }

            return;
        }

        if (!Node.DeepEquals(before, after))
        {
            changes.Add(new FieldChange(path, before, after));
        }
    }

    private static bool IsServerField(string path, string key) =>
        (path == "metadata" && ServerMetadata.Contains(key)) || (path.Length == 0 && key == "status");

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";
}
