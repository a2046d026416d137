using System.Security.Cryptography;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission;

/// <summary>Gives pods their service account and the volume with its token.</summary>
internal sealed class ServiceAccountAdmission(ObjectStore store)
{
    private const string MountPath = "/var/run/secrets/kubernetes.io/serviceaccount";

    public void Mutate(AdmissionRequest request)
    {
        if (!request.IsCreate || !request.Is("pods") || request.Object["spec"] is not MapNode spec)
        {
            return;
        }

        if (request.Object["metadata"]?["annotations"]?["kubernetes.io/config.mirror"] is not null)
        {
            return;
        }

        string name = spec["serviceAccountName"]?.AsString() is { Length: > 0 } named ? named : "default";
        spec["serviceAccountName"] = name;
        spec["serviceAccount"] = name;
        StoredObject? account = store.Get("serviceaccounts", request.Namespace, name);
        if (account is null)
        {
            throw ApiErrors.Forbidden(request.Kind, request.Label, $"error looking up service account {request.Namespace}/{name}: serviceaccount \"{name}\" not found");
        }

        if (Mounts(spec, account.Node))
        {
            MountToken(spec);
        }

        if (spec["imagePullSecrets"] is null && account.Node["imagePullSecrets"] is ListNode { Count: > 0 } secrets)
        {
            spec["imagePullSecrets"] = secrets.DeepClone();
        }
    }

    private static bool Mounts(MapNode spec, MapNode account) =>
        spec["automountServiceAccountToken"]?.AsBool() ?? account["automountServiceAccountToken"]?.AsBool() ?? true;

    private static void MountToken(MapNode spec)
    {
        string? volume = null;
        foreach (string list in (string[])["initContainers", "containers"])
        {
            foreach (MapNode container in (spec[list]?.AsList() ?? []).OfType<MapNode>())
            {
                ListNode mounts = container["volumeMounts"] as ListNode ?? [];
                if (mounts.Any(mount => mount["mountPath"]?.AsString() == MountPath))
                {
                    continue;
                }

                volume ??= AddVolume(spec);
                mounts.Add(new MapNode { ["name"] = volume, ["readOnly"] = true, ["mountPath"] = MountPath });
                container["volumeMounts"] = mounts;
            }
        }
    }

    private static string AddVolume(MapNode spec)
    {
        string name = "kube-api-access-" + RandomNumberGenerator.GetString("bcdfghjklmnpqrstvwxz2456789", 5);
        ListNode volumes = spec["volumes"] as ListNode ?? [];
        volumes.Add(new MapNode
        {
            ["name"] = name,
            ["projected"] = new MapNode
            {
                ["sources"] = new ListNode(
                    new MapNode { ["serviceAccountToken"] = new MapNode { ["expirationSeconds"] = 3607, ["path"] = "token" } },
                    new MapNode { ["configMap"] = new MapNode { ["name"] = "kube-root-ca.crt", ["items"] = new ListNode(new MapNode { ["key"] = "ca.crt", ["path"] = "ca.crt" }) } },
                    new MapNode { ["downwardAPI"] = new MapNode { ["items"] = new ListNode(NamespaceItem()) } }),
                ["defaultMode"] = 420,
            },
        });
        spec["volumes"] = volumes;
        return name;
    }

    private static MapNode NamespaceItem() => new()
    {
        ["path"] = "namespace",
        ["fieldRef"] = new MapNode { ["apiVersion"] = "v1", ["fieldPath"] = "metadata.namespace" },
    };
}
