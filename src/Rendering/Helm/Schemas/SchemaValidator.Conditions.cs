using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Schemas;

internal sealed partial class SchemaValidator
{
    private void CheckConditions()
    {
        if (schema.Not is not null && Same(schema.Not) is null)
        {
            Add("'not' failed");
        }

        List<SchemaError> all = [.. schema.AllOf.Select(Same).OfType<SchemaError>()];
        if (all.Count > 0)
        {
            errors.Add(new SchemaError(at, "'allOf' failed", all));
        }

        CheckAnyOf();
        CheckOneOf();
        if (schema.If is not null)
        {
            JsonSchema? branch = Same(schema.If) is null ? schema.Then : schema.Else;
            Add(branch is null ? null : Same(branch));
        }
    }

    private void CheckAnyOf()
    {
        if (schema.AnyOf.Count == 0)
        {
            return;
        }

        List<SchemaError> failures = [];
        bool matched = false;
        foreach (JsonSchema option in schema.AnyOf)
        {
            if (Same(option) is { } failure)
            {
                failures.Add(failure);
                continue;
            }

            matched = true;

            // Every option that matches evaluates members; only then the others have to be looked at.
            if (unevaluatedProperties is not { Count: > 0 } && unevaluatedItems is not { Count: > 0 })
            {
                break;
            }
        }

        if (!matched)
        {
            errors.Add(new SchemaError(at, "'anyOf' failed", failures));
        }
    }

    private void CheckOneOf()
    {
        if (schema.OneOf.Count == 0)
        {
            return;
        }

        int matched = -1;
        List<SchemaError> failures = [];
        for (int i = 0; i < schema.OneOf.Count; i++)
        {
            if (Same(schema.OneOf[i]) is { } failure)
            {
                failures.Add(failure);
            }
            else if (matched >= 0)
            {
                Add($"'oneOf' failed, subschemas {matched}, {i} matched");
                return;
            }
            else
            {
                matched = i;
            }
        }

        if (matched < 0)
        {
            errors.Add(new SchemaError(at, "'oneOf' failed, none matched", failures));
        }
    }

    private void CheckUnevaluated()
    {
        if (value is MapNode map && schema.UnevaluatedProperties is { } forMembers)
        {
            foreach (string name in unevaluatedProperties!.Order(StringComparer.Ordinal))
            {
                Add(Inner(forMembers, map[name]!, name));
            }

            unevaluatedProperties!.Clear();
        }

        if (value is ListNode list && schema.UnevaluatedItems is { } forItems)
        {
            foreach (int i in unevaluatedItems!.Order())
            {
                Add(Inner(forItems, list[i], $"{i}"));
            }

            unevaluatedItems!.Clear();
        }
    }
}
