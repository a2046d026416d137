using System.Text.RegularExpressions;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Objects;

/// <summary>Which objects a patch or a replacement means: anchored regular expressions for the id, Kubernetes selectors for labels and annotations.</summary>
internal sealed class Selector
{
    private readonly Pattern? group;
    private readonly Pattern? version;
    private readonly Pattern? kind;
    private readonly Pattern? name;
    private readonly Pattern? ns;
    private readonly LabelSelector labels;
    private readonly LabelSelector annotations;

    public Selector(KindFilter kinds, string name, string ns, string labelSelector, string annotationSelector)
    {
        group = Pattern.Of(kinds.Group);
        version = Pattern.Of(kinds.Version);
        kind = Pattern.Of(kinds.Kind);
        this.name = Pattern.Of(name);
        this.ns = Pattern.Of(ns);
        labels = Parse(labelSelector);
        annotations = Parse(annotationSelector);
    }

    /// <summary>The only name that is selected; null where several may be.</summary>
    public string? Name => name?.Literal;

    /// <summary>Whether no part of an id is asked for.</summary>
    public bool MeansNoId => group is null && version is null && kind is null && name is null && ns is null;

    public bool HasLabelsOrAnnotations => !labels.IsEmpty || !annotations.IsEmpty;

    /// <summary>By today's or the original name and namespace, today's kind, and labels.</summary>
    public bool Matches(BuildObject item, KindScopes scopes)
    {
        // The name first: it is what tells most objects apart.
        return (Is(name, item.OriginalName) || Is(name, item.Name))
            && MatchesKind(item.Kind)
            && (ns is null || Is(ns, item.OriginalId.EffectiveNamespace(scopes)) || Is(ns, item.Id.EffectiveNamespace(scopes)))
            && MatchesLabels(item);
    }

    /// <summary>The namespace as it is written: none is not <c>default</c> here.</summary>
    public bool MatchesId(ObjectId id) => MatchesKind(id.Kind) && Is(name, id.Name) && Is(ns, id.Namespace);

    public bool MatchesLabels(BuildObject item) =>
        (labels.IsEmpty || Holds(labels, item.Labels)) && (annotations.IsEmpty || Holds(annotations, item.Annotations));

    private bool MatchesKind(ResourceKind of) => Is(group, of.Group) && Is(version, of.Version) && Is(kind, of.Kind);

    private static bool Holds(LabelSelector selector, IReadOnlyDictionary<string, string> texts) =>
        selector.Requirements.All(requirement => requirement.Holds(texts.GetValueOrDefault(requirement.Key)));

    /// <exception cref="RenderException">Not a selector.</exception>
    private static LabelSelector Parse(string text)
    {
        if (!LabelSelector.TryParse(text, out LabelSelector? selector, out string? problem))
        {
            throw new RenderException($"unable to parse selector '{text}': {problem}");
        }

        foreach (LabelRequirement requirement in selector.Requirements)
        {
            bool valid = requirement.Key.Length <= 317 && requirement.Key.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/');
            if (!valid)
            {
                throw new RenderException($"unable to parse selector '{text}': '{requirement.Key}' is not a label key");
            }

            if (requirement.Values.FirstOrDefault(value => !value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')) is { } wrong)
            {
                throw new RenderException($"unable to parse selector '{text}': '{wrong}' is not a label value");
            }
        }

        return selector;
    }

    private static bool Is(Pattern? pattern, string text) => pattern is null || pattern.IsMatch(text);

    /// <summary>An anchored regular expression, or the plain text that it nearly always is.</summary>
    private sealed class Pattern(string literal, Regex? regex)
    {
        /// <summary>Null for a regular expression.</summary>
        public string? Literal => regex is null ? literal : null;

        /// <summary>Null for an empty pattern, which matches anything.</summary>
        public static Pattern? Of(string pattern)
        {
            bool isLiteral = pattern.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '/');
            return pattern.Length == 0 ? null : new Pattern(pattern, isLiteral ? null : GoRegex.CompileAnchored(pattern));
        }

        public bool IsMatch(string text) => regex is null ? text == literal : regex.IsMatch(text);
    }
}
