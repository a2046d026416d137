using Bowline.EmbeddedCluster.Admission.Webhooks;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>The objects that a binding hands to its policy as <c>params</c>.</summary>
internal sealed class PolicyParameters(ObjectStore store, KindRegistry kinds)
{
    /// <summary>One null where the policy has none; null, and perhaps why, where the policy cannot be asked.</summary>
    public IReadOnlyList<Node?>? Find(MapNode? paramKind, StoredObject binding, AdmissionRequest request, out string? error)
    {
        error = null;
        if (paramKind is not { } wanted || binding.Node.At("spec", "paramRef") is not MapNode reference)
        {
            return [null];
        }

        ResourceKind kind = ResourceKind.Of(wanted["apiVersion"]?.AsString() ?? string.Empty, wanted["kind"]?.AsString() ?? string.Empty);
        ServedKind? served = kinds.Current.Kinds.FirstOrDefault(known => known.Kind == kind);
        if (served is null)
        {
            error = $"failed to find resource referenced by paramKind: '{kind.ApiVersion}, Kind={kind.Kind}'";
            return null;
        }

        if (Namespace(served, reference, request, out error) is not { } @namespace)
        {
            return null;
        }

        Node?[] found = reference["name"]?.AsString() is { Length: > 0 } name
            ? [store.Get(served.Collection, @namespace, name)?.Node]
            : [.. store.Snapshot(served.Collection).In(@namespace.Length == 0 ? null : @namespace).Where(item => LabelSelector.OfOptional(reference["selector"]).Matches(item.Node["metadata"]?["labels"])).Select(item => item.Node)];
        found = [.. found.OfType<Node>()];
        if (found.Length > 0)
        {
            return found;
        }

        error = reference["parameterNotFoundAction"]?.AsString() == "Deny" ? "no params found for policy binding with `Deny` parameterNotFoundAction" : null;
        return null;
    }

    private static string? Namespace(ServedKind kind, MapNode reference, AdmissionRequest request, out string? error)
    {
        string given = reference["namespace"]?.AsString() ?? string.Empty;
        error = null;
        if (!kind.Namespaced)
        {
            error = given.Length > 0 ? "paramRef.namespace must not be provided for a cluster-scoped `paramKind`" : null;
            return error is null ? string.Empty : null;
        }

        string found = given.Length > 0 ? given : request.Namespace;
        error = found.Length == 0 ? "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources" : null;
        return error is null ? found : null;
    }
}
