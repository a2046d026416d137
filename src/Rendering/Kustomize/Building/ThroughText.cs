using Bowline.Rendering.Kustomize.Objects;

namespace Bowline.Rendering.Kustomize.Building;

/// <summary>The transformers that objects went through, as text; objects that went the same way, which is most of them, share one list.</summary>
internal sealed class ThroughText
{
    private readonly Dictionary<Provenance, string> texts = new(ReferenceEqualityComparer.Instance);
    private Passage? last;
    private string[] lastTexts = [];

    public IReadOnlyList<string> Of(Passage? through)
    {
        if (!ReferenceEquals(through, last))
        {
            lastTexts = [.. Passage.Transformers(through).Select(Text)];
            last = through;
        }

        return lastTexts;
    }

    private string Text(Provenance by)
    {
        if (!texts.TryGetValue(by, out string? text))
        {
            texts.Add(by, text = $"{by.ConfiguredBy?.Kind.Kind} ({by.File})");
        }

        return text;
    }
}
