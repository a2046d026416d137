using Bowline.EmbeddedCluster.Admission;
using Bowline.EmbeddedCluster.ApiServer;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.EmbeddedCluster.Auditing;

internal enum AuditLevel
{
    None,
    Metadata,
    Request,
    RequestResponse,
}

/// <summary>What of one request is recorded.</summary>
internal sealed record AuditDecision(AuditLevel Level, IReadOnlyList<string> OmitStages, bool OmitManagedFields)
{
    public static readonly AuditDecision Nothing = new(AuditLevel.None, [], false);
}

/// <summary>An audit.k8s.io/v1 Policy: the first rule that matches a request decides; none means nothing is recorded.</summary>
internal sealed class AuditPolicy
{
    private readonly IReadOnlyList<Node> rules;
    private readonly IReadOnlyList<string> omitStages;
    private readonly bool omitManagedFields;

    private AuditPolicy(MapNode policy)
    {
        rules = policy["rules"]?.AsList() ?? [];
        omitStages = Texts(policy["omitStages"]);
        omitManagedFields = policy["omitManagedFields"]?.AsBool() == true;
    }

    /// <summary>The metadata of every request, once it is answered.</summary>
    public static AuditPolicy Default { get; } = Parse("{apiVersion: audit.k8s.io/v1, kind: Policy, omitStages: [RequestReceived], rules: [{level: Metadata}]}");

    /// <exception cref="FormatException">Not a policy, or one with a level that does not exist.</exception>
    public static AuditPolicy Parse(string yaml)
    {
        MapNode policy;
        try
        {
            policy = YamlReader.Read(yaml) as MapNode ?? throw new FormatException("not an object");
        }
        catch (YamlException e)
        {
            throw new FormatException(e.Message, e);
        }

        if (policy["kind"]?.AsString() != "Policy" || policy["apiVersion"]?.AsString() != "audit.k8s.io/v1")
        {
            throw new FormatException("expected apiVersion audit.k8s.io/v1 and kind Policy");
        }

        ListNode list = policy["rules"]?.AsList() ?? [];
        for (int i = 0; i < list.Count; i++)
        {
            if (!Enum.TryParse(list[i]["level"]?.AsString(), out AuditLevel _))
            {
                throw new FormatException($"rules[{i}].level: expected None, Metadata, Request or RequestResponse");
            }
        }

        return new AuditPolicy((MapNode)policy.Freeze());
    }

    public AuditDecision Decide(UserInfo user, RequestTarget target)
    {
        foreach (Node rule in rules)
        {
            if (Matches(rule, user, target))
            {
                return new AuditDecision(
                    Enum.Parse<AuditLevel>(rule["level"]!.AsString()!),
                    [.. omitStages, .. Texts(rule["omitStages"])],
                    rule["omitManagedFields"]?.AsBool() ?? omitManagedFields);
            }
        }

        return AuditDecision.Nothing;
    }

    private static bool Matches(Node rule, UserInfo user, RequestTarget target)
    {
        if (!IsAnyOr(rule["users"], name => name == user.Name) || !IsAnyOr(rule["userGroups"], user.Groups.Contains) || !IsAnyOr(rule["verbs"], verb => verb == "*" || verb == target.Verb))
        {
            return false;
        }

        bool aboutResources = rule["namespaces"] is ListNode { Count: > 0 } || rule["resources"] is ListNode { Count: > 0 };
        bool aboutPaths = rule["nonResourceURLs"] is ListNode { Count: > 0 };
        if (!aboutResources && !aboutPaths)
        {
            return true;
        }

        return target.IsResource
            ? aboutResources && IsAnyOr(rule["namespaces"], name => name == (target.Namespace ?? string.Empty)) && MatchesResource(rule["resources"], target)
            : aboutPaths && Texts(rule["nonResourceURLs"]).Any(pattern => pattern == "*" || pattern == target.Path || (pattern.EndsWith('*') && target.Path.StartsWith(pattern[..^1], StringComparison.Ordinal)));
    }

    private static bool MatchesResource(Node? list, RequestTarget target)
    {
        if (list is not ListNode { Count: > 0 } groups)
        {
            return true;
        }

        string full = target.Subresource.Length == 0 ? target.Resource : $"{target.Resource}/{target.Subresource}";
        return groups.Any(group => (group["group"]?.AsString() ?? string.Empty) == target.Group
            && IsAnyOr(group["resourceNames"], name => name == target.Name)
            && IsAnyOr(group["resources"], pattern => pattern == "*" || pattern == full
                || (target.Subresource.Length > 0 && pattern == $"*/{target.Subresource}")
                || pattern == $"{target.Resource}/*"));
    }

    private static bool IsAnyOr(Node? list, Func<string, bool> matches) => list is not ListNode { Count: > 0 } items || items.Any(item => matches(item.AsString() ?? string.Empty));

    private static IReadOnlyList<string> Texts(Node? list) => [.. (list?.AsList() ?? []).Select(item => item.AsString() ?? string.Empty)];
}
