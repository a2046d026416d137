using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Values;

/// <summary>Dotted paths into values, as conditions, import-values and <c>.Values.Table</c> use them.</summary>
internal static class ValuePath
{
    /// <summary>The table at a path; null with the key that is none.</summary>
    public static MapNode? Table(MapNode values, string path, out string missing)
    {
        MapNode table = values;
        foreach (string key in path.Split('.'))
        {
            if (table[key] is not MapNode next)
            {
                missing = key;
                return null;
            }

            table = next;
        }

        missing = string.Empty;
        return table;
    }

    /// <summary>The value at a path that is not a table; null when there is none.</summary>
    public static Node? Value(MapNode values, string path)
    {
        int dot = path.LastIndexOf('.');
        MapNode? table = dot < 0 ? values : Table(values, path[..dot], out _);
        return table?[path[(dot + 1)..]] is { } value and not MapNode ? value : null;
    }
}
