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
internal sealed class ValidatingPolicy : AdmissionPolicy
{
    private const long Budget = 10_000_000;
    private const int MostMessageBytes = 5 * 1024;
    private readonly IReadOnlyList<PolicyRule> rules;
    private readonly IReadOnlyList<(string Key, CompiledExpression Value)> annotations;

    public ValidatingPolicy(StoredObject stored)
        : base(stored)
    {
        rules = [.. (Spec["validations"]?.AsList() ?? []).Select(Rule)];
        annotations = [.. (Spec["auditAnnotations"]?.AsList() ?? []).Select(item => (
            item["key"]?.AsString() ?? string.Empty,
            CompiledExpression.Compile(item["valueExpression"]?.AsString() ?? string.Empty, Variables.Environment, CelType.String, CelType.Null)))];
    }

    /// <param name="annotate">Gets audit annotations: key, value.</param>
    public IReadOnlyList<PolicyDecision> Decide(PolicyInput input, Node? parameter, Action<string, string> annotate)
    {
        MatchOutcome match = Matches(input, parameter);
        if (match.Error is { } failed)
        {
            return [new PolicyDecision(failed, string.Empty, 0)];
        }

        if (!match.Matches)
        {
            return [];
        }

        Func<string, Node?> all = Values(input, parameter);
        long budget = Budget;
        List<PolicyDecision> decisions = [];
        for (int i = 0; i < rules.Count; i++)
        {
            CelResult result = rules[i].Expression.Evaluate(all, ref budget);
            if (result.Error is { } error)
            {
                if (!FailsOpen)
                {
                    decisions.Add(new PolicyDecision(error, string.Empty, i));
                }
            }
            else if (!result.IsTrue)
            {
                decisions.Add(new PolicyDecision(Words(rules[i], all, ref budget), rules[i].Reason, i));
            }
        }

        Annotate(all, annotate, ref budget);
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
            CompiledExpression.Compile(validation["expression"]?.AsString() ?? string.Empty, Variables.Environment, CelType.Bool),
            message.Length == 0 ? null : CompiledExpression.Compile(message, Variables.Messages, CelType.String),
            validation["message"]?.AsString() ?? string.Empty,
            validation["reason"]?.AsString() ?? string.Empty);
    }
}
