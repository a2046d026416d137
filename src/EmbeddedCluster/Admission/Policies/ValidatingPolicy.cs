using System.Text;
using Bowline.EmbeddedCluster.Admission.Webhooks;
using Bowline.EmbeddedCluster.Storage;
using Bowline.Languages.Cel;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>One rule of a policy.</summary>
internal sealed record PolicyRule(CompiledExpression Expression, CompiledExpression? MessageExpression, string Message, string Reason);

/// <summary>What a policy says of a request: refused, with words and a reason.</summary>
internal sealed record PolicyDecision(string Message, string Reason, int Index);

/// <summary>A ValidatingAdmissionPolicy, compiled.</summary>
internal sealed class ValidatingPolicy
{
    private const long Budget = 10_000_000;
    private const int MostMessageBytes = 5 * 1024;
    private readonly IReadOnlyList<CompiledExpression> conditions;
    private readonly PolicyVariables variables;
    private readonly IReadOnlyList<PolicyRule> rules;
    private readonly IReadOnlyList<(string Key, CompiledExpression Value)> annotations;

    public ValidatingPolicy(StoredObject stored)
    {
        Name = stored.Name;
        MapNode spec = stored.Node["spec"] as MapNode ?? [];
        FailsOpen = spec["failurePolicy"]?.AsString() == "Ignore";
        ParamKind = spec["paramKind"] as MapNode;
        Match = PolicyMatch.Of(Name, spec["matchConstraints"]);
        conditions = MatchConditions.Compile(spec["matchConditions"], PolicyEnvironment.PolicyConditions(ParamKind is not null));
        variables = PolicyVariables.Compile(spec["variables"], ParamKind is not null);
        rules = [.. (spec["validations"]?.AsList() ?? []).Select(Rule)];
        annotations = [.. (spec["auditAnnotations"]?.AsList() ?? []).Select(item => (
            item["key"]?.AsString() ?? string.Empty,
            CompiledExpression.Compile(item["valueExpression"]?.AsString() ?? string.Empty, variables.Environment, CelKind.String, CelKind.Null)))];
    }

    public string Name { get; }

    public bool FailsOpen { get; }

    public MapNode? ParamKind { get; }

    public PolicyMatch Match { get; }

    /// <param name="annotate">Gets audit annotations: key, value.</param>
    public IReadOnlyList<PolicyDecision> Decide(PolicyInput input, Node? parameters, Action<string, string> annotate)
    {
        Node? Find(string name) => name == "params" ? parameters ?? Node.Null : input.Find(name);
        MatchOutcome match = MatchConditions.Evaluate(conditions, Find, FailsOpen);
        if (match.Error is { } failed)
        {
            return [new PolicyDecision(failed, string.Empty, 0)];
        }

        if (!match.Matches)
        {
            return [];
        }

        Node bound = variables.Bind(Find);
        Node? All(string name) => name == "variables" ? bound : Find(name);
        long budget = Budget;
        List<PolicyDecision> decisions = [];
        for (int i = 0; i < rules.Count; i++)
        {
            CelResult result = rules[i].Expression.Evaluate(All, ref budget);
            if (result.Error is { } error)
            {
                if (!FailsOpen)
                {
                    decisions.Add(new PolicyDecision(error, string.Empty, i));
                }
            }
            else if (!result.IsTrue)
            {
                decisions.Add(new PolicyDecision(Words(rules[i], All, ref budget), rules[i].Reason, i));
            }
        }

        Annotate(All, annotate, ref budget);
        return decisions;
    }

    private void Annotate(Func<string, Node?> find, Action<string, string> annotate, ref long budget)
    {
        foreach ((string key, CompiledExpression value) in annotations)
        {
            if (value.Evaluate(find, ref budget).Text is { Length: > 0 } text)
            {
                annotate($"{Name}/{key}", text);
            }
        }
    }

    private static string Words(PolicyRule rule, Func<string, Node?> find, ref long budget)
    {
        string? message = rule.MessageExpression?.Evaluate(find, ref budget).Text?.Trim();
        if (string.IsNullOrEmpty(message) || Encoding.UTF8.GetByteCount(message) > MostMessageBytes || message.Contains('\n', StringComparison.Ordinal))
        {
            message = rule.Message.Trim();
        }

        return message.Length > 0 ? message : $"failed expression: {rule.Expression.Expression.Trim()}";
    }

    private PolicyRule Rule(Node validation)
    {
        string message = validation["messageExpression"]?.AsString() ?? string.Empty;
        return new PolicyRule(
            CompiledExpression.Compile(validation["expression"]?.AsString() ?? string.Empty, variables.Environment, CelKind.Bool),
            message.Length == 0 ? null : CompiledExpression.Compile(message, variables.Messages, CelKind.String),
            validation["message"]?.AsString() ?? string.Empty,
            validation["reason"]?.AsString() ?? string.Empty);
    }
}
