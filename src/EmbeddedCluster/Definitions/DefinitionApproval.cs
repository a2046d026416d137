using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions;

/// <summary>Groups below k8s.io and kubernetes.io need an annotation that tells who approved the API.</summary>
internal static class DefinitionApproval
{
    public const string Annotation = "api-approved.kubernetes.io";

    public static bool IsProtected(string group) =>
        group is "k8s.io" or "kubernetes.io" || group.EndsWith(".k8s.io", StringComparison.Ordinal) || group.EndsWith(".kubernetes.io", StringComparison.Ordinal);

    public static (bool Approved, string Reason, string Message) Of(MapNode definition)
    {
        string value = definition.At("metadata", "annotations", Annotation)?.AsString() ?? string.Empty;
        if (value.Length == 0)
        {
            return (false, "MissingAnnotation", $"protected groups must have approval annotation \"{Annotation}\", see https://github.com/kubernetes/enhancements/pull/1111");
        }

        if (value.StartsWith("unapproved", StringComparison.Ordinal))
        {
            return (false, "UnapprovedAnnotation", $"not approved: \"{value}\"");
        }

        return Uri.TryCreate(value, UriKind.Absolute, out Uri? url) && url.Host.Length > 0
            ? (true, "ApprovedAnnotation", $"approved in {value}")
            : (false, "InvalidAnnotation", $"protected groups must have approval annotation \"{Annotation}\" with either a URL or a reason starting with \"unapproved\", see https://github.com/kubernetes/enhancements/pull/1111");
    }
}
