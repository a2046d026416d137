using Bowline.Languages.Cel;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>
/// What status.typeChecking of a ValidatingAdmissionPolicy says: expressions that do not fit a kind that its rules name, as
/// k8s.io/apiserver's type checker finds and words them.
/// </summary>
internal static class PolicyTypeChecks
{
    private const int MostTypes = 10;

    /// <param name="spec">The policy's spec.</param>
    /// <param name="kindOf">The kind behind a group, version and plural; null when it is not served.</param>
    /// <param name="typeOf">The type of a kind's objects; null when nothing is known of it.</param>
    /// <returns>expressionWarnings.</returns>
    public static ListNode Warnings(MapNode spec, Func<string, string, string, ResourceKind?> kindOf, Func<ResourceKind, CelType?> typeOf)
    {
        (ResourceKind Kind, CelType Type)[] types = [.. Kinds(spec, kindOf).Select(kind => (kind, typeOf(kind))).Where(pair => pair.Item2 is not null).Select(pair => (pair.kind, pair.Item2!))];
        CelType? parameters = spec["paramKind"] is MapNode wanted ? typeOf(ResourceKind.Of(wanted["apiVersion"]?.AsString() ?? string.Empty, wanted["kind"]?.AsString() ?? string.Empty)) : null;
        (ResourceKind Kind, CelEnvironment Environment)[] environments = [.. types.Select(pair => (pair.Kind, PolicyVariables.Compile(spec["variables"], pair.Type, parameters).Environment))];
        ListNode warnings = [];
        ListNode rules = spec["validations"]?.AsList() ?? [];
        for (int i = 0; i < rules.Count; i++)
        {
            foreach (string member in (ReadOnlySpan<string>)["expression", "messageExpression"])
            {
                string expression = rules[i][member]?.AsString() ?? string.Empty;
                string warning = expression.Length == 0 ? string.Empty : string.Join('\n', environments.Select(pair => Problem(expression, pair.Kind, pair.Environment)).Where(problem => problem.Length > 0));
                if (warning.Length > 0)
                {
                    warnings.Add(new MapNode { ["fieldRef"] = $"spec.validations[{i}].{member}", ["warning"] = warning });
                }
            }
        }

        return warnings;
    }

    private static string Problem(string expression, ResourceKind kind, CelEnvironment environment)
    {
        try
        {
            CelProgram.Compile(expression, environment);
            return string.Empty;
        }
        catch (CelException e)
        {
            return $"{kind.Group}/{kind.Version}, Kind={kind.Kind}: {e.Message}\n";
        }
    }

    /// <summary>Rules with wildcards say nothing of types; subresources are other kinds.</summary>
    private static IEnumerable<ResourceKind> Kinds(MapNode spec, Func<string, string, string, ResourceKind?> kindOf)
    {
        HashSet<ResourceKind> found = [];
        foreach (Node rule in spec.At("matchConstraints", "resourceRules")?.AsList() ?? [])
        {
            string[] groups = Names(rule["apiGroups"]);
            string[] versions = Names(rule["apiVersions"]);
            if (groups.Concat(versions).Any(name => name.Contains('*', StringComparison.Ordinal)))
            {
                continue;
            }

            foreach (string resource in Names(rule["resources"]).Where(name => name.AsSpan().IndexOfAny('*', '/') < 0))
            {
                found.UnionWith(groups.SelectMany(group => versions.Select(version => kindOf(group, version, resource))).OfType<ResourceKind>());
            }
        }

        return found.OrderBy(kind => kind.Group, StringComparer.Ordinal).ThenBy(kind => kind.Version, StringComparer.Ordinal).ThenBy(kind => kind.Kind, StringComparer.Ordinal).Take(MostTypes);
    }

    private static string[] Names(Node? list) => [.. (list?.AsList() ?? []).Select(item => item.AsString()).OfType<string>()];
}
