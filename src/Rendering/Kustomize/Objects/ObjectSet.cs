using Bowline.Rendering.Requests;

namespace Bowline.Rendering.Kustomize.Objects;

/// <summary>The objects of one kustomization in the order in which they were loaded; no two have the same id.</summary>
internal sealed class ObjectSet(KindScopes scopes)
{
    private List<BuildObject> items = [];

    public KindScopes Scopes { get; } = scopes;

    public IReadOnlyList<BuildObject> Items => items;

    public int Count => items.Count;

    public ObjectId Key(BuildObject item) => item.Id.Normalized(Scopes);

    /// <exception cref="RenderException">An object with the same id is there already.</exception>
    public void AppendAll(IEnumerable<BuildObject> more)
    {
        HashSet<ObjectId> ids = [.. items.Select(Key)];
        foreach (BuildObject item in more)
        {
            if (!ids.Add(Key(item)))
            {
                throw new RenderException($"may not add resource with an already registered id: {item.Id}", item.Source?.File ?? string.Empty, item.Source?.Line ?? 0);
            }

            items.Add(item);
        }
    }

    /// <summary>Takes generated objects in, each created, merged or replaced as its behavior says.</summary>
    public void Absorb(IEnumerable<BuildObject> generated)
    {
        foreach (BuildObject item in generated)
        {
            ObjectId id = item.Id;
            List<BuildObject> matches = WithAnyId(id);
            if (matches.Count == 0)
            {
                AbsorbNew(item, id);
                continue;
            }

            if (matches.Count > 1)
            {
                throw new RenderException($"found multiple objects that could accept merge of {id}: {string.Join(", ", matches.Select(match => match.Id))}");
            }

            BuildObject old = matches[0];
            switch (item.Behavior)
            {
                case Behavior.Replace:
                    GeneratedMerge.Inherit(item, old);
                    break;
                case Behavior.Merge:
                    GeneratedMerge.Inherit(item, old);
                    GeneratedMerge.MergeData(item, old);
                    break;
                default:
                    throw new RenderException($"id {id} exists; can not use behavior '{(item.Behavior == Behavior.Create ? "create" : "unspecified")}', behavior must be merge or replace");
            }

            items[items.IndexOf(old)] = item;
        }
    }

    public void DropEmpty() => items.RemoveAll(item => item.IsEmpty);

    public void ReplaceAll(IEnumerable<BuildObject> all) => items = [.. all];

    public List<BuildObject> Select(Selector selector) => [.. items.Where(item => selector.Matches(item, Scopes))];

    /// <summary>Objects that have or had the id.</summary>
    public List<BuildObject> WithAnyId(ObjectId id)
    {
        ObjectId wanted = id.Normalized(Scopes);
        return [.. items.Where(item => !item.IsEmpty && HasOrHad(item, wanted))];
    }

    public ObjectSet Copy()
    {
        ObjectSet copy = new(Scopes);
        copy.items.AddRange(items.Select(item => item.Copy()));
        return copy;
    }

    private void AbsorbNew(BuildObject item, ObjectId id)
    {
        if (item.Behavior is Behavior.Merge or Behavior.Replace)
        {
            throw new RenderException($"id {id} does not exist; cannot merge or replace");
        }

        AppendAll([item]);
    }

    private bool HasOrHad(BuildObject item, ObjectId wanted)
    {
        if (Key(item) == wanted)
        {
            return true;
        }

        for (int i = 0; i < item.PreviousCount; i++)
        {
            if (item.Previous(i).Normalized(Scopes) == wanted)
            {
                return true;
            }
        }

        return false;
    }
}
