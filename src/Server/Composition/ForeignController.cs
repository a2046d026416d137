using Bowline.Applications.Adopting;
using Bowline.Cluster.Requests;

namespace Bowline.Server.Composition;

/// <summary>Notices Argo CD's own application controller: two that deliver the same Applications would undo each other's work.</summary>
internal static class ForeignController
{
    /// <exception cref="UsageException">It runs in that namespace.</exception>
    public static async Task RefuseAsync(ICluster cluster, string @namespace, CancellationToken cancellationToken)
    {
        if (await new ArgoControllers(cluster, @namespace).DeliveringAsync(cancellationToken).ConfigureAwait(false) is [var controller, ..])
        {
            throw new UsageException($"Argo CD's application controller runs in namespace {@namespace} of {cluster.Name} ({controller}, replicas {controller.Replicas}), and two controllers would undo each other's work: stop it first (bowline adopt, or kubectl --context {cluster.Name} -n {@namespace} scale {controller} --replicas=0), or keep Bowline's applications in another namespace with --argocd-namespace");
        }
    }
}
