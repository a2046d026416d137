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
        NamedObjects named = new(items);
        foreach (BuildObject item in generated)
        {
            ObjectId id = item.Id;
            List<BuildObject> matches = WithAnyId(named.With(id.Name), id);
            if (matches.Count == 0)
            {
                RequireCreation(item, id);
                items.Add(item);
                named.Add(item);
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
            named.Replace(old, item);
        }
    }

    public void DropEmpty() => items.RemoveAll(item => item.IsEmpty);

    public void ReplaceAll(IEnumerable<BuildObject> all) => items = [.. all];

    public List<BuildObject> Select(Selector selector) => [.. items.Where(item => selector.Matches(item, Scopes))];

    /// <summary>Objects that have or had the id.</summary>
    public List<BuildObject> WithAnyId(ObjectId id) => WithAnyId(items, id);

    public ObjectSet Copy()
    {
        ObjectSet copy = new(Scopes);
        copy.items.AddRange(items.Select(item => item.Copy()));
        return copy;
    }

    private static void RequireCreation(BuildObject item, ObjectId id)
    {
        if (item.Behavior is Behavior.Merge or Behavior.Replace)
        {
            throw new RenderException($"id {id} does not exist; cannot merge or replace");
        }
    }

    private List<BuildObject> WithAnyId(IEnumerable<BuildObject> among, ObjectId id)
    {
        ObjectId wanted = id.Normalized(Scopes);
        return [.. among.Where(item => item.HasOrHadName(wanted.Name) && !item.IsEmpty && HasOrHad(item, wanted))];
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

    /// <summary>Objects by the names they have and had, so that many generated ones do not each go through all.</summary>
    private sealed class NamedObjects
    {
        private readonly Dictionary<string, List<BuildObject>> byName = new(StringComparer.Ordinal);

        public NamedObjects(List<BuildObject> items) => items.ForEach(Add);

        public List<BuildObject> With(string name) => byName.GetValueOrDefault(name) ?? [];

        public void Add(BuildObject item)
        {
            AddAs(item.Name, item);
            for (int i = 0; i < item.PreviousCount; i++)
            {
                AddAs(item.Previous(i).Name, item);
            }
        }

        public void Replace(BuildObject old, BuildObject by)
        {
            foreach (List<BuildObject> items in byName.Values.Where(items => items.Contains(old)))
            {
                items.Remove(old);
            }

            Add(by);
        }

        private void AddAs(string name, BuildObject item)
        {
            if (!byName.TryGetValue(name, out List<BuildObject>? items))
            {
                byName.Add(name, items = []);
            }

            if (!items.Contains(item))
            {
                items.Add(item);
            }
        }
    }
}
