using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Merging;

/// <summary>The fields that an endpoint ignores, as the registry strategies of Kubernetes 1.36 declare them.</summary>
public static class ResetFields
{
    private static readonly FieldSet Status = FieldSet.Of(["status"]);
    private static readonly FieldSet Spec = FieldSet.Of(["spec"]);
    private static readonly FieldSet SpecAndStatus = FieldSet.Of(["spec"], ["status"]);
    private static readonly FieldSet SpecAndLabels = FieldSet.Of(["spec"], ["metadata", "labels"]);
    private static readonly FieldSet SpecAndMetadata = FieldSet.Of(["spec"], ["metadata"]);
    private static readonly FieldSet SpecOfPod = FieldSet.Of(["spec"], ["metadata", "deletionTimestamp"], ["metadata", "ownerReferences"]);

    /// <param name="subresource">Empty for the main resource.</param>
    /// <param name="hasStatus">Whether the kind has a status subresource.</param>
    public static FieldSet For(ResourceKind kind, string subresource, bool hasStatus) => (subresource, kind.Group, kind.Kind) switch
    {
        ("", "certificates.k8s.io", "CertificateSigningRequest") => SpecAndStatus,
        ("", _, _) => hasStatus ? Status : FieldSet.Empty,
        ("status", "apps", "Deployment") => SpecAndLabels,
        ("status", "", "Pod") => SpecOfPod,
        ("status", "flowcontrol.apiserver.k8s.io", _) or ("status", "apiextensions.k8s.io", _) => SpecAndMetadata,
        ("status", var group, var name) when KubernetesKinds.Find(group, name) is null => SpecAndMetadata,
        ("status", _, _) => Spec,
        _ => FieldSet.Empty,
    };
}
