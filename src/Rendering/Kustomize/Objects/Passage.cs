namespace Bowline.Rendering.Kustomize.Objects;

/// <summary>
/// The transformers that an object went through, the last one with those before it. Objects that went the same way share
/// one chain: thousands of objects under hundreds of patches would otherwise each keep a list of hundreds.
/// </summary>
internal sealed class Passage(Passage? before, Provenance by)
{
    public Passage? Before { get; } = before;

    public Provenance By { get; } = by;

    /// <summary>From the first on.</summary>
    public static IReadOnlyList<Provenance> Of(Passage? last)
    {
        List<Provenance> all = [];
        for (Passage? at = last; at is not null; at = at.Before)
        {
            all.Add(at.By);
        }

        all.Reverse();
        return all;
    }
}
