using Bowline.Resources.Model;

namespace Bowline.Delivery.Desired;

/// <summary>
/// How delivered objects say whose they are beyond Argo CD's annotation, which they always carry: a label (<c>application.resourceTrackingMethod</c>,
/// <c>application.instanceLabelKey</c>), an installation's id (<c>installationID</c>).
/// </summary>
public sealed record TrackingMethod
{
    public static readonly TrackingMethod Annotation = new();

    /// <summary>The label unless somebody names another.</summary>
    public const string UsualLabel = "app.kubernetes.io/instance";

    private const string InstallationAnnotation = "argocd.argoproj.io/installation-id";
    private const int LongestLabel = 63;

    /// <summary>The label that objects get; empty for none.</summary>
    public string Label { get; init; } = string.Empty;

    /// <summary>Whether an object without the annotation is whose label it carries (method <c>label</c>).</summary>
    public bool ReadsLabel { get; init; }

    /// <summary>Objects that carry another are another installation's; empty where there is only one.</summary>
    public string InstallationId { get; init; } = string.Empty;

    /// <summary>Writes whose an object is.</summary>
    /// <param name="metadata">Of the object; may be changed.</param>
    public void Mark(MapNode metadata, string owner, ResourceId id)
    {
        MapNode annotations = metadata.EnsureMap("annotations");
        annotations[Tracking.Annotation] = Tracking.Format(owner, id);
        if (InstallationId.Length > 0)
        {
            annotations[InstallationAnnotation] = InstallationId;
        }

        if (Label.Length > 0)
        {
            metadata.EnsureMap("labels")[Label] = owner.Length <= LongestLabel ? owner : owner[..LongestLabel].TrimEnd('-', '.', '_');
        }
    }

    /// <inheritdoc cref="Tracking.Owner"/>
    public string? Owner(ResourceId id, MapNode live)
    {
        Node? annotations = live.At("metadata", "annotations");
        if (InstallationId.Length > 0 && annotations?[InstallationAnnotation]?.AsString() != InstallationId)
        {
            // Objects of before the id was set carry the annotation alone; those of another installation carry its id.
            return annotations?[InstallationAnnotation] is null ? Tracking.Owner(id, live) : null;
        }

        return Tracking.Owner(id, live) ?? (ReadsLabel && annotations?[Tracking.Annotation] is null ? live.At("metadata", "labels", Label)?.AsString() : null);
    }
}
