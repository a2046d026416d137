using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Access;

/// <summary>Questions about identity and rights that are asked by POST and not stored.</summary>
internal sealed class Reviews(ResourceService service, Authorizer authorizer, TokenAuthenticator tokens)
{
    public bool Answers(ServedKind kind) => kind.Kind.Group is "authorization.k8s.io" or "authentication.k8s.io";

    public MapNode Answer(ServedKind kind, MapNode review, UserInfo user, WriteContext context, string @namespace)
    {
        MapNode node = kind.Kind.Kind is "SelfSubjectReview" or "SelfSubjectRulesReview" ? review : FieldOwnership.Created(kind, review, context, service.Time);
        CheckMetadata(kind, node, @namespace);
        node["status"] = kind.Kind.Kind switch
        {
            "SelfSubjectReview" => new MapNode { ["userInfo"] = user.ToNode() },
            "TokenReview" => TokenStatus(review),
            "SelfSubjectRulesReview" => RulesStatus(review, user),
            "SelfSubjectAccessReview" => AccessStatus(review, user, string.Empty),
            _ => AccessStatus(review, Asked(review), @namespace),
        };
        if (kind.Kind.Kind == "SelfSubjectReview")
        {
            ObjectMeta.Of(node)["creationTimestamp"] = Timestamp.Text(service.Time.GetUtcNow());
        }

        return node;
    }

    private static void CheckMetadata(ServedKind kind, MapNode node, string @namespace)
    {
        if (kind.Kind.Group != "authorization.k8s.io" || kind.Kind.Kind == "SelfSubjectRulesReview")
        {
            return;
        }

        List<FieldError> errors = [];
        MapNode metadata = node["metadata"] as MapNode ?? [];
        bool isLocal = kind.Kind.Kind == "LocalSubjectAccessReview";
        if (metadata.Keys.Any(key => key != "managedFields" && !(isLocal && key == "namespace")))
        {
            errors.Add(FieldError.Invalid("metadata", metadata, isLocal ? "must be empty except for namespace" : "must be empty"));
        }

        string asked = node.At("spec", "resourceAttributes", "namespace")?.AsString() ?? string.Empty;
        if (isLocal && node.At("spec", "resourceAttributes") is not null && asked != @namespace)
        {
            errors.Add(FieldError.Invalid("spec.resourceAttributes.namespace", asked, "must match metadata.namespace"));
        }

        if (isLocal && node.At("spec", "nonResourceAttributes") is { } path)
        {
            errors.Add(FieldError.Invalid("spec.nonResourceAttributes", path, "disallowed on this kind of request"));
        }

        if (errors.Count > 0)
        {
            throw ApiErrors.Invalid(kind.Kind.Group, string.Empty, string.Empty, errors);
        }
    }

    private static UserInfo Asked(MapNode review)
    {
        Node? spec = review["spec"];
        string name = spec?["user"]?.AsString() ?? string.Empty;
        string[] groups = [.. (spec?["groups"]?.AsList() ?? []).Select(group => group.AsString() ?? string.Empty)];
        if (name.Length == 0 && groups.Length == 0)
        {
            throw ApiErrors.Invalid(
                "authorization.k8s.io",
                string.Empty,
                string.Empty,
                [FieldError.Invalid("spec.user", string.Empty, "at least one of user or group must be specified")]);
        }

        return new UserInfo(name, groups);
    }

    private MapNode AccessStatus(MapNode review, UserInfo user, string @namespace)
    {
        Node? spec = review["spec"];
        Node? about = spec?["resourceAttributes"];
        Node? path = spec?["nonResourceAttributes"];
        if (about is null == path is null)
        {
            string detail = about is null ? "exactly one of nonResourceAttributes or resourceAttributes must be specified" : "cannot be specified in combination with resourceAttributes";
            string field = about is null ? "spec.resourceAttributes" : "spec.nonResourceAttributes";
            throw ApiErrors.Invalid("authorization.k8s.io", string.Empty, string.Empty, [FieldError.Invalid(field, about is null ? Node.Null : path, detail)]);
        }

        string Text(Node? node, string key) => node?[key]?.AsString() ?? string.Empty;
        AccessQuery query = about is not null
            ? new AccessQuery(user, Text(about, "verb"))
            {
                Group = Text(about, "group"),
                Resource = Text(about, "resource"),
                Subresource = Text(about, "subresource"),
                Namespace = @namespace.Length > 0 ? @namespace : Text(about, "namespace"),
                Name = Text(about, "name"),
            }
            : new AccessQuery(user, Text(path, "verb")) { Path = Text(path, "path") };
        AccessDecision decision = authorizer.Decide(query);
        MapNode status = new() { ["allowed"] = decision.Allowed };
        if (decision.Reason.Length > 0)
        {
            status["reason"] = decision.Reason;
        }

        return status;
    }

    private MapNode TokenStatus(MapNode review)
    {
        string token = review.At("spec", "token")?.AsString() ?? string.Empty;
        string[] audiences = review.At("spec", "audiences") is ListNode { Count: > 0 } list ? [.. list.Select(item => item.AsString() ?? string.Empty)] : [TokenIssuer.Issuer];
        if (token.Length == 0)
        {
            throw ApiErrors.BadRequest("token is required for TokenReview in authentication");
        }

        TokenIdentity identity = tokens.Authenticate(token, audiences);
        return identity.User is { } user
            ? new MapNode { ["authenticated"] = true, ["user"] = user.ToNode(), ["audiences"] = new ListNode(identity.Audiences.Select(audience => (Node)StringNode.Of(audience))) }
            : new MapNode { ["user"] = new MapNode(), ["error"] = identity.Error };
    }

    private MapNode RulesStatus(MapNode review, UserInfo user)
    {
        ListNode resources = [];
        ListNode paths = [];
        string @namespace = review.At("spec", "namespace")?.AsString() ?? string.Empty;
        if (@namespace.Length == 0)
        {
            throw ApiErrors.BadRequest("no namespace on request");
        }

        review["spec"] = new MapNode();
        if (user.Groups.Contains("system:masters"))
        {
            resources.Add(new MapNode { ["verbs"] = Star(), ["apiGroups"] = Star(), ["resources"] = Star() });
            paths.Add(new MapNode { ["verbs"] = Star(), ["nonResourceURLs"] = Star() });
        }

        foreach (Node rule in authorizer.RulesFor(user, @namespace))
        {
            (rule["nonResourceURLs"] is ListNode { Count: > 0 } ? paths : resources).Add(rule.DeepClone());
        }

        return new MapNode { ["resourceRules"] = resources, ["nonResourceRules"] = paths, ["incomplete"] = false };
    }

    private static ListNode Star() => new(StringNode.Of("*"));
}
