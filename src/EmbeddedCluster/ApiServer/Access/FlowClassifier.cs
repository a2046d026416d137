using System.Collections.Frozen;
using Bowline.EmbeddedCluster.ApiServer.Strategies;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer.Access;

/// <summary>What a request is counted as.</summary>
/// <param name="Schema">The UID of its FlowSchema.</param>
/// <param name="Level">The UID of the PriorityLevelConfiguration that this names.</param>
internal readonly record struct Flow(string Schema, string Level);

/// <summary>
/// Which FlowSchema a request belongs to, as kube-apiserver's API Priority and Fairness has it: the first by matchingPrecedence, then by name, of
/// which a rule matches. Nothing has to queue here; but kubectl and other clients that are told so need not slow themselves down.
/// </summary>
internal sealed class FlowClassifier(ObjectStore store)
{
    // Requests that are open for as long as somebody likes belong to none; watches do.
    private static readonly FrozenSet<string> LongRunning = FrozenSet.Create(StringComparer.Ordinal, "attach", "exec", "proxy", "log", "portforward");
    private Known known = new(null, null, []);

    /// <summary>Null for a request that none is for.</summary>
    public Flow? Of(AccessQuery query)
    {
        if (query.Path is null && LongRunning.Contains(query.Subresource))
        {
            return null;
        }

        foreach ((Flow flow, IReadOnlyList<Node> rules) in Current().Flows)
        {
            if (rules.Any(rule => Matches(rule, query)))
            {
                return flow;
            }
        }

        return null;
    }

    private Known Current()
    {
        CollectionSnapshot schemas = store.Snapshot(FlowSchemaStatus.Schemas);
        CollectionSnapshot levels = store.Snapshot(FlowSchemaStatus.Levels);
        Known current = known;
        if (!ReferenceEquals(current.Schemas, schemas) || !ReferenceEquals(current.Levels, levels))
        {
            known = current = new Known(schemas, levels, [.. Read(schemas, levels)]);
        }

        return current;
    }

    private static IEnumerable<(Flow Flow, IReadOnlyList<Node> Rules)> Read(CollectionSnapshot schemas, CollectionSnapshot levels)
    {
        foreach (StoredObject schema in schemas.In(null).OrderBy(schema => schema.Node.At("spec", "matchingPrecedence")?.AsInteger()).ThenBy(schema => schema.Name, StringComparer.Ordinal))
        {
            if (levels.Get(string.Empty, schema.Node.At("spec", "priorityLevelConfiguration", "name")?.AsString() ?? string.Empty) is { } level)
            {
                yield return (new Flow(ObjectMeta.Text(schema.Node, "uid"), ObjectMeta.Text(level.Node, "uid")), schema.Node.At("spec", "rules")?.AsList() ?? []);
            }
        }
    }

    private static bool Matches(Node rule, AccessQuery query) =>
        (rule["subjects"]?.AsList() ?? []).Any(subject => IsSubject(subject, query))
        && (rule[query.Path is null ? "resourceRules" : "nonResourceRules"]?.AsList() ?? []).Any(part => RoleRules.Allow(part, query) && (query.Path is not null || IsWithin(part, query.Namespace)));

    private static bool IsWithin(Node rule, string @namespace) =>
        @namespace.Length == 0 ? rule["clusterScope"]?.AsBool() == true : RoleRules.Has(rule["namespaces"], @namespace);

    private static bool IsSubject(Node subject, AccessQuery query)
    {
        switch (subject["kind"]?.AsString())
        {
            case "User":
                return subject.At("user", "name")?.AsString() is { } user && (user == "*" || user == query.User.Name);
            case "Group":
                return subject.At("group", "name")?.AsString() is { } group && (group == "*" || query.User.Groups.Contains(group));
            case "ServiceAccount":
                string within = $"system:serviceaccount:{subject.At("serviceAccount", "namespace")?.AsString()}:";
                string name = subject.At("serviceAccount", "name")?.AsString() ?? string.Empty;
                return name == "*" ? query.User.Name.StartsWith(within, StringComparison.Ordinal) : query.User.Name == within + name;
            default:
                return false;
        }
    }

    /// <summary>What the stored objects said when they were read.</summary>
    private sealed record Known(CollectionSnapshot? Schemas, CollectionSnapshot? Levels, IReadOnlyList<(Flow Flow, IReadOnlyList<Node> Rules)> Flows);
}
