namespace Bowline.Rendering.Kustomize.Objects;

/// <summary>
/// The transformers of one kustomization that an object went through, with what it went through before. Objects that went the
/// same way share one chain: thousands of objects under hundreds of patches would otherwise each keep a list of hundreds.
/// </summary>
internal sealed class Passage(Passage? before, IReadOnlyList<Provenance> by)
{
    private readonly Passage? before = before;
    private readonly IReadOnlyList<Provenance> by = by;
    private string? text;

    /// <summary>As the transformations annotation lists it.</summary>
    public string Text => text ??= Of(this).Aggregate(string.Empty, (all, passage) => passage.text ?? all + ListOf(passage.by));

    /// <summary>What an annotation says that the build did not write.</summary>
    public static Passage Said(string text) => new(null, []) { text = text };

    public static string ListOf(IEnumerable<Provenance> by) => string.Concat(by.Select(provenance => provenance.ListItem));

    /// <summary>Sends all objects through the same transformers; what they print begins anew where their annotations were lost on the way.</summary>
    public static void Record(IReadOnlyList<BuildObject> items, IReadOnlyList<Provenance> by, bool prints)
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

            if (prints)
            {
                bool isWhole = item.PrintedFrom == 0 && ReferenceEquals(item.Printed, item.Through);
                item.Printed = isWhole ? passage : After(item.Printed, [.. by.Skip(item.PrintedFrom)]);
                item.PrintedFrom = 0;
            }

            item.Through = passage;
        }
    }

    public static Passage? After(Passage? before, IReadOnlyList<Provenance> by) => by.Count == 0 ? before : new Passage(before, by);

    /// <summary>All transformers from the first on.</summary>
    public static IEnumerable<Provenance> Transformers(Passage? last) => Of(last).SelectMany(passage => passage.by);

    private static Stack<Passage> Of(Passage? last)
    {
        Stack<Passage> open = [];
        for (Passage? at = last; at is not null; at = at.before)
        {
            open.Push(at);
        }

        return open;
    }
}
