using System.Text;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Languages.Cel;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Definitions.Rules;

/// <summary>Runs the rules of a schema over one object within one budget, and words what they find as the API server does.</summary>
internal sealed class RuleEvaluation(List<FieldError> errors, Action<string> warn)
{
    private const long ObjectBudget = 10_000_000;
    private const int MostMessageBytes = 5 * 1024;
    private const string OutOfBudget = "validation failed due to running out of cost budget, no further validation rules will be run";
    private long budget = ObjectBudget;
    private bool stopped;

    /// <param name="old">The object before an update; null for a new one.</param>
    public void Check(SchemaRules rules, MapNode value, MapNode? old) =>
        Visit(rules, value, old, string.Empty, old is null ? Correlation.None : new Correlation(true, value, old));

    private void Visit(SchemaRules rules, Node value, Node? old, string path, Correlation correlation)
    {
        if (stopped || value.IsNull)
        {
            return;
        }

        Apply(rules, value, old, path, correlation);
        foreach (SchemaRules part in rules.AllOf)
        {
            Visit(part, value, old, path, correlation with { Known = false });
        }

        switch (value)
        {
            case ListNode list when rules.Items is { } items:
                for (int i = 0; i < list.Count; i++)
                {
                    Visit(items, list[i], Correlation.FindOld(old as ListNode, list[i], rules.Schema), $"{path}[{i}]", correlation.Item(list[i], rules.Schema));
                }

                break;
            case MapNode map:
                foreach ((string key, Node member) in map)
                {
                    if (rules.AdditionalProperties is { } additional)
                    {
                        Visit(additional, member, old?[key], $"{path}[{key}]", correlation.Member(key, path.Length == 0));
                    }

                    if (rules.Properties.TryGetValue(key, out SchemaRules? property))
                    {
                        Visit(property, member, old?[key], path.Length == 0 ? key : $"{path}.{key}", correlation.Member(key, path.Length == 0));
                    }
                }

                break;
            default:
                break;
        }
    }

    private void Apply(SchemaRules rules, Node value, Node? old, string path, Correlation correlation)
    {
        if (rules.Rules.Count == 0)
        {
            return;
        }

        if (budget <= 0)
        {
            Stop(path, value, OutOfBudget);
            return;
        }

        old = old is null or NullNode ? null : old;
        Node self = SchemaValue.Of(value, rules.Schema);
        Node? oldSelf = old is null ? null : SchemaValue.Of(old, rules.Schema);
        foreach (CompiledRule compiled in rules.Rules)
        {
            bool optional = compiled.Rule.OptionalOldSelf == true;
            if (stopped)
            {
                return;
            }

            if (compiled.Error is { } error)
            {
                errors.Add(Invalid(path, value, $"rule compile error: {error}"));
            }
            else if (compiled.Program is not null && (!compiled.UsesOldSelf || old is not null || optional))
            {
                Node? before = optional ? CelNodes.Optional(oldSelf) : oldSelf;
                One(compiled, name => name == "self" ? self : before, value, path, correlation);
            }
        }
    }

    private void One(CompiledRule compiled, Func<string, Node?> variables, Node value, string path, Correlation correlation)
    {
        CelResult result = compiled.Program!.Evaluate(variables);
        if (result.Cost > budget)
        {
            Stop(path, value, OutOfBudget);
            return;
        }

        budget -= result.Cost;
        if (result.Error is { } error)
        {
            Failed(compiled.Rule, result, error, value, path);
        }
        else if (!result.IsTrue)
        {
            FieldError found = Describe(compiled, variables, value, path);
            if (!compiled.UsesOldSelf && correlation.IsUnchanged)
            {
                warn(found.ToString());
            }
            else
            {
                errors.Add(found);
            }
        }
    }

    private void Failed(ValidationRule rule, CelResult result, string error, Node value, string path)
    {
        if (result.LimitExceeded)
        {
            Stop(path, value, $"'{error}': no further validation rules will be run due to call cost exceeds limit for rule: {rule.Shown}");
        }
        else if (error.StartsWith("no such overload", StringComparison.Ordinal))
        {
            errors.Add(Invalid(path, value, $"'{error}': call arguments did not match a supported operator, function or macro signature for rule: {rule.Shown}"));
        }
        else
        {
            errors.Add(Invalid(path, value, $"{error} evaluating rule: {rule.Shown}"));
        }
    }

    private FieldError Describe(CompiledRule compiled, Func<string, Node?> variables, Node value, string path)
    {
        string at = RuleFieldPath.Append(path, compiled.Rule.FieldPath);
        string? detail = null;
        if (compiled.Message is { } message)
        {
            CelResult result = message.Evaluate(variables);
            if (result.Cost > budget || result.LimitExceeded)
            {
                stopped = true;
                return Invalid(at, value, result.LimitExceeded
                    ? $"no further validation rules will be run due to call cost exceeds limit for messageExpression: {JsonWriter.ToText(compiled.Rule.MessageExpression)}"
                    : "messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run");
            }

            budget -= result.Cost;
            detail = result.Text?.Trim() is { Length: > 0 } text && Encoding.UTF8.GetByteCount(text) <= MostMessageBytes && !text.Contains('\n', StringComparison.Ordinal) ? text : null;
        }

        detail ??= compiled.Rule.DefaultDetail;
        return compiled.Rule.Reason switch
        {
            "FieldValueForbidden" => FieldError.Forbidden(Shown(at), detail),
            "FieldValueRequired" => FieldError.Required(Shown(at), detail),
            "FieldValueDuplicate" => value is MapNode or ListNode ? new FieldError("FieldValueDuplicate", Shown(at), "Duplicate value") : FieldError.Duplicate(Shown(at), value),
            _ => Invalid(at, value, detail),
        };
    }

    private void Stop(string path, Node value, string detail)
    {
        errors.Add(Invalid(path, value, detail));
        stopped = true;
    }

    /// <summary>Scalars are shown, whole objects and lists are not.</summary>
    private static FieldError Invalid(string path, Node value, string detail) => value is MapNode or ListNode
        ? new FieldError("FieldValueInvalid", Shown(path), $"Invalid value: {detail}")
        : FieldError.Invalid(Shown(path), value, detail);

    private static string Shown(string path) => path.Length == 0 ? "<nil>" : path;
}
