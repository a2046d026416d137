namespace Bowline.Rendering.Kustomize.Objects;

/// <summary>Objects by the names they have and had, so that many patches and generated objects do not each go through all.</summary>
internal sealed class NamedObjects
{
    private readonly Dictionary<string, List<BuildObject>> byName = new(StringComparer.Ordinal);
    private readonly Dictionary<BuildObject, int> places = new(ReferenceEqualityComparer.Instance);

    public NamedObjects(IReadOnlyList<BuildObject> items)
    {
        foreach (BuildObject item in items)
        {
            Add(item);
        }
    }

    /// <summary>In the order of the build; also objects that were called so when they were last looked at, and are no longer.</summary>
    public IReadOnlyList<BuildObject> With(string name) => byName.TryGetValue(name, out List<BuildObject>? items) ? items : [];

    /// <summary>Adds an object behind all others, or under the names that it got since.</summary>
    public void Add(BuildObject item)
    {
        places.TryAdd(item, places.Count);
        AddAs(item.Name, item);
        for (int i = 0; i < item.PreviousCount; i++)
        {
            AddAs(item.PreviousName(i), item);
        }
    }

    /// <summary>Puts one object, which has all names of the other, in the place of that other.</summary>
    public void Replace(BuildObject old, BuildObject by)
    {
        places.Remove(old, out int place);
        places.Add(by, place);
        Remove(old.Name, old);
        for (int i = 0; i < old.PreviousCount; i++)
        {
            Remove(old.PreviousName(i), old);
        }

        Add(by);
    }

    private void Remove(string name, BuildObject item)
    {
        if (byName.TryGetValue(name, out List<BuildObject>? items))
        {
            items.Remove(item);
        }
    }

    private void AddAs(string name, BuildObject item)
    {
        if (!byName.TryGetValue(name, out List<BuildObject>? items))
        {
            byName.Add(name, [item]);
            return;
        }

        int at = items.Count;
        while (at > 0 && places[items[at - 1]] > places[item])
        {
            at--;
        }

        if (at == 0 || !ReferenceEquals(items[at - 1], item))
        {
            items.Insert(at, item);
        }
    }
}
