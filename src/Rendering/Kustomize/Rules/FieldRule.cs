using Bowline.Rendering.Kustomize.Fields;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;

namespace Bowline.Rendering.Kustomize.Rules;

/// <summary>A field that a transformer sets in objects of some kinds.</summary>
internal sealed record FieldRule(KindFilter Kind, string Path, bool Create)
{
    private readonly string[] parts = FieldWriter.SplitPath(Path);

    public ReadOnlySpan<string> Parts => parts;

    public static FieldRule Anywhere(string path, bool create) => new(KindFilter.Any, path, create);

    /// <summary>Adds rules. One whose kinds include those of an earlier rule for the same path is left out (as in the original), and must agree with it on creation.</summary>
    public static IReadOnlyList<FieldRule> Merge(IReadOnlyList<FieldRule> rules, IEnumerable<FieldRule> more)
    {
        List<FieldRule> merged = [.. rules];
        foreach (FieldRule rule in more)
        {
            FieldRule? same = merged.Find(other => other.Path == rule.Path && rule.Kind.Selects(new(other.Kind.Group, other.Kind.Version, other.Kind.Kind)));
            if (same is null)
            {
                merged.Add(rule);
            }
            else if (same.Create != rule.Create)
            {
                throw new RenderException($"conflicting fieldspecs: {rule.Path} is both created and not created when it is missing");
            }
        }

        return merged;
    }
}

/// <summary>The fields that hold names of one kind of object.</summary>
internal sealed record NameRule(KindFilter Target, IReadOnlyList<FieldRule> Referrers);
