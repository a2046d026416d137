using System.Runtime.CompilerServices;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Schemas;

/// <summary>
/// One check of one value against one schema, in the order of santhosh-tekuri/jsonschema, which decides on the errors that
/// are reported and on how they nest.
/// </summary>
internal sealed partial class SchemaValidator
{
    private const int MaxChecks = 2_000_000;

    private readonly JsonSchema schema;
    private readonly Node value;
    private readonly string at;
    private readonly SchemaValidator? caller;
    private readonly bool sameValue;
    private readonly Budget budget;
    private readonly List<SchemaError> errors = [];
    private readonly HashSet<string>? unevaluatedProperties;
    private readonly HashSet<int>? unevaluatedItems;

    private SchemaValidator(JsonSchema schema, Node value, string at, SchemaValidator? caller, bool sameValue, Budget budget)
    {
        this.schema = schema;
        this.value = value;
        this.at = at;
        this.caller = caller;
        this.sameValue = sameValue;
        this.budget = budget;
        if (value is MapNode map && (schema.UnevaluatedProperties is not null || (sameValue && caller?.unevaluatedProperties is not null)))
        {
            unevaluatedProperties = [.. map.Keys];
        }
        else if (value is ListNode list && (schema.UnevaluatedItems is not null || (sameValue && caller?.unevaluatedItems is not null)))
        {
            unevaluatedItems = [.. Enumerable.Range(0, list.Count)];
        }
    }

    /// <summary>Null for a value that satisfies the schema.</summary>
    /// <exception cref="SchemaException">The check does not come to an end in reasonable time.</exception>
    public static SchemaError? Validate(JsonSchema schema, Node value)
    {
        try
        {
            return new SchemaValidator(schema, value, string.Empty, null, false, new Budget()).Validate();
        }
        catch (InsufficientExecutionStackException)
        {
            throw new SchemaException("schema and values are nested too deeply");
        }
    }

    private SchemaError? Validate()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        budget.Spend();
        if (schema.Always is { } always)
        {
            return always ? null : Error("false schema");
        }

        if (IsCycle())
        {
            return Error("the references of the schema lead in a circle");
        }

        if (CheckGeneric() is { } mismatch)
        {
            return mismatch;
        }

        if (schema.Ref is not null)
        {
            SchemaError? referred = CheckReference(schema.Ref);
            if (schema.Draft < 2019)
            {
                return referred;
            }

            Add(referred);
        }

        switch (value)
        {
            case MapNode map:
                CheckObject(map);
                break;
            case ListNode list:
                CheckArray(list);
                break;
            case StringNode text:
                CheckString(text.Value);
                break;
            case IntegerNode or FloatNode:
                CheckNumber(value.AsNumber()!.Value);
                break;
        }

        CheckDynamicReferences();
        CheckConditions();
        CheckUnevaluated();
        return errors.Count switch
        {
            0 => null,
            1 => errors[0],
            _ => new SchemaError(at, "validation failed", errors) { IsGroup = true },
        };
    }

    /// <summary>The same schema for the same value further up: nothing in between would ever end it.</summary>
    private bool IsCycle()
    {
        SchemaValidator up = this;
        while (up.sameValue && up.caller is not null)
        {
            up = up.caller;
            if (ReferenceEquals(up.schema, schema))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Checks this very value against another schema; what that evaluates counts here.</summary>
    private SchemaError? Same(JsonSchema other)
    {
        SchemaValidator check = new(other, value, at, this, sameValue: true, budget);
        SchemaError? error = check.Validate();
        if (error is null)
        {
            // What a boolean schema allows, it has not looked at.
            if (other.Always is null)
            {
                unevaluatedProperties?.IntersectWith(check.unevaluatedProperties ?? []);
                unevaluatedItems?.IntersectWith(check.unevaluatedItems ?? []);
            }
        }

        return error;
    }

    private SchemaError? Inner(JsonSchema other, Node item, string token) =>
        new SchemaValidator(other, item, $"{at}/{token.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}", this, sameValue: false, budget).Validate();

    private SchemaError? CheckReference(JsonSchema target) => Same(target) is { } error
        ? new SchemaError(at, "validation failed", error.IsGroup ? error.Causes : [error]) { IsReference = true }
        : null;

    private void CheckDynamicReferences()
    {
        if (schema.RecursiveRef is { } recursive)
        {
            Add(CheckReference(recursive.RecursiveAnchor ? OutermostWhere(one => one.RecursiveAnchor, recursive) : recursive));
        }

        if (schema.DynamicRef is { } target)
        {
            bool isDynamic = schema.DynamicRefAnchor is not null && target.DynamicAnchor == schema.DynamicRefAnchor;
            Add(CheckReference(isDynamic ? OutermostWhere(one => one.DynamicAnchor == schema.DynamicRefAnchor, target) : target));
        }
    }

    private JsonSchema OutermostWhere(Func<JsonSchema, bool> condition, JsonSchema otherwise)
    {
        JsonSchema found = otherwise;
        for (SchemaValidator? up = this; up is not null; up = up.caller)
        {
            found = condition(up.schema) ? up.schema : found;
        }

        return found;
    }

    private SchemaError Error(string words) => new(at, words, []);

    private void Add(string words) => errors.Add(Error(words));

    private void Add(SchemaError? error)
    {
        if (error is not null)
        {
            errors.Add(error);
        }
    }

    /// <summary>Bounds the work: alternatives that all recurse multiply.</summary>
    private sealed class Budget
    {
        private int spent;

        public void Spend()
        {
            if (++spent > MaxChecks)
            {
                throw new SchemaException($"the schema takes more than {MaxChecks} checks");
            }
        }
    }
}
