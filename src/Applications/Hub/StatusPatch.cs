using Bowline.Resources.Model;

namespace Bowline.Applications.Hub;

/// <summary>The merge patch (RFC 7386) that makes one status of another. Pure.</summary>
internal static class StatusPatch
{
    /// <summary>Null when they are the same.</summary>
    public static MapNode? Between(MapNode? before, MapNode after)
    {
        MapNode patch = new();
        foreach ((string key, Node value) in after)
        {
            Node? present = before?[key];
            if (value is MapNode map && present is MapNode earlier)
            {
                if (Between(earlier, map) is { } inner)
                {
                    patch[key] = inner;
                }
            }
            else if (present is null || !present.DeepEquals(value))
            {
                patch[key] = value;
            }
        }

        foreach ((string key, _) in before ?? [])
        {
            if (!after.ContainsKey(key))
            {
                patch[key] = Node.Null;
            }
        }

        return patch.Count > 0 ? patch : null;
    }
}
