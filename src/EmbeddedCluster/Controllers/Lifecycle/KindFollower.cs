using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Lifecycle;

/// <summary>Keeps the set of followed kinds up to date as CRDs come.</summary>
internal sealed class KindFollower(ControlPlane plane) : Reconciler(plane)
{
    // The definition is announced a moment before its kind is served.
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(20);
    private readonly KindMirror definitions = plane.Mirror("apiextensions.k8s.io", "CustomResourceDefinition");

    public override void Subscribe() => WatchOwn(definitions);

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (definitions.Get(key) is not { } definition || definition.IsDeleting() || IsFollowed(definition))
        {
            return null;
        }

        await Plane.RediscoverAsync(cancellationToken).ConfigureAwait(false);
        bool established = definition.Status().ConditionIs("Established", "True")
            && definition.Spec()["versions"].Maps().Any(version => version.Flag("served"));
        return established && !IsFollowed(definition) ? Again : null;
    }

    private bool IsFollowed(MapNode definition) =>
        Plane.Find(definition.Spec().Text("group"), definition.Spec()["names"]?["kind"]?.AsString() ?? string.Empty) is not null;
}
