using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>The label selector of a request.</summary>
internal static class LabelQuery
{
    /// <exception cref="ApiException">400 in the words of the label parser.</exception>
    public static LabelSelector Parse(string? text)
    {
        if (!LabelSelector.TryParse(text, out LabelSelector? selector, out string? problem))
        {
            throw ApiErrors.BadRequest(problem);
        }

        foreach (LabelRequirement requirement in selector.Requirements)
        {
            foreach (string wrong in NameRules.LabelKey(requirement.Key))
            {
                throw ApiErrors.BadRequest($"unable to parse requirement: <nil>: Invalid value: \"{requirement.Key}\": {wrong}");
            }

            foreach (string value in requirement.Values)
            {
                foreach (string wrong in NameRules.LabelValue(value))
                {
                    throw ApiErrors.BadRequest($"unable to parse requirement: values[0][{requirement.Key}]: Invalid value: \"{value}\": {wrong}");
                }
            }
        }

        return selector;
    }
}

/// <summary>A parsed field selector; which fields a kind knows is fixed.</summary>
internal sealed class FieldSelector
{
    public static readonly FieldSelector Everything = new([]);
    private readonly IReadOnlyList<(string[] Path, string Value, bool Equal)> terms;

    private FieldSelector(IReadOnlyList<(string[] Path, string Value, bool Equal)> terms) => this.terms = terms;

    public bool IsEmpty => terms.Count == 0;

    /// <summary>The only name that can match, when the selector says so.</summary>
    public string? Name => terms.FirstOrDefault(term => term.Equal && term.Path is ["metadata", "name"]).Value;

    public static FieldSelector Parse(string? text, ServedKind kind)
    {
        if (string.IsNullOrEmpty(text))
        {
            return Everything;
        }

        List<(string[] Path, string Value, bool Equal)> terms = [];
        foreach (string term in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            int not = term.IndexOf("!=", StringComparison.Ordinal);
            int equal = term.IndexOf('=', StringComparison.Ordinal);
            if (equal < 0)
            {
                throw ApiErrors.BadRequest($"invalid selector: '{text}'; can't understand '{term}'");
            }

            bool isNot = not >= 0 && not < equal;
            string field = term[..(isNot ? not : equal)];
            string value = term[(isNot ? not + 2 : equal + 1)..].TrimStart('=');
            Check(field, kind);
            terms.Add((field.Split('.'), value, !isNot));
        }

        return new FieldSelector(terms);
    }

    public bool Matches(MapNode node)
    {
        foreach ((string[] path, string value, bool equal) in terms)
        {
            if ((Text(node, path) == value) != equal)
            {
                return false;
            }
        }

        return true;
    }

    private static string Text(MapNode node, string[] path)
    {
        Node? found = path switch
        {
            ["reportingComponent"] => node["reportingComponent"] is StringNode { Value.Length: > 0 } reporting ? reporting : node.At("source", "component"),
            ["source"] => node.At("source", "component") is StringNode { Value.Length: > 0 } source ? source : node["reportingComponent"],
            _ => node.At(path),
        };
        return found switch
        {
            StringNode text => text.Value,
            null or NullNode => Default(path),
            _ => found.ToString() ?? string.Empty,
        };
    }

    private static string Default(string[] path) => path switch
    {
        ["spec", "unschedulable"] or ["spec", "hostNetwork"] => "false",
        ["status", "successful"] or ["status", "replicas"] => "0",
        _ => string.Empty,
    };

    private static void Check(string field, ServedKind kind)
    {
        if (field is "metadata.name" || (field is "metadata.namespace" && kind.Namespaced))
        {
            return;
        }

        if (kind.Custom?.SelectableFields is { } selectable && selectable.Any(item => item["jsonPath"]?.AsString() == "." + field))
        {
            return;
        }

        if (Known(kind).Contains(field))
        {
            return;
        }

        throw ApiErrors.BadRequest(kind.Custom is not null || (kind.Kind.Kind != "CustomResourceDefinition" && Known(kind).Length > 0)
            ? $"field label not supported: {field}"
            : $"\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
    }

    private static string[] Known(ServedKind kind) => kind.QualifiedPlural switch
    {
        "pods" => ["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName"],
        "events" or "events.events.k8s.io" =>
        [
            "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion", "involvedObject.resourceVersion",
            "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type", "regarding.kind", "regarding.name", "regarding.namespace", "regarding.uid",
        ],
        "nodes" => ["spec.unschedulable"],
        "namespaces" => ["status.phase"],
        "secrets" => ["type"],
        "services" => ["spec.clusterIP", "spec.type"],
        "replicationcontrollers" => ["status.replicas"],
        "resourceslices.resource.k8s.io" => ["spec.nodeName", "spec.driver"],
        "podcertificaterequests.certificates.k8s.io" => ["spec.signerName", "spec.podName", "spec.nodeName"],
        "jobs.batch" => ["status.successful"],
        "certificatesigningrequests.certificates.k8s.io" or "clustertrustbundles.certificates.k8s.io" => ["spec.signerName"],
        _ => [],
    };
}
