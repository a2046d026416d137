using Bowline.Resources.Model;

namespace Bowline.Applications.ArgoCd;

/// <summary>
/// Argo CD's policies (<c>argocd-rbac-cm</c>: <c>policy.csv</c>, <c>policy.*.csv</c>). Bowline asks nobody's leave by them, since there is no API of its own that they would
/// open; they are only checked, so that a mistake is not found out when they are needed again.
/// </summary>
internal static class RbacPolicy
{
    private static readonly HashSet<string> Resources = ["clusters", "projects", "applications", "applicationsets", "repositories", "write-repositories", "certificates", "accounts", "gpgkeys", "logs", "exec", "extensions", "*"];
    private static readonly HashSet<string> Actions = ["get", "create", "update", "delete", "sync", "rollback", "override", "action", "invoke", "*"];

    /// <summary>Lines that Argo CD does not read, or reads otherwise than they look; a sentence each.</summary>
    public static IEnumerable<string> Problems(MapNode? data)
    {
        foreach ((string key, Node said) in data ?? [])
        {
            if (key != "policy.csv" && !(key.StartsWith("policy.", StringComparison.Ordinal) && key.EndsWith(".csv", StringComparison.Ordinal)))
            {
                continue;
            }

            string[] lines = (said.AsString() ?? string.Empty).Split('\n');
            for (int at = 0; at < lines.Length; at++)
            {
                if (Problem(lines[at].Trim()) is { Length: > 0 } problem)
                {
                    yield return $"{ArgoCdSettings.PoliciesName}: line {at + 1} of {key} {problem}";
                }
            }
        }
    }

    private static string Problem(string line)
    {
        if (line.Length == 0 || line.StartsWith('#'))
        {
            return string.Empty;
        }

        string[] parts = [.. line.Split(',').Select(part => part.Trim())];
        return parts switch
        {
            ["g", { Length: > 0 }, { Length: > 0 }] => string.Empty,
            ["g", ..] => "is a binding that is not g, subject, role",
            ["p", { Length: > 0 }, var resource, var action, _, var effect] => !Resources.Contains(resource) && !resource.Contains('*', StringComparison.Ordinal) ? $"is about {resource}, which Argo CD has not"
                : !Actions.Contains(action.Split('/')[0]) && !action.Contains('*', StringComparison.Ordinal) ? $"allows or denies {action}, which nobody can do"
                : effect is not ("allow" or "deny") ? $"ends in {effect}, which is neither allow nor deny" : string.Empty,
            ["p", ..] => "is a policy that is not p, subject, resource, action, object, effect",
            _ => "is neither a policy (p, …) nor a binding (g, …)",
        };
    }
}
