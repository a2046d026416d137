using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Lifecycle;

/// <summary>Gives every namespace its <c>default</c> ServiceAccount and the cluster's certificate as <c>kube-root-ca.crt</c>.</summary>
internal sealed class NamespaceDefaults(ControlPlane plane, string certificateAuthority) : Reconciler(plane)
{
    private const string AccountName = "default";
    private const string CertificateName = "kube-root-ca.crt";

    private const string Description =
        "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

    private readonly KindMirror namespaces = plane.Mirror(string.Empty, "Namespace");
    private readonly KindMirror accounts = plane.Mirror(string.Empty, "ServiceAccount");
    private readonly KindMirror maps = plane.Mirror(string.Empty, "ConfigMap");

    public override void Subscribe()
    {
        Watch(namespaces, change => Enqueue(change.New?.Name()));
        Watch(accounts, change => Enqueue(change.New is null && change.Any.Name() == AccountName ? change.Any.Namespace() : null));
        Watch(maps, change => Enqueue(change.Any.Name() == CertificateName ? change.Any.Namespace() : null));
    }

    public override async Task<TimeSpan?> ReconcileAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (namespaces.Get(key) is not { } @namespace || @namespace.IsDeleting())
        {
            return null;
        }

        if (accounts.Get(key.Name, AccountName) is null)
        {
            MapNode account = Compose("ServiceAccount", key.Name, AccountName);
            await Plane.Writer.EnsureAsync(accounts, key.Name, account, cancellationToken).ConfigureAwait(false);
        }

        await EnsureCertificateAsync(key.Name, cancellationToken).ConfigureAwait(false);
        return null;
    }

    private async Task EnsureCertificateAsync(string @namespace, CancellationToken cancellationToken)
    {
        MapNode data = new() { ["ca.crt"] = certificateAuthority.TrimEnd() + "\n" };
        MapNode? present = maps.Get(@namespace, CertificateName);
        if (present is null)
        {
            MapNode map = Compose("ConfigMap", @namespace, CertificateName);
            map.EnsureMap("metadata")["annotations"] = new MapNode { ["kubernetes.io/description"] = Description };
            map["data"] = data;
            await Plane.Writer.EnsureAsync(maps, @namespace, map, cancellationToken).ConfigureAwait(false);
        }
        else if (!Node.DeepEquals(present["data"], data))
        {
            MapNode repaired = present.Clone();
            repaired["data"] = data;
            repaired.EnsureMap("metadata").EnsureMap("annotations")["kubernetes.io/description"] = Description;
            await Plane.Writer.UpdateAsync(maps, repaired, cancellationToken).ConfigureAwait(false);
        }
    }

    private static MapNode Compose(string kind, string @namespace, string name) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = kind,
        ["metadata"] = new MapNode { ["name"] = name, ["namespace"] = @namespace },
    };

    private void Enqueue(string? @namespace)
    {
        if (@namespace is not null)
        {
            Queue.Add(new ObjectName(string.Empty, @namespace));
        }
    }
}
