using Bowline.Resources.Model;

namespace Bowline.Delivery.Desired;

/// <summary>Argo CD's annotation tracking: every delivered object says which application it belongs to, so that both tools understand each other.</summary>
public static class Tracking
{
    public const string Annotation = "argocd.argoproj.io/tracking-id";

    /// <summary><c>application:group/kind:namespace/name</c>.</summary>
    public static string Format(string owner, ResourceId id) => $"{owner}:{id.Group}/{id.Kind}:{id.Namespace}/{id.Name}";

    /// <summary>The application that owns a live object; null when nobody says so, or when the annotation was copied from another object.</summary>
    public static string? Owner(ResourceId id, MapNode live)
    {
        if (live.At("metadata", "annotations", Annotation)?.AsString() is not { } value)
        {
            return null;
        }

        int colon = value.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && value == Format(value[..colon], id) ? value[..colon] : null;
    }
}
