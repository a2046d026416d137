using System.Runtime.CompilerServices;
using Bowline.EmbeddedCluster.Admission.Webhooks;
using Bowline.Languages.Cel;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>Match conditions of webhooks and policies: one that is false passes the request over, whatever the others say.</summary>
internal static class MatchConditions
{
    private const long Budget = 10_000_000;
    private static readonly ConditionalWeakTable<ListNode, IReadOnlyList<CompiledExpression>> Compiled = [];

    /// <summary>The evaluator of webhooks' conditions.</summary>
    public static MatchConditionEvaluator ForWebhooks(PolicySettings settings) => (conditions, request, failsOpen) =>
    {
        PolicyInput input = new(request, request, settings, static () => null);
        return Evaluate(Compiled.GetValue(conditions, static list => Compile(list, PolicyEnvironment.Conditions)), input.Find, failsOpen);
    };

    public static IReadOnlyList<CompiledExpression> Compile(Node? conditions, CelEnvironment environment) =>
        [.. (conditions?.AsList() ?? []).Select(condition => CompiledExpression.Compile(condition["expression"]?.AsString() ?? string.Empty, environment, CelType.Bool))];

    public static MatchOutcome Evaluate(IReadOnlyList<CompiledExpression> conditions, Func<string, Node?> variables, bool failsOpen)
    {
        long budget = Budget;
        List<string> errors = [];
        foreach (CompiledExpression condition in conditions)
        {
            CelResult result = condition.Evaluate(variables, ref budget);
            if (result.Error is { } error)
            {
                errors.Add(error);
            }
            else if (!result.IsTrue)
            {
                return new MatchOutcome(false, null);
            }
        }

        return errors.Count == 0 ? new MatchOutcome(true, null)
            : failsOpen ? new MatchOutcome(false, null)
            : new MatchOutcome(false, errors.Count == 1 ? errors[0] : $"[{string.Join(", ", errors)}]");
    }
}
