using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Access;

/// <summary>
/// Nobody writes a role, or binds one, that holds more than they hold themselves: unless they may <c>escalate</c> roles, or
/// <c>bind</c> the one that is bound.
/// </summary>
internal sealed class RoleEscalation(Authorizer authorizer)
{
    private static readonly RoleRule[] Everything = [new(["*"], ["*"], ["*"], [], []), new(["*"], [], [], [], ["*"])];

    /// <param name="live">Null for a new object.</param>
    /// <exception cref="ApiException">403 that lists the missing rights; 404 for a binding to a role that does not exist.</exception>
    public void Check(ServedKind kind, string @namespace, MapNode node, MapNode? live, UserInfo user)
    {
        if (kind.Kind.Group != Authorizer.Rbac || user.Groups.Contains(Authorizer.Masters) || (live is not null && ChangesOnlyOwnership(node, live)))
        {
            return;
        }

        string within = kind.Namespaced ? @namespace : string.Empty;
        if (kind.Plural is "roles" or "clusterroles")
        {
            CheckRole(kind, within, node, live, user);
        }
        else if (kind.Plural is "rolebindings" or "clusterrolebindings")
        {
            CheckBinding(kind, within, node, user);
        }
    }

    private void CheckRole(ServedKind kind, string @namespace, MapNode node, MapNode? live, UserInfo user)
    {
        AccessQuery escalate = new(user, "escalate") { Group = Authorizer.Rbac, Resource = kind.Plural, Namespace = @namespace, Name = live is null ? string.Empty : ObjectMeta.Name(node) };
        if (authorizer.Decide(escalate).Allowed)
        {
            return;
        }

        Confirm(kind, @namespace, ObjectMeta.Name(node), [.. (node["rules"]?.AsList() ?? []).Select(RoleRule.Of)], user);

        // What a rule aggregates is not known beforehand, so it takes every right to set one, and to change a role that has one.
        bool aggregates = Aggregates(node) || (live is not null && Aggregates(live));
        if (aggregates && Missing(@namespace, Everything, user).Count > 0)
        {
            throw ApiErrors.Forbidden(kind, ObjectMeta.Name(node), "must have cluster-admin privileges to use the aggregationRule");
        }
    }

    private void CheckBinding(ServedKind kind, string @namespace, MapNode node, UserInfo user)
    {
        Node? reference = node["roleRef"];
        string name = reference?["name"]?.AsString() ?? string.Empty;
        string plural = reference?["kind"]?.AsString() == "ClusterRole" ? "clusterroles" : "roles";
        AccessQuery bind = new(user, "bind") { Group = Authorizer.Rbac, Resource = plural, Namespace = @namespace, Name = name };
        if (authorizer.Decide(bind).Allowed)
        {
            return;
        }

        IReadOnlyList<Node> rules = authorizer.RulesOf(reference, @namespace) ?? throw ApiErrors.NotFound(Authorizer.Rbac, plural, name);
        Confirm(kind, @namespace, ObjectMeta.Name(node), [.. rules.Select(RoleRule.Of)], user);
    }

    private void Confirm(ServedKind kind, string @namespace, string name, IReadOnlyList<RoleRule> asked, UserInfo user)
    {
        IReadOnlyList<RoleRule> missing = Missing(@namespace, asked, user);
        if (missing.Count > 0)
        {
            string groups = string.Join(' ', user.Groups.Select(group => $"\"{group}\""));
            string rules = string.Join('\n', RoleRules.Compact(missing).Select(rule => rule.ToString()).Distinct().Order(StringComparer.Ordinal));
            throw ApiErrors.Forbidden(kind, name, $"user \"{user.Name}\" (groups=[{groups}]) is attempting to grant RBAC permissions not currently held:\n{rules}");
        }
    }

    private IReadOnlyList<RoleRule> Missing(string @namespace, IReadOnlyList<RoleRule> asked, UserInfo user) =>
        RoleRules.Uncovered([.. authorizer.RulesFor(user, @namespace).Select(RoleRule.Of)], asked);

    private static bool Aggregates(MapNode role) => role.At("aggregationRule", "clusterRoleSelectors") is ListNode { Count: > 0 };

    /// <summary>The garbage collector's writes take no rights: they change owners and finalizers and nothing else.</summary>
    private static bool ChangesOnlyOwnership(MapNode node, MapNode live)
    {
        MapNode compared = (MapNode)node.DeepClone();
        MapNode metadata = ObjectMeta.Of(compared);
        foreach (string key in (ReadOnlySpan<string>)["ownerReferences", "finalizers", "managedFields", "resourceVersion", "generation", "selfLink"])
        {
            if (live["metadata"]?[key] is { } before)
            {
                metadata[key] = before;
            }
            else
            {
                metadata.Remove(key);
            }
        }

        return Node.DeepEquals(compared, live);
    }
}
