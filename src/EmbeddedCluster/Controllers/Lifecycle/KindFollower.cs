namespace Bowline.EmbeddedCluster.Controllers.Lifecycle;

/// <summary>Keeps the set of followed kinds up to date as CRDs come.</summary>
internal sealed class KindFollower(ControlPlane plane) : Reconciler(plane)
{
    private static readonly ObjectName All = new(string.Empty, "*");

    public override void Subscribe() => Watch(Plane.Find("apiextensions.k8s.io", "CustomResourceDefinition"), _ => Queue.Add(All));

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        await Plane.RediscoverAsync(cancellationToken).ConfigureAwait(false);
        return null;
    }
}
