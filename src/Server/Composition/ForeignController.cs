using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Server.Composition;

/// <summary>Notices Argo CD's own application controller: two that deliver the same Applications would undo each other's work.</summary>
internal static class ForeignController
{
    private const string Name = "argocd-application-controller";
    private static readonly KindInfo[] Kinds =
    [
        new(new ResourceKind("apps", "v1", "StatefulSet"), "statefulsets", Namespaced: true),
        new(new ResourceKind("apps", "v1", "Deployment"), "deployments", Namespaced: true),
    ];

    /// <exception cref="UsageException">It runs in that namespace.</exception>
    public static async Task RefuseAsync(ICluster cluster, string @namespace, CancellationToken cancellationToken)
    {
        foreach (KindInfo kind in Kinds)
        {
            MapNode? controller = await cluster.GetAsync(new ObjectKey(kind, @namespace, Name), cancellationToken).ConfigureAwait(false);
            if (controller is not null && (controller.At("spec", "replicas")?.AsInteger() ?? 1) is > 0 and var replicas)
            {
                string what = kind.Kind.Kind.ToLowerInvariant();
                throw new UsageException($"Argo CD's application controller runs in namespace {@namespace} of {cluster.Name} ({what}/{Name}, replicas {replicas}), and two controllers would undo each other's work: stop it first (bowline adopt, or kubectl --context {cluster.Name} -n {@namespace} scale {what}/{Name} --replicas=0), or keep Bowline's applications in another namespace with --argocd-namespace");
            }
        }
    }
}
