using System.Collections.Frozen;
using Bowline.Rendering.Kustomize.Objects;

namespace Bowline.Rendering.Kustomize.Rules;

/// <summary>Which fields each built-in transformer touches: the defaults, and what <c>configurations</c> and <c>crds</c> add. Immutable.</summary>
internal sealed record RuleSet
{
    public static readonly RuleSet Empty = new();

    public IReadOnlyList<FieldRule> NamePrefix { get; init; } = [];

    public IReadOnlyList<FieldRule> NameSuffix { get; init; } = [];

    public IReadOnlyList<FieldRule> Namespace { get; init; } = [];

    public IReadOnlyList<FieldRule> CommonLabels { get; init; } = [];

    /// <summary>Labels of <c>labels</c> with includeSelectors unset; rules that configurations add under <c>labels</c>.</summary>
    public IReadOnlyList<FieldRule> Labels { get; init; } = [];

    public IReadOnlyList<FieldRule> TemplateLabels { get; init; } = [];

    public IReadOnlyList<FieldRule> CommonAnnotations { get; init; } = [];

    public IReadOnlyList<FieldRule> Variables { get; init; } = [];

    public IReadOnlyList<FieldRule> Images { get; init; } = [];

    public IReadOnlyList<FieldRule> Replicas { get; init; } = [];

    public IReadOnlyList<NameRule> Names { get; init; } = [];

    public static RuleSet Defaults { get; } = Read();

    public RuleSet Merge(RuleSet more)
    {
        if (ReferenceEquals(more, Empty) || ReferenceEquals(more, this))
        {
            return this;
        }

        return ReferenceEquals(this, Empty) ? more : new RuleSet
        {
            NamePrefix = FieldRule.Merge(NamePrefix, more.NamePrefix),
            NameSuffix = FieldRule.Merge(NameSuffix, more.NameSuffix),
            Namespace = FieldRule.Merge(Namespace, more.Namespace),
            CommonLabels = FieldRule.Merge(CommonLabels, more.CommonLabels),
            Labels = FieldRule.Merge(Labels, more.Labels),
            TemplateLabels = FieldRule.Merge(TemplateLabels, more.TemplateLabels),
            CommonAnnotations = FieldRule.Merge(CommonAnnotations, more.CommonAnnotations),
            Variables = FieldRule.Merge(Variables, more.Variables),
            Images = FieldRule.Merge(Images, more.Images),
            Replicas = FieldRule.Merge(Replicas, more.Replicas),
            Names = MergeNames(Names, more.Names),
        };
    }

    private static List<NameRule> MergeNames(IReadOnlyList<NameRule> rules, IReadOnlyList<NameRule> more)
    {
        List<NameRule> merged = [.. rules];
        foreach (NameRule rule in more)
        {
            int at = merged.FindIndex(other => other.Target == rule.Target);
            if (at < 0)
            {
                merged.Add(rule);
            }
            else
            {
                merged[at] = new NameRule(rule.Target, FieldRule.Merge(merged[at].Referrers, rule.Referrers));
            }
        }

        return merged;
    }

    private static RuleSet Read()
    {
        using StreamReader reader = new(typeof(RuleSet).Assembly.GetManifestResourceStream("Kustomize/defaults.txt")!);
        Dictionary<string, List<FieldRule>> sections = [];
        List<NameRule> names = [];
        List<FieldRule> current = [];
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('['))
            {
                current = [];
                string[] head = line.Trim('[', ']').Split(' ');
                if (head.Length == 1)
                {
                    sections.Add(head[0], current);
                }
                else
                {
                    names.Add(new NameRule(Filter(head[1], head[2], head[3]), current));
                }
            }
            else if (line.Length > 0 && line[0] != '#')
            {
                string[] parts = line.Split(' ');
                current.Add(new FieldRule(Filter(parts[0], parts[1], parts[2]), parts[3], parts.Length > 4));
            }
        }

        return FromSections(sections.ToFrozenDictionary(), names);
    }

    private static RuleSet FromSections(FrozenDictionary<string, List<FieldRule>> sections, List<NameRule> names) => new()
    {
        NamePrefix = sections["namePrefix"],
        NameSuffix = sections["nameSuffix"],
        Namespace = sections["namespace"],
        CommonLabels = sections["commonLabels"],
        TemplateLabels = sections["templateLabels"],
        CommonAnnotations = sections["commonAnnotations"],
        Variables = sections["varReference"],
        Images = sections["images"],
        Replicas = sections["replicas"],
        Names = names,
    };

    private static KindFilter Filter(string group, string version, string kind) => new(Part(group), Part(version), Part(kind));

    private static string Part(string text) => text == "*" ? string.Empty : text;
}
