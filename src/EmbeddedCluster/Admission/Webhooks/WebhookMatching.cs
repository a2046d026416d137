using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Webhooks;

/// <summary>Decides whether a webhook is to be asked, and about which version of the object.</summary>
internal sealed class WebhookMatching(ObjectStore store, KindRegistry kinds, WebhookSettings settings)
{
    /// <summary>Configurations of admission are never subject to admission: a broken one has to stay repairable.</summary>
    public static bool IsExempt(AdmissionRequest request) => request.Kind.Kind.Group == "admissionregistration.k8s.io";

    /// <summary>The version of the object that the webhook wants; null when it is not concerned.</summary>
    /// <exception cref="ApiException">404 for a namespace that is gone, 403 when a match condition fails.</exception>
    public ServedKind? WantedKind(Webhook hook, AdmissionRequest request)
    {
        if (!MatchesObject(hook, request) || MatchingKind(hook, request) is not { } kind || !MatchesNamespace(hook, request))
        {
            return null;
        }

        if (hook.MatchConditions.Count > 0)
        {
            MatchOutcome outcome = settings.MatchConditions(hook.MatchConditions, InVersion(request, kind), hook.FailsOpen);
            if (outcome.Error is { } error)
            {
                throw ApiErrors.Forbidden(request.Kind, request.Name, error);
            }

            return outcome.Matches ? kind : null;
        }

        return kind;
    }

    /// <summary>The request with its objects in another version.</summary>
    public AdmissionRequest InVersion(AdmissionRequest request, ServedKind kind) => kind == request.Kind ? request : request with
    {
        Kind = kind,
        Object = settings.Convert(request.Kind, kind, (MapNode)request.Object.DeepClone()),
        Old = request.Old is { } old ? settings.Convert(request.Kind, kind, (MapNode)old.DeepClone()) : null,
    };

    private ServedKind? MatchingKind(Webhook hook, AdmissionRequest request)
    {
        if (hook.Rules.Any(rule => Matches(rule, request, request.Kind)))
        {
            return request.Kind;
        }

        if (!hook.MatchesEquivalents || request.View is not null)
        {
            return null;
        }

        ServedKind[] others = [.. kinds.Current.Kinds.Where(kind => kind != request.Kind && kind.Collection == request.Kind.Collection)];
        return hook.Rules.Select(rule => Array.Find(others, kind => Matches(rule, request, kind))).FirstOrDefault(kind => kind is not null);
    }

    private static bool Matches(Node rule, AdmissionRequest request, ServedKind kind) =>
        MatchesScope(rule["scope"]?.AsString(), request)
        && Lists(rule["operations"], request.Operation)
        && Lists(rule["apiGroups"], kind.Kind.Group)
        && Lists(rule["apiVersions"], kind.Kind.Version)
        && (rule["resources"]?.AsList() ?? []).Any(item => MatchesResource(item.AsString() ?? string.Empty, kind.Plural, request.Subresource));

    private static bool MatchesScope(string? scope, AdmissionRequest request) => scope switch
    {
        "Namespaced" => request.Kind.Namespaced,
        "Cluster" => !request.Kind.Namespaced,
        _ => true,
    };

    private static bool MatchesResource(string pattern, string plural, string subresource)
    {
        int slash = pattern.IndexOf('/', StringComparison.Ordinal);
        string resource = slash < 0 ? pattern : pattern[..slash];
        string sub = slash < 0 ? string.Empty : pattern[(slash + 1)..];
        return (resource == "*" || resource == plural) && (sub == subresource || sub == "*");
    }

    private static bool Lists(Node? list, string value) => (list?.AsList() ?? []).Any(item => item.AsString() is { } text && (text == "*" || text == value));

    private static bool MatchesObject(Webhook hook, AdmissionRequest request)
    {
        LabelSelector selector = LabelSelector.OfOptional(hook.ObjectSelector);
        return selector.IsEmpty
            || (request.Operation != "DELETE" && selector.Matches(request.Object["metadata"]?["labels"]))
            || (request.Old is { } old && selector.Matches(old["metadata"]?["labels"]));
    }

    private bool MatchesNamespace(Webhook hook, AdmissionRequest request)
    {
        LabelSelector selector = LabelSelector.OfOptional(hook.NamespaceSelector);
        if (selector.IsEmpty)
        {
            return true;
        }

        // A Namespace is matched by its own labels: those it is to have, or those it had.
        if (request.Kind.QualifiedPlural == "namespaces")
        {
            MapNode own = request.Operation == "DELETE" ? request.Old ?? request.Object : request.Object;
            return selector.Matches(own["metadata"]?["labels"]);
        }

        if (!request.Kind.Namespaced)
        {
            return true;
        }

        StoredObject found = store.Get("namespaces", string.Empty, request.Namespace) ?? throw ApiErrors.NotFound(string.Empty, "namespaces", request.Namespace);
        return selector.Matches(found.Node["metadata"]?["labels"]);
    }
}
