using System.Text.RegularExpressions;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Objects;

/// <summary>Which objects a patch or a replacement means: anchored regular expressions for the id, Kubernetes selectors for labels and annotations.</summary>
internal sealed class Selector
{
    private readonly Regex? group;
    private readonly Regex? version;
    private readonly Regex? kind;
    private readonly Regex? name;
    private readonly Regex? ns;
    private readonly LabelSelector labels;
    private readonly LabelSelector annotations;

    public Selector(KindFilter kinds, string name, string ns, string labelSelector, string annotationSelector)
    {
        group = GoRegex.CompileAnchored(kinds.Group);
        version = GoRegex.CompileAnchored(kinds.Version);
        kind = GoRegex.CompileAnchored(kinds.Kind);
        this.name = GoRegex.CompileAnchored(name);
        this.ns = GoRegex.CompileAnchored(ns);
        labels = LabelSelector.Parse(labelSelector);
        annotations = LabelSelector.Parse(annotationSelector);
    }

    /// <summary>Whether no part of an id is asked for.</summary>
    public bool MeansNoId => group is null && version is null && kind is null && name is null && ns is null;

    public bool HasLabelsOrAnnotations => !labels.IsEmpty || !annotations.IsEmpty;

    /// <summary>By today's or the original name and namespace, today's kind, and labels.</summary>
    public bool Matches(BuildObject item, KindScopes scopes)
    {
        ObjectId current = item.Id;
        ObjectId original = item.OriginalId;
        return MatchesKind(current.Kind)
            && (Is(ns, original.EffectiveNamespace(scopes)) || Is(ns, current.EffectiveNamespace(scopes)))
            && (Is(name, original.Name) || Is(name, current.Name))
            && MatchesLabels(item);
    }

    public bool MatchesId(ObjectId id, KindScopes scopes) =>
        MatchesKind(id.Kind) && Is(name, id.Name) && Is(ns, id.EffectiveNamespace(scopes));

    public bool MatchesLabels(BuildObject item) =>
        (labels.IsEmpty || labels.Matches(item.Labels)) && (annotations.IsEmpty || annotations.Matches(item.Annotations));

    private bool MatchesKind(ResourceKind of) => Is(group, of.Group) && Is(version, of.Version) && Is(kind, of.Kind);

    private static bool Is(Regex? regex, string text) => regex is null || regex.IsMatch(text);
}
