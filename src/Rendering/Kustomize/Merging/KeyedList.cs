using Bowline.Rendering.Kustomize.Objects;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Merging;

/// <summary>A list whose elements all have all their keys, indexed by them.</summary>
internal sealed class KeyedList
{
    private readonly Dictionary<string, (Node First, Node Last)> byId = new(StringComparer.Ordinal);
    private readonly List<string> ids = [];

    private KeyedList()
    {
    }

    /// <summary>In the order of the list, repeated where several elements have the same keys.</summary>
    public IReadOnlyList<string> Ids => ids;

    /// <summary>Null when an element is no map, or lacks a key.</summary>
    public static KeyedList? TryRead(ListNode list, string[] keys)
    {
        KeyedList keyed = new();
        foreach (Node item in list)
        {
            string? id = item is MapNode map ? Id(map, keys) : null;
            if (id is null)
            {
                return null;
            }

            keyed.ids.Add(id);
            keyed.byId[id] = keyed.byId.TryGetValue(id, out (Node First, Node Last) known) ? (known.First, item) : (item, item);
        }

        return keyed;
    }

    public Node? First(string id) => byId.TryGetValue(id, out (Node First, Node Last) known) ? known.First : null;

    public Node? Last(string id) => byId.TryGetValue(id, out (Node First, Node Last) known) ? known.Last : null;

    /// <summary>Each id once, where it stands last.</summary>
    public IEnumerable<string> IdsByLast()
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        List<string> backwards = [];
        for (int i = ids.Count - 1; i >= 0; i--)
        {
            if (seen.Add(ids[i]))
            {
                backwards.Add(ids[i]);
            }
        }

        backwards.Reverse();
        return backwards;
    }

    private static string? Id(MapNode map, string[] keys)
    {
        string id = string.Empty;
        for (int i = 0; i < keys.Length; i++)
        {
            string value = ScalarText.Of(map[keys[i]]);
            if (value.Length == 0)
            {
                return null;
            }

            id = i == 0 ? value : $"{id}\0{value}";
        }

        return id;
    }
}
