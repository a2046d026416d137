using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.Storage;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>What an access check asks.</summary>
internal sealed record AccessQuery(UserInfo User, string Verb)
{
    public string Group { get; init; } = string.Empty;

    public string Resource { get; init; } = string.Empty;

    public string Subresource { get; init; } = string.Empty;

    public string Namespace { get; init; } = string.Empty;

    public string Name { get; init; } = string.Empty;

    /// <summary>Set for requests that are about no resource.</summary>
    public string? Path { get; init; }

    public string FullResource => Subresource.Length == 0 ? Resource : $"{Resource}/{Subresource}";
}

/// <summary>RBAC over the stored roles and bindings; system:masters may do everything.</summary>
internal sealed class Authorizer(ObjectStore store)
{
    private const string Rbac = "rbac.authorization.k8s.io";
    private static readonly string[] PublicPaths = ["/healthz", "/livez", "/readyz", "/version"];

    /// <exception cref="ApiException">401 for strangers, 403 for those without the right.</exception>
    public void Check(UserInfo user, RequestTarget target)
    {
        if (user.Groups.Contains("system:masters"))
        {
            return;
        }

        if (!target.IsResource)
        {
            CheckPath(user, target);
            return;
        }

        AccessQuery query = new(user, target.Verb)
        {
            Group = target.Group,
            Resource = target.Resource,
            Subresource = target.Subresource,
            Namespace = target.Namespace ?? string.Empty,
            Name = target.Name,
        };
        if (IsAllowed(query, out _))
        {
            return;
        }

        string qualified = query.Group.Length == 0 ? query.Resource : $"{query.Resource}.{query.Group}";
        string subject = query.Name.Length == 0 ? qualified : $"{qualified} \"{query.Name}\"";
        throw new ApiException(403, "Forbidden", $"{subject} is forbidden: {Reason(query)}", ApiErrors.Details(query.Group, query.Resource, query.Name));
    }

    public static string Reason(AccessQuery query)
    {
        string where = query.Namespace.Length == 0 ? "at the cluster scope" : $"in the namespace \"{query.Namespace}\"";
        return $"User \"{query.User.Name}\" cannot {query.Verb} resource \"{query.FullResource}\" in API group \"{query.Group}\" {where}";
    }

    public bool IsAllowed(AccessQuery query, out string reason)
    {
        reason = string.Empty;
        if (query.User.Groups.Contains("system:masters"))
        {
            return true;
        }

        foreach (StoredObject binding in store.Snapshot($"clusterrolebindings.{Rbac}").In(null))
        {
            if (Grants(binding.Node, query, string.Empty))
            {
                reason = $"RBAC: allowed by ClusterRoleBinding \"{binding.Name}\" of {RoleText(binding.Node)} to {SubjectText(binding.Node, query.User)}";
                return true;
            }
        }

        if (query.Path is not null || query.Namespace.Length == 0)
        {
            return false;
        }

        foreach (StoredObject binding in store.Snapshot($"rolebindings.{Rbac}").In(query.Namespace))
        {
            if (Grants(binding.Node, query, query.Namespace))
            {
                reason = $"RBAC: allowed by RoleBinding \"{binding.Name}/{query.Namespace}\" of {RoleText(binding.Node)} to {SubjectText(binding.Node, query.User)}";
                return true;
            }
        }

        return false;
    }

    /// <summary>Every rule that applies to a user in a namespace.</summary>
    public IEnumerable<Node> RulesFor(UserInfo user, string @namespace) =>
        store.Snapshot($"clusterrolebindings.{Rbac}").In(null).Where(binding => Covers(binding.Node, user, string.Empty)).SelectMany(binding => Rules(binding.Node, string.Empty))
            .Concat(store.Snapshot($"rolebindings.{Rbac}").In(@namespace).Where(binding => Covers(binding.Node, user, @namespace)).SelectMany(binding => Rules(binding.Node, @namespace)));

    /// <summary>Becomes someone else, when the user may.</summary>
    public UserInfo Impersonate(UserInfo user, ImpersonatedUser other)
    {
        if (other.Name.Length == 0)
        {
            throw new ApiException(500, "InternalError", "Internal error occurred: requested [{UID  " + other.Uid + "  authentication.k8s.io/v1  }] without impersonating a user name");
        }

        CheckImpersonation(user, "users", other.Name);
        foreach (string group in other.Groups)
        {
            CheckImpersonation(user, "groups", group);
        }

        List<string> groups = [.. other.Groups];
        if (other.Name.StartsWith("system:serviceaccount:", StringComparison.Ordinal) && other.Name.Split(':') is [_, _, var @namespace, _] && groups.Count == 0)
        {
            groups.AddRange(["system:serviceaccounts", $"system:serviceaccounts:{@namespace}"]);
        }

        string everyone = other.Name == "system:anonymous" ? "system:unauthenticated" : "system:authenticated";
        if (!groups.Contains(everyone))
        {
            groups.Add(everyone);
        }

        return new UserInfo(other.Name, groups) { Uid = other.Uid, Extra = other.Extra };
    }

    private void CheckImpersonation(UserInfo user, string resource, string name)
    {
        AccessQuery query = new(user, "impersonate") { Resource = resource, Name = name };
        if (!IsAllowed(query, out _))
        {
            throw new ApiException(403, "Forbidden", $"{resource} \"{name}\" is forbidden: {Reason(query)}", ApiErrors.Details(string.Empty, resource, name));
        }
    }

    private void CheckPath(UserInfo user, RequestTarget target)
    {
        bool isPublic = PublicPaths.Any(path => target.Path == path || target.Path.StartsWith(path + "/", StringComparison.Ordinal));
        if (isPublic || IsAllowed(new AccessQuery(user, target.Verb) { Path = target.Path }, out _))
        {
            return;
        }

        throw new ApiException(403, "Forbidden", $"forbidden: User \"{user.Name}\" cannot {target.Verb} path \"{target.Path}\"", []);
    }

    private static string RoleText(MapNode binding) => $"{binding.At("roleRef", "kind")?.AsString()} \"{binding.At("roleRef", "name")?.AsString()}\"";

    private static string SubjectText(MapNode binding, UserInfo user)
    {
        Node? subject = (binding["subjects"]?.AsList() ?? []).FirstOrDefault(item => IsSubject(item, user, string.Empty));
        return $"{subject?["kind"]?.AsString()} \"{subject?["name"]?.AsString()}\"";
    }

    private bool Grants(MapNode binding, AccessQuery query, string @namespace) =>
        Covers(binding, query.User, @namespace) && Rules(binding, @namespace).Any(rule => Allows(rule, query));

    private static bool Covers(MapNode binding, UserInfo user, string @namespace) => (binding["subjects"]?.AsList() ?? []).Any(subject => IsSubject(subject, user, @namespace));

    private static bool IsSubject(Node subject, UserInfo user, string @namespace)
    {
        string name = subject["name"]?.AsString() ?? string.Empty;
        return subject["kind"]?.AsString() switch
        {
            "User" => name == user.Name,
            "Group" => user.Groups.Contains(name),
            "ServiceAccount" => user.Name == $"system:serviceaccount:{subject["namespace"]?.AsString() ?? @namespace}:{name}",
            _ => false,
        };
    }

    private IEnumerable<Node> Rules(MapNode binding, string @namespace)
    {
        string name = binding.At("roleRef", "name")?.AsString() ?? string.Empty;
        StoredObject? role = binding.At("roleRef", "kind")?.AsString() == "ClusterRole"
            ? store.Get($"clusterroles.{Rbac}", string.Empty, name)
            : store.Get($"roles.{Rbac}", @namespace, name);
        return role?.Node["rules"]?.AsList() ?? [];
    }

    private static bool Allows(Node rule, AccessQuery query)
    {
        if (!Has(rule["verbs"], query.Verb))
        {
            return false;
        }

        if (query.Path is { } path)
        {
            return (rule["nonResourceURLs"]?.AsList() ?? []).Any(item => item.AsString() is { } pattern
                && (pattern == "*" || pattern == path || (pattern.EndsWith('*') && path.StartsWith(pattern[..^1], StringComparison.Ordinal))));
        }

        bool names = rule["resourceNames"] is not ListNode { Count: > 0 } only || only.Any(item => item.AsString() == query.Name);
        return names && Has(rule["apiGroups"], query.Group) && (Has(rule["resources"], query.FullResource) || (query.Subresource.Length > 0 && Has(rule["resources"], "*/" + query.Subresource)));
    }

    private static bool Has(Node? list, string value) => (list?.AsList() ?? []).Any(item => item.AsString() is { } text && (text == "*" || text == value));
}
