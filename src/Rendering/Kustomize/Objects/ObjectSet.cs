using Bowline.Rendering.Requests;

namespace Bowline.Rendering.Kustomize.Objects;

/// <summary>The objects of one kustomization in the order in which they were loaded; no two have the same id.</summary>
internal sealed class ObjectSet(KindScopes scopes)
{
    private List<BuildObject> items = [];
    private readonly List<Provenance> passed = [];
    private readonly List<BuildObject> withoutOrigin = [];
    private NamedObjects? named;
    private bool isDistinct;
    private bool hasEmpty;

    public KindScopes Scopes { get; } = scopes;

    /// <summary>Whether objects keep annotations that say where they came from and what they went through, which is when any such is asked for.</summary>
    public bool TracksOrigins { get; init; }

    /// <summary>The transformers of the running kustomization that the objects went through already.</summary>
    public IReadOnlyList<Provenance> Passed => passed;

    public IReadOnlyList<BuildObject> Items => items;

    public int Count => items.Count;

    private NamedObjects Named => named ??= new NamedObjects(items);

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

        named = null;
        isDistinct = false;
    }

    /// <summary>Takes generated objects in, each created, merged or replaced as its behavior says.</summary>
    public void Absorb(IEnumerable<BuildObject> generated)
    {
        isDistinct = false;
        foreach (BuildObject item in generated)
        {
            ObjectId id = item.Id;
            List<BuildObject> matches = WithAnyId(id);
            if (matches.Count == 0)
            {
                RequireCreation(item, id);
                items.Add(item);
                Named.Add(item);
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
            Named.Replace(old, item);
        }
    }

    /// <summary>Sends the objects through a transformer of a kustomization; those that have lost their origin are taken for its products.</summary>
    public void Pass(ITransformer transformer, Provenance by)
    {
        Apply(transformer);
        foreach (BuildObject item in withoutOrigin.Where(item => item.OriginText is null))
        {
            item.Printed = Passage.After(item.Printed, [.. passed.Skip(item.PrintedFrom)]);
            item.PrintedFrom = passed.Count + 1;
            item.OriginText = by.Text;
        }

        if (passed.Count == 0)
        {
            items.ForEach(Annotated);
        }

        withoutOrigin.Clear();
        passed.Add(by);
    }

    /// <summary>Reported when a transformer has taken away what said where the object came from.</summary>
    public void LostOrigin(BuildObject item) => withoutOrigin.Add(item);

    /// <summary>Transforms the objects and drops those that it emptied.</summary>
    public void Apply(ITransformer transformer)
    {
        if (transformer.ReportsChanges)
        {
            transformer.Transform(this);
            return;
        }

        DropEmpty();
        transformer.Transform(this);
        named = null;
        isDistinct = false;
        hasEmpty = items.Exists(item => item.IsEmpty);
        DropEmpty();
        items.ForEach(Annotated);
    }

    /// <summary>Ends what one kustomization does: its transformers become part of what the objects went through.</summary>
    public void EndPassage()
    {
        DropEmpty();
        Passage.Record(items, [.. passed], TracksOrigins);
        passed.Clear();
    }

    /// <summary>Reported by transformers that change single objects, after each of them.</summary>
    public void Changed(BuildObject item)
    {
        hasEmpty |= item.IsEmpty;
        named?.Add(item);
        isDistinct = isDistinct && !SharesId(item);
        Annotated(item);
    }

    /// <summary>Objects that were emptied are skipped by every search; this takes them out.</summary>
    public void DropEmpty()
    {
        if (hasEmpty)
        {
            ReplaceAll(items.Where(item => !item.IsEmpty));
        }
    }

    public void ReplaceAll(IEnumerable<BuildObject> all)
    {
        items = [.. all];
        named = null;
        hasEmpty = false;
    }

    /// <exception cref="RenderException">Two objects have the same id.</exception>
    public void RequireDistinct()
    {
        if (!isDistinct)
        {
            ObjectSet kept = new(Scopes);
            kept.AppendAll(items.Where(item => !item.IsEmpty));
            isDistinct = true;
        }
    }

    public List<BuildObject> Select(Selector selector)
    {
        IReadOnlyList<BuildObject> candidates = selector.Name is { } name ? Named.With(name) : items;
        return [.. candidates.Where(item => !item.IsEmpty && selector.Matches(item, Scopes))];
    }

    /// <summary>Objects that have or had the id.</summary>
    public List<BuildObject> WithAnyId(ObjectId id)
    {
        ObjectId wanted = id.Normalized(Scopes);
        return [.. Named.With(wanted.Name).Where(item => item.HasOrHadName(wanted.Name) && !item.IsEmpty && HasOrHad(item, wanted))];
    }

    public ObjectSet Copy()
    {
        ObjectSet copy = new(Scopes) { TracksOrigins = TracksOrigins };
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

    /// <summary>To note a transformer, the original writes all annotations anew: as text, and shared with no labels any more.</summary>
    private void Annotated(BuildObject item)
    {
        if (TracksOrigins && !item.IsEmpty)
        {
            item.SetAnnotations(item.Annotations);
        }
    }

    private bool SharesId(BuildObject item)
    {
        if (item.IsEmpty)
        {
            return false;
        }

        ObjectId id = Key(item);
        return Named.With(id.Name).Any(other => !ReferenceEquals(other, item) && !other.IsEmpty && Key(other) == id);
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
