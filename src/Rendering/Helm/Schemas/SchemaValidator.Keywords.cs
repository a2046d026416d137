using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Schemas;

internal sealed partial class SchemaValidator
{
    private SchemaError? CheckGeneric()
    {
        JsonTypes type = SchemaValues.TypeOf(value);
        if (schema.Types != JsonTypes.None && (schema.Types & type) == 0
            && !(type == JsonTypes.Number && (schema.Types & JsonTypes.Integer) != 0 && SchemaValues.IsInteger(value)))
        {
            return Error($"got {SchemaValues.Names(type)}, want {SchemaValues.Names(schema.Types)}");
        }

        if (schema.Const is not null && !Node.DeepEquals(value, schema.Const))
        {
            return Error(schema.WrongConst);
        }

        if (schema.Enum is not null && !schema.Enum.Any(item => item.DeepEquals(value)))
        {
            return Error(schema.WrongEnum);
        }

        return schema.Format is not null && SchemaFormats.Violation(schema.Format, value) is { } violation
            ? Error($"{SchemaValues.Display(value)} is not valid {schema.Format}: {violation}")
            : null;
    }

    private void CheckObject(MapNode map)
    {
        if (map.Count < schema.MinProperties)
        {
            Add($"minProperties: got {SchemaValues.Number(map.Count)}, want {SchemaValues.Number(schema.MinProperties.Value)}");
        }

        if (map.Count > schema.MaxProperties)
        {
            Add($"maxProperties: got {SchemaValues.Number(map.Count)}, want {SchemaValues.Number(schema.MaxProperties.Value)}");
        }

        string[] missing = [.. schema.Required.Where(name => !map.ContainsKey(name))];
        if (missing.Length > 0)
        {
            Add($"missing {(missing.Length == 1 ? "property" : "properties")} {SchemaError.QuoteAll(missing)}");
        }

        CheckMembers(map);
        if (schema.PropertyNames is not null)
        {
            foreach (string name in map.Sorted().Select(member => member.Key))
            {
                if (new SchemaValidator(schema.PropertyNames, StringNode.Of(name), string.Empty, null, sameValue: false, budget).Validate() is { } error)
                {
                    errors.Add(new SchemaError(at, $"invalid propertyName {SchemaError.Quote(name)}", error.IsGroup ? error.Causes : [error]));
                }
            }
        }

        CheckDependents(map);
    }

    private void CheckMembers(MapNode map)
    {
        List<string> additional = [];
        foreach ((string name, Node member) in map.Sorted())
        {
            bool evaluated = false;
            if (schema.Properties?.TryGetValue(name, out JsonSchema? property) == true)
            {
                evaluated = true;
                Add(Inner(property, member, name));
            }

            foreach ((string pattern, JsonSchema matching) in schema.PatternProperties ?? [])
            {
                if (SchemaFormats.Matches(pattern, name))
                {
                    evaluated = true;
                    Add(Inner(matching, member, name));
                }
            }

            if (!evaluated && schema.AdditionalProperties is { } other)
            {
                evaluated = true;
                if (other.Always == false)
                {
                    additional.Add(name);
                }
                else
                {
                    Add(Inner(other, member, name));
                }
            }

            if (evaluated)
            {
                unevaluatedProperties?.Remove(name);
            }
        }

        if (additional.Count > 0)
        {
            Add($"additional properties {SchemaError.QuoteAll(additional)} not allowed");
        }
    }

    private void CheckDependents(MapNode map)
    {
        foreach ((string name, JsonSchema dependent) in schema.DependentSchemas ?? [])
        {
            if (map.ContainsKey(name))
            {
                Add(Same(dependent));
            }
        }

        foreach ((string name, IReadOnlyList<string> required) in schema.DependentRequired ?? [])
        {
            string[] missing = map.ContainsKey(name) ? [.. required.Where(one => !map.ContainsKey(one))] : [];
            if (missing.Length > 0)
            {
                Add($"properties {SchemaError.QuoteAll(missing)} required, if {SchemaError.Quote(name)} exists");
            }
        }
    }

    private void CheckArray(ListNode list)
    {
        if (list.Count < schema.MinItems)
        {
            Add($"minItems: got {SchemaValues.Number(list.Count)}, want {SchemaValues.Number(schema.MinItems.Value)}");
        }

        if (list.Count > schema.MaxItems)
        {
            Add($"maxItems: got {SchemaValues.Number(list.Count)}, want {SchemaValues.Number(schema.MaxItems.Value)}");
        }

        if (schema.UniqueItems && SchemaValues.Duplicates(list) is var (first, second))
        {
            Add($"items at {first} and {second} are equal");
        }

        CheckItems(list);
        CheckContains(list);
    }

    private void CheckItems(ListNode list)
    {
        int prefix = Math.Min(list.Count, schema.PrefixItems?.Count ?? 0);
        for (int i = 0; i < prefix; i++)
        {
            Add(Inner(schema.PrefixItems![i], list[i], $"{i}"));
            unevaluatedItems?.Remove(i);
        }

        if (schema.Items is null)
        {
            return;
        }

        unevaluatedItems?.Clear();
        if (schema.ItemsAreAdditional && schema.Items.Always == false)
        {
            if (list.Count > prefix)
            {
                Add($"last {list.Count - prefix} additionalItem(s) not allowed");
            }

            return;
        }

        for (int i = prefix; i < list.Count; i++)
        {
            Add(Inner(schema.Items, list[i], $"{i}"));
        }
    }

    private void CheckContains(ListNode list)
    {
        if (schema.Contains is null)
        {
            return;
        }

        List<SchemaError> failures = [];
        List<int> matched = [];
        for (int i = 0; i < list.Count; i++)
        {
            if (Inner(schema.Contains, list[i], $"{i}") is { } failure)
            {
                failures.Add(failure);
                continue;
            }

            matched.Add(i);
            if (schema.Draft >= 2020)
            {
                unevaluatedItems?.Remove(i);
            }
        }

        if (schema.MinContains is { } least)
        {
            if (matched.Count < least)
            {
                errors.Add(new SchemaError(at, matched.Count == 0
                    ? $"min {least} items required to match contains schema, but none matched"
                    : $"min {least} items required to match contains schema, but matched {matched.Count} items at {string.Join(' ', matched)}", failures));
            }
        }
        else if (matched.Count == 0)
        {
            errors.Add(new SchemaError(at, "no items match contains schema", failures));
        }

        if (matched.Count > schema.MaxContains)
        {
            Add($"max {schema.MaxContains} items required to match contains schema, but matched {matched.Count} items at {string.Join(' ', matched)}");
        }
    }

    private void CheckString(string text)
    {
        int length = schema.MinLength is null && schema.MaxLength is null ? 0 : text.EnumerateRunes().Count();
        if (length < schema.MinLength)
        {
            Add($"minLength: got {SchemaValues.Number(length)}, want {SchemaValues.Number(schema.MinLength.Value)}");
        }

        if (length > schema.MaxLength)
        {
            Add($"maxLength: got {SchemaValues.Number(length)}, want {SchemaValues.Number(schema.MaxLength.Value)}");
        }

        if (schema.Pattern is not null && !SchemaFormats.Matches(schema.Pattern, text))
        {
            Add($"{SchemaError.Quote(text)} does not match pattern {SchemaError.Quote(schema.Pattern)}");
        }
    }

    private void CheckNumber(double number)
    {
        Compare("minimum", number, schema.Minimum, number < schema.Minimum);
        Compare("maximum", number, schema.Maximum, number > schema.Maximum);
        Compare("exclusiveMinimum", number, schema.ExclusiveMinimum, number <= schema.ExclusiveMinimum);
        Compare("exclusiveMaximum", number, schema.ExclusiveMaximum, number >= schema.ExclusiveMaximum);
        Compare("multipleOf", number, schema.MultipleOf, schema.MultipleOf is { } step && !SchemaValues.IsMultiple(number, step));
    }

    private void Compare(string keyword, double got, double? want, bool violated)
    {
        if (violated)
        {
            Add($"{keyword}: got {SchemaValues.Number(got)}, want {SchemaValues.Number(want!.Value)}");
        }
    }
}
