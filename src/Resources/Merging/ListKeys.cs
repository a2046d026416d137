using System.Diagnostics.CodeAnalysis;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>How elements of lists are told apart.</summary>
internal static class ListKeys
{
    /// <summary>The path element of a list's item; false with the reason (in the API server's words) when it has none.</summary>
    public static bool TryGet(FieldType list, int index, Node item, out PathElement element, [NotNullWhen(false)] out string? problem)
    {
        element = PathElement.At(index);
        problem = null;
        switch (list.ListType)
        {
            case ListType.Map when list.ListKeys.Length > 0:
                return TryGetKeyed(list, item, ref element, out problem);
            case ListType.Atomic:
                return true;
            case var _ when item is MapNode:
                problem = "associative list without keys has an element that's a map type";
                return false;
            case var _ when item is ListNode:
                problem = "not supported: associative list with lists as elements";
                return false;
            case var _ when item is NullNode:
                problem = "associative list without keys has an element that's an explicit null";
                return false;
            default:
                element = PathElement.OfValue(item);
                return true;
        }
    }

    private static bool TryGetKeyed(FieldType list, Node item, ref PathElement element, [NotNullWhen(false)] out string? problem)
    {
        problem = null;
        if (item is not MapNode map)
        {
            problem = item.IsNull ? "associative list with keys may not have a null element" : "associative list with keys may not have non-map elements";
            return false;
        }

        // Some keys may be left out, as optional ones without a default are; an element is told apart by those it has.
        KeyField[] keys = new KeyField[list.ListKeys.Length];
        int count = 0;
        foreach (string name in list.ListKeys)
        {
            if ((map[name] ?? list.KeyDefault(name)) is { } value)
            {
                keys[count++] = new KeyField(name, value);
            }
        }

        if (count == 0)
        {
            string names = string.Join(' ', list.ListKeys.ToArray().Select(name => $"\"{name}\""));
            problem = $"associative list with keys has an element that omits all key fields [{names}] (and doesn't have default values for any key fields)";
            return false;
        }

        if (count < keys.Length)
        {
            keys = keys[..count];
        }

        if (keys.Length > 1)
        {
            Array.Sort(keys, static (left, right) => KeyOrder.Compare(left.Name, right.Name));
        }

        element = PathElement.Key(keys);
        return true;
    }
}

/// <summary>Finds the items of one list by path element; lists are short, so only longer ones get an index.</summary>
internal sealed class ListIndex
{
    private const int IndexedFrom = 12;
    private readonly List<PathElement> elements;
    private readonly List<Node?> items;
    private Dictionary<PathElement, int>? places;

    public ListIndex(int capacity)
    {
        elements = new List<PathElement>(capacity);
        items = new List<Node?>(capacity);
    }

    public int Count => elements.Count;

    public PathElement Element(int place) => elements[place];

    public Node? Item(int place) => items[place];

    public void SetItem(int place, Node? item) => items[place] = item;

    /// <summary>The place of an element, or -1.</summary>
    public int Find(in PathElement element)
    {
        if (places is not null)
        {
            return places.GetValueOrDefault(element, -1);
        }

        for (int i = 0; i < elements.Count; i++)
        {
            if (PathElement.Compare(elements[i], element) == 0)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Adds an element that is not in the index yet.</summary>
    public void Add(in PathElement element, Node? item)
    {
        elements.Add(element);
        items.Add(item);
        if (places is not null)
        {
            places[element] = elements.Count - 1;
        }
        else if (elements.Count == IndexedFrom)
        {
            places = [];
            for (int i = 0; i < elements.Count; i++)
            {
                places[elements[i]] = i;
            }
        }
    }
}
