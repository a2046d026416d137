namespace Bowline.Rendering.Kustomize.Objects;

/// <summary>
/// The transformers of one kustomization that an object went through, with what it went through before. Objects that went the
/// same way share one chain: thousands of objects under hundreds of patches would otherwise each keep a list of hundreds.
/// </summary>
internal sealed class Passage(Passage? before, IReadOnlyList<Provenance> by)
{
    private readonly Passage? before = before;
    private readonly IReadOnlyList<Provenance> by = by;

    /// <summary>Sends all objects through the same transformers.</summary>
    public static void Record(IReadOnlyList<BuildObject> items, IReadOnlyList<Provenance> by)
    {
        if (by.Count == 0)
        {
            return;
        }

        Passage? passage = null;
        foreach (BuildObject item in items)
        {
            if (passage is null || !ReferenceEquals(passage.before, item.Through))
            {
                passage = new Passage(item.Through, by);
            }

            item.Through = passage;
        }
    }

    /// <summary>From the first on.</summary>
    public static IReadOnlyList<Provenance> Of(Passage? last)
    {
        Stack<Passage> open = [];
        for (Passage? at = last; at is not null; at = at.before)
        {
            open.Push(at);
        }

        return [.. open.SelectMany(passage => passage.by)];
    }
}
