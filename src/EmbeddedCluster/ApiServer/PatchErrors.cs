using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;
using Bowline.Resources.Patching;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>How the reference answers a patch that does not apply; only the patches it knows to be malformed are the client's fault.</summary>
internal static class PatchErrors
{
    private const string Rejected = "the server rejected our request due to an error in our request";

    public static ApiException Of(PatchKind kind, PatchException e) => kind switch
    {
        PatchKind.Json => new ApiException(422, "Invalid", Rejected, []),
        PatchKind.Merge => ApiErrors.BadRequest(e.Message),
        _ => Strategic(e.Message),
    };

    /// <summary>A JSON patch is a list, any other patch an object.</summary>
    public static void CheckShape(PatchKind kind, Node patch)
    {
        string had = GoNotation.JsonKind(patch);
        if (kind == PatchKind.Json && patch is not ListNode)
        {
            throw ApiErrors.BadRequest($"error decoding patch: json: cannot unmarshal {had} into Go value of type []handlers.jsonPatchOp");
        }

        if (kind != PatchKind.Json && patch is not (MapNode or NullNode))
        {
            throw ApiErrors.BadRequest($"error decoding patch: json: cannot unmarshal {had} into Go value of type map[string]interface {{}}");
        }
    }

    private static ApiException Strategic(string message)
    {
        if (message.Contains("invalid patch format of", StringComparison.Ordinal) || message.Contains("invalid JSON document", StringComparison.Ordinal))
        {
            return ApiErrors.BadRequest(message);
        }

        return message.Contains("lists of lists are not supported", StringComparison.Ordinal) || message.Contains("does not match retainKeys list", StringComparison.Ordinal)
            ? new ApiException(422, "Invalid", Rejected, [])
            : ApiErrors.Internal(message);
    }
}
