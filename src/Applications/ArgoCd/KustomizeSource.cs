using Bowline.Applications.Model;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Applications.ArgoCd;

/// <summary>The <c>kustomize</c> part of a source: what Argo CD edits into a kustomization before it builds it.</summary>
internal static class KustomizeSource
{
    public static KustomizeOptions Read(Node? kustomize) => new()
    {
        NamePrefix = ArgoCdDialect.Text(kustomize?["namePrefix"]),
        NameSuffix = ArgoCdDialect.Text(kustomize?["nameSuffix"]),
        Namespace = ArgoCdDialect.Text(kustomize?["namespace"]),
        Images = ArgoCdDialect.Texts(kustomize?["images"]),
        CommonLabels = WithoutSelectors(kustomize) ? [] : Pairs(kustomize?["commonLabels"]),
        CommonAnnotations = Pairs(kustomize?["commonAnnotations"]),
    };

    public static KustomizationEdits? ReadEdits(Node? kustomize)
    {
        KustomizationEdits edits = new(
            [.. (kustomize?["patches"] as ListNode ?? []).OfType<MapNode>()],
            [.. (kustomize?["replicas"] as ListNode ?? []).OfType<MapNode>()],
            ArgoCdDialect.Texts(kustomize?["components"]),
            WithoutSelectors(kustomize) ? Pairs(kustomize?["commonLabels"]) : [])
        {
            IgnoreMissingComponents = kustomize?["ignoreMissingComponents"]?.AsBool() == true,
            LabelTemplates = kustomize?["labelIncludeTemplates"]?.AsBool() == true,
        };
        return edits.IsEmpty ? null : edits;
    }

    private static bool WithoutSelectors(Node? kustomize) => kustomize?["labelWithoutSelector"]?.AsBool() == true;

    private static IReadOnlyList<KeyValuePair<string, string>> Pairs(Node? map) =>
        map is MapNode members ? [.. members.Select(member => KeyValuePair.Create(member.Key, ArgoCdDialect.Text(member.Value)))] : [];
}
