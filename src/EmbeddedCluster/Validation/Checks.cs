using System.Net;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Errors found so far, and the words that rules are written in.</summary>
internal sealed class Checks(List<FieldError> errors)
{
    public List<FieldError> Errors => errors;

    public void Add(FieldError error) => errors.Add(error);

    public void Require(Node? value, string path, string detail = "")
    {
        if (value is null or NullNode or StringNode { Value: "" } or ListNode { Count: 0 })
        {
            errors.Add(FieldError.Required(path, detail));
        }
    }

    public void OneOf(Node? value, string path, params string[] supported)
    {
        if (value is StringNode text && !supported.Contains(text.Value))
        {
            errors.Add(new FieldError("FieldValueNotSupported", path, $"Unsupported value: \"{text.Value}\": supported values: {string.Join(", ", supported.Select(item => $"\"{item}\""))}"));
        }
    }

    public void NotNegative(Node? value, string path)
    {
        if (value?.AsInteger() is { } number and < 0)
        {
            errors.Add(FieldError.Invalid(path, number, "must be greater than or equal to 0"));
        }
    }

    public void Port(Node? value, string path)
    {
        if (value?.AsInteger() is { } number && number is < 1 or > 65535)
        {
            errors.Add(FieldError.Invalid(path, number, "must be between 1 and 65535, inclusive"));
        }
    }

    public void Name(Node? value, string path, Func<string, IEnumerable<string>> rule)
    {
        foreach (string wrong in rule(value?.AsString() ?? string.Empty))
        {
            errors.Add(FieldError.Invalid(path, value ?? StringNode.Empty, wrong));
        }
    }

    public void Cidr(Node? value, string path)
    {
        if (value?.AsString() is { } text && !IPNetwork.TryParse(text, out _))
        {
            errors.Add(FieldError.Invalid(path, text, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"));
        }
    }

    public void Immutable(Node? next, Node? live, string path)
    {
        if (!Node.DeepEquals(Absent(next), Absent(live)))
        {
            errors.Add(FieldError.Invalid(path, next, "field is immutable"));
        }
    }

    /// <summary>Items of a list with their paths.</summary>
    public static IEnumerable<(Node Item, string Path)> Each(Node? list, string path) => (list?.AsList() ?? []).Select((item, i) => (item, $"{path}[{i}]"));

    /// <summary>requests and limits: no negatives, no request above its limit.</summary>
    public void Resources(Node? resources, string path)
    {
        foreach (string part in (ReadOnlySpan<string>)["limits", "requests"])
        {
            foreach ((string resource, Node amount) in resources?[part] as MapNode ?? [])
            {
                if (Quantity.TryParse(amount.AsString(), out Quantity quantity) && quantity.Sign < 0)
                {
                    errors.Add(FieldError.Invalid($"{path}.{part}[{resource}]", amount, "must be greater than or equal to 0"));
                }
            }
        }

        foreach ((string resource, Node amount) in resources?["requests"] as MapNode ?? [])
        {
            if (resources!.At("limits", resource)?.AsString() is { } limit && Quantity.TryParse(amount.AsString(), out Quantity asked) && Quantity.TryParse(limit, out Quantity most) && asked > most)
            {
                errors.Add(FieldError.Invalid($"{path}.requests", amount, $"must be less than or equal to {resource} limit of {limit}"));
            }
        }
    }

    /// <summary>A metav1.LabelSelector.</summary>
    public void Selector(Node? selector, string path)
    {
        MetadataRules.CheckLabels(selector?["matchLabels"], $"{path}.matchLabels", errors);
        foreach ((Node expression, string at) in Each(selector?["matchExpressions"], $"{path}.matchExpressions"))
        {
            string op = expression["operator"]?.AsString() ?? string.Empty;
            bool values = expression["values"] is ListNode { Count: > 0 };
            switch (op)
            {
                case "In" or "NotIn" when !values:
                    errors.Add(FieldError.Required($"{at}.values", "must be specified when `operator` is 'In' or 'NotIn'"));
                    break;
                case "Exists" or "DoesNotExist" when values:
                    errors.Add(FieldError.Forbidden($"{at}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
                    break;
                case "In" or "NotIn" or "Exists" or "DoesNotExist":
                    break;
                default:
                    errors.Add(FieldError.Invalid($"{at}.operator", op, "not a valid selector operator"));
                    break;
            }
        }
    }

    private static Node? Absent(Node? node) => node is NullNode or MapNode { Count: 0 } or ListNode { Count: 0 } ? null : node;
}
