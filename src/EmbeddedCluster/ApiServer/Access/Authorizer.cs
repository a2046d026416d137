using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Access;

/// <summary>What an access check asks.</summary>
internal sealed record AccessQuery(UserInfo User, string Verb)
{
    public string Group { get; init; } = string.Empty;

    public string Resource { get; init; } = string.Empty;

    public string Subresource { get; init; } = string.Empty;

    public string Namespace { get; init; } = string.Empty;

    public string Name { get; init; } = string.Empty;

    /// <summary>The request's field selector, for rights that hold for a selection only.</summary>
    public string FieldSelector { get; init; } = string.Empty;

    /// <summary>Set for requests that are about no resource.</summary>
    public string? Path { get; init; }

    public string FullResource => Subresource.Length == 0 ? Resource : $"{Resource}/{Subresource}";

    public static AccessQuery Of(UserInfo user, RequestTarget target, string fieldSelector = "") => !target.IsResource
        ? new AccessQuery(user, target.Verb) { Path = target.Path }
        : new AccessQuery(user, target.Verb)
        {
            Group = target.Group,
            Resource = target.Resource,
            Subresource = target.Subresource,
            Namespace = target.Namespace ?? string.Empty,
            Name = target.Name,
            FieldSelector = fieldSelector,
        };
}

/// <param name="Reason">Who allowed it; for a refusal, what went wrong while looking, or nothing.</param>
internal readonly record struct AccessDecision(bool Allowed, string Reason);

/// <summary>The Node authorizer, then RBAC over the stored roles and bindings; system:masters may do everything.</summary>
internal sealed partial class Authorizer(ObjectStore store)
{
    public const string Rbac = "rbac.authorization.k8s.io";
    public const string Masters = "system:masters";

    // kube-apiserver's --authorization-always-allow-paths; everything else that anonymous users see, RBAC grants.
    private static readonly string[] AlwaysAllowed = ["/healthz", "/livez", "/readyz"];
    private readonly NodeAuthorizer nodes = new(store);

    /// <returns>Why it is allowed.</returns>
    /// <exception cref="ApiException">403 for those without the right.</exception>
    public string Check(AccessQuery query)
    {
        if (query.Path is { } path)
        {
            return CheckPath(query, path);
        }

        AccessDecision decision = Decide(query);
        return decision.Allowed ? decision.Reason : throw Forbidden(query, decision.Reason);
    }

    public AccessDecision Decide(AccessQuery query)
    {
        if (query.User.Groups.Contains(Masters) || (query.Path is { } path && AlwaysAllowed.Contains(path)))
        {
            return new AccessDecision(true, string.Empty);
        }

        AccessDecision? own = nodes.Decide(query);
        if (own is { Allowed: true } allowed)
        {
            return allowed;
        }

        List<string> errors = [];
        foreach ((Node rule, Func<string> source) in Applying(query.User, query.Path is null ? query.Namespace : string.Empty, errors))
        {
            if (RoleRules.Allow(rule, query))
            {
                return new AccessDecision(true, "RBAC: allowed by " + source());
            }
        }

        string reason = errors.Count switch { 0 => string.Empty, 1 => "RBAC: " + errors[0], _ => $"RBAC: [{string.Join(", ", errors.Distinct())}]" };
        return new AccessDecision(false, string.Join('\n', ((string[])[own?.Reason ?? string.Empty, reason]).Where(text => text.Length > 0)));
    }

    /// <summary>Every rule that applies to a user in a namespace.</summary>
    public IEnumerable<Node> RulesFor(UserInfo user, string @namespace) => Applying(user, @namespace, []).Select(item => item.Rule);

    /// <summary>The rules that a binding's roleRef names; null when there is no such role.</summary>
    public IReadOnlyList<Node>? RulesOf(Node? roleRef, string @namespace)
    {
        string name = roleRef?["name"]?.AsString() ?? string.Empty;
        StoredObject? role = roleRef?["kind"]?.AsString() == "ClusterRole"
            ? store.Get($"clusterroles.{Rbac}", string.Empty, name)
            : store.Get($"roles.{Rbac}", @namespace, name);
        return role is null ? null : role.Node["rules"]?.AsList() ?? [];
    }

    public static ApiException Forbidden(AccessQuery query, string reason)
    {
        string qualified = query.Group.Length == 0 ? query.Resource : $"{query.Resource}.{query.Group}";
        string subject = query.Name.Length == 0 ? qualified : $"{qualified} \"{query.Name}\"";
        string where = query.Namespace.Length == 0 ? "at the cluster scope" : $"in the namespace \"{query.Namespace}\"";
        string message = $"{subject} is forbidden: User \"{query.User.Name}\" cannot {query.Verb} resource \"{query.FullResource}\" in API group \"{query.Group}\" {where}";
        return new ApiException(403, "Forbidden", reason.Length == 0 ? message : $"{message}: {reason}", ApiErrors.Details(query.Group, query.Resource, query.Name));
    }

    private string CheckPath(AccessQuery query, string path)
    {
        AccessDecision decision = Decide(query);
        string message = $"forbidden: User \"{query.User.Name}\" cannot {query.Verb} path \"{path}\"";
        return decision.Allowed ? decision.Reason : throw new ApiException(403, "Forbidden", decision.Reason.Length == 0 ? message : $"{message}: {decision.Reason}", []);
    }

    private IEnumerable<(Node Rule, Func<string> Source)> Applying(UserInfo user, string @namespace, List<string> errors) =>
        Granted($"clusterrolebindings.{Rbac}", null, string.Empty, user, errors)
            .Concat(@namespace.Length == 0 ? [] : Granted($"rolebindings.{Rbac}", @namespace, @namespace, user, errors));

    private IEnumerable<(Node Rule, Func<string> Source)> Granted(string collection, string? within, string @namespace, UserInfo user, List<string> errors)
    {
        foreach (StoredObject binding in store.Snapshot(collection).In(within))
        {
            MapNode node = binding.Node;
            if ((node["subjects"]?.AsList() ?? []).FirstOrDefault(subject => IsSubject(subject, user, @namespace)) is not { } subject)
            {
                continue;
            }

            Node? reference = node["roleRef"];
            if (RulesOf(reference, @namespace) is not { } rules)
            {
                string plural = reference?["kind"]?.AsString() == "ClusterRole" ? "clusterrole" : "role";
                errors.Add($"{plural}.{Rbac} \"{reference?["name"]?.AsString()}\" not found");
                continue;
            }

            string Source() => $"{node["kind"]?.AsString()} \"{binding.Name}{(within is null ? string.Empty : "/" + @namespace)}\" of {reference?["kind"]?.AsString()} \"{reference?["name"]?.AsString()}\" to {Describe(subject, @namespace)}";
            foreach (Node rule in rules)
            {
                yield return (rule, Source);
            }
        }
    }

    private static string Describe(Node subject, string @namespace)
    {
        string name = subject["name"]?.AsString() ?? string.Empty;
        string kind = subject["kind"]?.AsString() ?? string.Empty;
        return kind == "ServiceAccount" ? $"{kind} \"{name}/{(subject["namespace"]?.AsString() is { Length: > 0 } own ? own : @namespace)}\"" : $"{kind} \"{name}\"";
    }

    private static bool IsSubject(Node subject, UserInfo user, string @namespace)
    {
        string name = subject["name"]?.AsString() ?? string.Empty;
        switch (subject["kind"]?.AsString())
        {
            case "User":
                return name == user.Name;
            case "Group":
                return user.Groups.Contains(name);
            case "ServiceAccount":
                string own = subject["namespace"]?.AsString() is { Length: > 0 } set ? set : @namespace;
                return own.Length > 0 && user.Name == $"system:serviceaccount:{own}:{name}";
            default:
                return false;
        }
    }
}
