using Bowline.Rendering.Kustomize.Objects;

namespace Bowline.Rendering.Kustomize.Transforming;

/// <summary>Objects by the names they used to have, so that no reference is looked up by going through all of them.</summary>
internal sealed class RenamedObjects
{
    private static readonly List<BuildObject> None = [];
    private readonly Dictionary<string, List<BuildObject>> byPreviousName = new(StringComparer.Ordinal);
    private readonly HashSet<string> originalNamespaces = new(StringComparer.Ordinal);

    public RenamedObjects(ObjectSet objects)
    {
        foreach (BuildObject item in objects.Items)
        {
            originalNamespaces.Add(item.OriginalId.EffectiveNamespace(objects.Scopes));
            for (int i = 0; i < item.PreviousCount; i++)
            {
                Add(item.Previous(i).Name, item);
            }
        }
    }

    /// <summary>In the order of the build.</summary>
    public IReadOnlyList<BuildObject> WithPreviousName(string name) => byPreviousName.GetValueOrDefault(name) ?? None;

    public bool IsOriginalNamespace(string ns) => originalNamespaces.Contains(ns);

    private void Add(string name, BuildObject item)
    {
        if (!byPreviousName.TryGetValue(name, out List<BuildObject>? items))
        {
            byPreviousName.Add(name, items = []);
        }

        if (items.Count == 0 || !ReferenceEquals(items[^1], item))
        {
            items.Add(item);
        }
    }
}
