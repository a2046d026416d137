using Bowline.Rendering.Kustomize.Objects;

namespace Bowline.Rendering.Kustomize.Building;

/// <summary>The annotations that buildMetadata asks for; without it such annotations are taken away from the input, too.</summary>
internal static class OriginText
{
    public static Dictionary<string, string> Annotations(BuildObject item, IReadOnlyList<string> buildMetadata)
    {
        Dictionary<string, string> annotations = new(item.Annotations, StringComparer.Ordinal);
        annotations.Remove(Bookkeeping.OriginKey);
        annotations.Remove(Bookkeeping.TransformationsKey);
        if (buildMetadata.Contains("originAnnotations") && item.OriginText is { } origin)
        {
            annotations[Bookkeeping.OriginKey] = origin;
        }

        if (buildMetadata.Contains("transformerAnnotations") && item.Printed is { } printed)
        {
            annotations[Bookkeeping.TransformationsKey] = printed.Text;
        }

        return annotations;
    }
}
