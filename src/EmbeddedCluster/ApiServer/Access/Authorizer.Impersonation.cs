using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.Validation;

namespace Bowline.EmbeddedCluster.ApiServer.Access;

internal sealed partial class Authorizer
{
    private const string Authentication = "authentication.k8s.io";
    private const string Authenticated = "system:authenticated";
    private const string Unauthenticated = "system:unauthenticated";

    /// <summary>Becomes someone else, when the user may impersonate every single part of that: name, groups, uid, extras.</summary>
    public UserInfo Impersonate(UserInfo user, ImpersonatedUser other)
    {
        if (other.Name.Length == 0)
        {
            throw ApiErrors.BadRequest($"requested {Requested(other)} without impersonating a user name");
        }

        string[] account = other.Name.Split(':');
        bool isAccount = account is ["system", "serviceaccount", { Length: > 0 }, { Length: > 0 }];
        Require(isAccount
            ? new AccessQuery(user, "impersonate") { Resource = "serviceaccounts", Namespace = account[2], Name = account[3] }
            : new AccessQuery(user, "impersonate") { Resource = "users", Name = other.Name });
        foreach (string group in other.Groups)
        {
            Require(new AccessQuery(user, "impersonate") { Resource = "groups", Name = group });
        }

        foreach ((string key, IReadOnlyList<string> values) in other.Extra)
        {
            foreach (string value in values)
            {
                Require(new AccessQuery(user, "impersonate") { Group = Authentication, Resource = "userextras", Subresource = key, Name = value });
            }
        }

        if (other.Uid.Length > 0)
        {
            Require(new AccessQuery(user, "impersonate") { Group = Authentication, Resource = "uids", Name = other.Uid });
        }

        return new UserInfo(other.Name, GroupsOf(other, isAccount ? account[2] : null)) { Uid = other.Uid, Extra = other.Extra };
    }

    private static List<string> GroupsOf(ImpersonatedUser other, string? accountNamespace)
    {
        List<string> groups = [.. other.Groups];
        if (groups.Count == 0 && accountNamespace is not null)
        {
            groups.AddRange(["system:serviceaccounts", $"system:serviceaccounts:{accountNamespace}"]);
        }

        bool anonymous = other.Name == UserInfo.Anonymous.Name;
        bool has = groups.Contains(Unauthenticated) || (!anonymous && groups.Contains(Authenticated));
        if (!has)
        {
            groups.Add(anonymous ? Unauthenticated : Authenticated);
        }

        return groups;
    }

    /// <summary>As kube-apiserver prints it, which is as Go does.</summary>
    private static string Requested(ImpersonatedUser other)
    {
        string List(IEnumerable<string> items) => "[]string{" + string.Join(", ", items.Select(item => $"\"{item}\"")) + "}";
        string groups = other.Groups.Count == 0 ? "[]string(nil)" : List(other.Groups);
        string extra = other.Extra.Count == 0 ? "map[string][]string(nil)"
            : "map[string][]string{" + string.Join(", ", other.Extra.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"\"{pair.Key}\":{List(pair.Value)}")) + "}";
        return $"&user.DefaultInfo{{Name:\"\", UID:\"{other.Uid}\", Groups:{groups}, Extra:{extra}}}";
    }

    private void Require(AccessQuery query)
    {
        AccessDecision decision = Decide(query);
        if (!decision.Allowed)
        {
            throw Forbidden(query, decision.Reason);
        }
    }
}
