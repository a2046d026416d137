using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Values;

/// <summary>A map that has keys other than strings; the others are <see cref="MapNode"/>s.</summary>
internal sealed class CelMap : CelValue
{
    private readonly Dictionary<Node, Node> entries = new(CelEquality.KeyComparer);
    private readonly List<Node> keys = [];

    public int Count => entries.Count;

    public IReadOnlyList<Node> Keys => keys;

    public override CelType Type => CelType.Map(CelType.Dyn, CelType.Dyn);

    public bool TryAdd(Node key, Node value)
    {
        if (!entries.TryAdd(key, value))
        {
            return false;
        }

        keys.Add(key);
        return true;
    }

    public Node? Find(Node key) => entries.GetValueOrDefault(key);

    public override Node ToPlain()
    {
        MapNode map = new(Count);
        foreach (Node key in keys)
        {
            map[CelValues.ToPlain(key).ToString()!] = CelValues.ToPlain(entries[key]);
        }

        return map;
    }
}

/// <summary>Reads maps of every representation.</summary>
internal static class CelMaps
{
    public static bool IsMap(Node value) => value is MapNode or CelMap or CelLazyObject or CelStruct;

    public static int Count(Node map) => map switch
    {
        MapNode node => node.Count,
        CelMap own => own.Count,
        CelStruct made => made.Fields.Count,
        _ => 0,
    };

    public static IEnumerable<Node> Keys(Node map) => map switch
    {
        MapNode node => node.Keys.Select(key => (Node)StringNode.Of(key)),
        CelMap own => own.Keys,
        CelStruct made => Keys(made.Fields),
        _ => [],
    };

    /// <summary>Null when the key is missing. Numbers find a key of another numeric type that is equal.</summary>
    public static Node? Find(Node map, Node key) => map switch
    {
        MapNode node => key is StringNode text ? node[text.Value] : null,
        CelMap own => own.Find(key),
        CelLazyObject lazy => key is StringNode text ? lazy.Find(text.Value) : null,
        CelStruct made => Find(made.Fields, key),
        _ => null,
    };

    public static Node? Find(Node map, string key) => map switch
    {
        MapNode node => node[key],
        CelMap own => own.Find(StringNode.Of(key)),
        CelLazyObject lazy => lazy.Find(key),
        CelStruct made => made.Fields[key],
        _ => null,
    };
}
