using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Webhooks;

/// <summary>A webhook's decision.</summary>
internal sealed record WebhookVerdict(bool Allowed, MapNode? Status, IReadOnlyList<string> Warnings, MapNode AuditAnnotations)
{
    /// <summary>Base64 JSON patch; null when there is none.</summary>
    public string? Patch { get; init; }
}

/// <summary>AdmissionReviews (admission.k8s.io v1 and v1beta1): the question, and the answer with its checks.</summary>
internal static class WebhookReview
{
    /// <param name="asked">In the version that the webhook wants.</param>
    /// <param name="original">As the client sent it.</param>
    public static MapNode Question(string version, string uid, AdmissionRequest asked, AdmissionRequest original)
    {
        MapNode request = new()
        {
            ["uid"] = uid,
            ["kind"] = KindOf(asked),
            ["resource"] = ResourceOf(asked.Kind),
        };
        Add(request, "subResource", asked.Subresource);
        request["requestKind"] = KindOf(original);
        request["requestResource"] = ResourceOf(original.Kind);
        Add(request, "requestSubResource", original.Subresource);
        Add(request, "name", asked.Name);
        Add(request, "namespace", asked.Kind.QualifiedPlural == "namespaces" ? asked.Name : asked.Kind.Namespaced ? asked.Namespace : string.Empty);
        request["operation"] = asked.Operation;
        request["userInfo"] = asked.User.ToNode();
        request["object"] = asked.Operation == "DELETE" ? Node.Null : asked.Object.DeepClone();
        request["oldObject"] = asked.Old is { } old ? old.DeepClone() : Node.Null;
        request["dryRun"] = asked.DryRun;
        request["options"] = asked.Options.Count > 0 ? asked.Options.DeepClone() : Node.Null;
        return new MapNode { ["kind"] = "AdmissionReview", ["apiVersion"] = $"admission.k8s.io/{version}", ["request"] = request };
    }

    /// <exception cref="WebhookCallException">The answer is not one to this question.</exception>
    public static WebhookVerdict Answer(MapNode review, string version, string uid, bool mutating)
    {
        string kind = review["kind"]?.AsString() ?? string.Empty;
        string apiVersion = review["apiVersion"]?.AsString() ?? string.Empty;
        if (review["response"] is not MapNode response)
        {
            throw Invalid("webhook response was absent");
        }

        // v1beta1 servers may leave out what v1 requires.
        if (version == "v1" && (kind != "AdmissionReview" || apiVersion != "admission.k8s.io/v1"))
        {
            throw Invalid($"expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got {(apiVersion.Contains('/', StringComparison.Ordinal) ? apiVersion : "/" + apiVersion)}, Kind={kind}");
        }

        string answered = response["uid"]?.AsString() ?? string.Empty;
        if (version == "v1" && answered != uid)
        {
            throw Invalid($"expected response.uid=\"{uid}\", got \"{answered}\"");
        }

        string patch = response["patch"]?.AsString() ?? string.Empty;
        string? patchType = response["patchType"]?.AsString();
        if (mutating && version == "v1")
        {
            CheckPatch(patch, patchType);
        }

        return new WebhookVerdict(
            response["allowed"]?.AsBool() == true,
            response["status"] as MapNode,
            [.. (response["warnings"]?.AsList() ?? []).Select(item => item.AsString() ?? string.Empty)],
            response["auditAnnotations"] as MapNode ?? [])
        {
            Patch = mutating && patch.Length > 0 ? patch : null,
        };
    }

    private static void CheckPatch(string patch, string? patchType)
    {
        if (patch.Length > 0 && patchType is null)
        {
            throw Invalid("webhook returned response.patch but not response.patchType");
        }

        if (patch.Length == 0 && patchType is not null)
        {
            throw Invalid("webhook returned response.patchType but not response.patch");
        }

        if (patchType is not (null or "JSONPatch"))
        {
            throw Invalid($"webhook returned invalid response.patchType of \"{patchType}\"");
        }
    }

    private static WebhookCallException Invalid(string why) => new("received invalid webhook response: " + why);

    private static MapNode KindOf(AdmissionRequest request)
    {
        ResourceKind kind = request.View ?? request.Kind.Kind;
        return new MapNode { ["group"] = kind.Group, ["version"] = kind.Version, ["kind"] = kind.Kind };
    }

    private static MapNode ResourceOf(ServedKind kind) => new() { ["group"] = kind.Kind.Group, ["version"] = kind.Kind.Version, ["resource"] = kind.Plural };

    private static void Add(MapNode map, string key, string text)
    {
        if (text.Length > 0)
        {
            map[key] = text;
        }
    }
}

/// <summary>A webhook could not be asked, or its answer makes no sense; what that means is for its failure policy to say.</summary>
internal sealed class WebhookCallException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Nothing can answer: the webhook's server would run in pods that only exist on paper.</summary>
internal sealed class WebhookUnreachableException(string message) : Exception(message);
