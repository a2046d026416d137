using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission;

/// <summary>Refuses objects in namespaces that do not exist or are going away, and the deletion of those the system needs.</summary>
internal sealed class NamespaceLifecycle(ObjectStore store)
{
    private static readonly string[] Protected = ["default", "kube-system", "kube-public"];

    public void Check(AdmissionRequest request)
    {
        if (request.Operation == "DELETE")
        {
            if (request.Is("namespaces") && Protected.Contains(request.Name))
            {
                throw ApiErrors.Forbidden(request.Kind, request.Label, "this namespace may not be deleted");
            }

            return;
        }

        if (!request.IsCreate || !request.Kind.Namespaced || request.Kind.Plural is "localsubjectaccessreviews")
        {
            return;
        }

        StoredObject found = store.Get("namespaces", string.Empty, request.Namespace) ?? throw ApiErrors.NotFound(string.Empty, "namespaces", request.Namespace);
        MapNode node = found.Node;
        if (node["metadata"]?["deletionTimestamp"] is not null || node.At("status", "phase")?.AsString() == "Terminating")
        {
            throw Terminating(request, node);
        }
    }

    private static ApiException Terminating(AdmissionRequest request, MapNode node)
    {
        string message = $"unable to create new content in namespace {request.Namespace} because it is being terminated";
        ApiException plain = ApiErrors.Forbidden(request.Kind, request.Label, message);
        MapNode details = plain.Details!;
        details["causes"] = new ListNode(new MapNode
        {
            ["reason"] = "NamespaceTerminating",
            ["message"] = $"namespace {request.Namespace} is being terminated",
            ["field"] = "metadata.namespace",
        });
        return new ApiException(403, "Forbidden", plain.Message, details);
    }
}
