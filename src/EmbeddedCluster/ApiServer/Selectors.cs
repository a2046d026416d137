using Bowline.EmbeddedCluster.Kinds;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.ApiServer;

/// <summary>A parsed label selector.</summary>
internal sealed class LabelSelector
{
    public static readonly LabelSelector Everything = new([]);
    private readonly IReadOnlyList<Requirement> requirements;

    private LabelSelector(IReadOnlyList<Requirement> requirements) => this.requirements = requirements;

    public bool IsEmpty => requirements.Count == 0;

    public bool Matches(Node? labels) => requirements.All(requirement => requirement.Matches(labels));

    /// <exception cref="ApiException">400 in the words of the label parser.</exception>
    public static LabelSelector Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return Everything;
        }

        Lexer lexer = new(text);
        List<Requirement> requirements = [];
        do
        {
            requirements.Add(ParseRequirement(lexer));
        }
        while (lexer.TryTake(","));

        return lexer.AtEnd ? new LabelSelector(requirements) : throw ApiErrors.BadRequest($"found '{lexer.Peek()}', expected: ',' or 'end of string'");
    }

    private static Requirement ParseRequirement(Lexer lexer)
    {
        bool not = lexer.TryTake("!");
        string key = lexer.Take();
        if (key is "," or "=" or "==" or "(" or ")")
        {
            throw ApiErrors.BadRequest(key == "," ? "found ',', expected: identifier after ','" : $"found '{key}', expected: !, identifier, or 'end of string'");
        }

        foreach (string wrong in NameRules.LabelKey(key))
        {
            throw ApiErrors.BadRequest($"unable to parse requirement: <nil>: Invalid value: \"{key}\": {wrong}");
        }

        if (not || lexer.AtEnd || lexer.Peek() == ",")
        {
            return new Requirement(key, not ? "!" : "exists", []);
        }

        string op = lexer.Take();
        switch (op)
        {
            case "=" or "==" or "!=":
                string value = lexer.AtEnd || lexer.Peek() == "," ? string.Empty : lexer.Take();
                Check(key, value);
                return new Requirement(key, op == "!=" ? "!=" : "=", [value]);
            case "in" or "notin":
                return new Requirement(key, op, ParseValues(lexer, key));
            case ">" or "<":
                string bound = lexer.Take();
                return long.TryParse(bound, out _)
                    ? new Requirement(key, op, [bound])
                    : throw ApiErrors.BadRequest($"unable to parse requirement: values[0]: Invalid value: \"{bound}\": for 'Gt', 'Lt' operators, the value must be an integer");
            default:
                throw ApiErrors.BadRequest($"unable to parse requirement: found '{op}', expected: in, notin, =, ==, !=, gt, lt");
        }
    }

    private static List<string> ParseValues(Lexer lexer, string key)
    {
        if (!lexer.TryTake("("))
        {
            throw ApiErrors.BadRequest($"unable to parse requirement: found '{lexer.Peek()}' expected: '('");
        }

        List<string> values = [];
        while (!lexer.TryTake(")"))
        {
            if (lexer.AtEnd)
            {
                throw ApiErrors.BadRequest("unable to parse requirement: found '', expected: ',', or ')'");
            }

            if (lexer.TryTake(","))
            {
                continue;
            }

            string value = lexer.Take();
            Check(key, value);
            values.Add(value);
        }

        return values.Count == 0 ? [string.Empty] : values;
    }

    private static void Check(string key, string value)
    {
        foreach (string wrong in NameRules.LabelValue(value))
        {
            throw ApiErrors.BadRequest($"unable to parse requirement: values[0][{key}]: Invalid value: \"{value}\": {wrong}");
        }
    }

    private sealed record Requirement(string Key, string Operator, IReadOnlyList<string> Values)
    {
        public bool Matches(Node? labels)
        {
            string? value = labels?[Key]?.AsString();
            return Operator switch
            {
                "exists" => value is not null,
                "!" => value is null,
                "=" or "in" => value is not null && Values.Contains(value),
                "!=" or "notin" => value is null || !Values.Contains(value),
                ">" => long.TryParse(value, out long had) && long.TryParse(Values[0], out long least) && had > least,
                _ => long.TryParse(value, out long had) && long.TryParse(Values[0], out long most) && had < most,
            };
        }
    }

    private sealed class Lexer(string text)
    {
        private int at;

        public bool AtEnd
        {
            get
            {
                SkipBlanks();
                return at >= text.Length;
            }
        }

        public string Peek()
        {
            int before = at;
            string token = Take();
            at = before;
            return token;
        }

        public bool TryTake(string token)
        {
            if (AtEnd || Peek() != token)
            {
                return false;
            }

            Take();
            return true;
        }

        public string Take()
        {
            SkipBlanks();
            if (at >= text.Length)
            {
                return string.Empty;
            }

            int start = at;
            if (text[at] is '(' or ')' or ',')
            {
                return text[at++].ToString();
            }

            if (IsOperator(text[at]))
            {
                while (at < text.Length && IsOperator(text[at]) && at - start < 2)
                {
                    at++;
                }

                return text[start..at];
            }

            while (at < text.Length && !IsOperator(text[at]) && text[at] is not ('(' or ')' or ',' or ' ' or '\t'))
            {
                at++;
            }

            return text[start..at];
        }

        private static bool IsOperator(char c) => c is '=' or '!' or '<' or '>';

        private void SkipBlanks()
        {
            while (at < text.Length && text[at] is ' ' or '\t')
            {
                at++;
            }
        }
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

        if (kind.Custom?.SelectableFields is { Count: > 0 })
        {
            throw ApiErrors.BadRequest($"field label not supported: {field}");
        }

        throw ApiErrors.BadRequest(kind.Custom is null && kind.Kind.Kind != "CustomResourceDefinition" && Known(kind).Length > 0
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
