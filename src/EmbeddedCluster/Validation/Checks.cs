using System.Text.RegularExpressions;
using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.EmbeddedCluster.Validation;

/// <summary>Errors found so far, and the words that rules are written in.</summary>
internal sealed class Checks(List<FieldError> errors)
{
    public const string NotNegativeText = "must be greater than or equal to 0";
    public const string PositiveText = "must be greater than 0";
    /// <summary>What some kinds say instead of <see cref="PositiveText"/>.</summary>
    public const string AboveZeroText = "must be greater than zero";
    private const string PercentText = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

    public List<FieldError> Errors => errors;

    public void Add(FieldError error) => errors.Add(error);

    /// <summary>Of an object that this can be said of, nothing else is said.</summary>
    public void Only(FieldError error)
    {
        errors.Clear();
        errors.Add(error);
    }

    public void Require(Node? value, string path, string detail = "")
    {
        if (IsEmpty(value))
        {
            errors.Add(FieldError.Required(path, detail));
        }
    }

    public static bool IsEmpty(Node? value) => value is null or NullNode or StringNode { Value: "" } or ListNode { Count: 0 };

    /// <summary>A text, or none of it.</summary>
    public static string Text(Node? value) => value?.AsString() ?? string.Empty;

    /// <summary>One of the values, when it is set at all.</summary>
    public void OneOf(Node? value, string path, params string[] supported)
    {
        if (value is StringNode text && !supported.Contains(text.Value))
        {
            errors.Add(FieldError.NotSupported(path, text, supported));
        }
    }

    /// <summary>One of the values; it has to be set.</summary>
    public void Choice(Node? value, string path, params string[] supported)
    {
        if (IsEmpty(value))
        {
            errors.Add(FieldError.Required(path));
        }
        else
        {
            OneOf(value, path, supported);
        }
    }

    public void NotNegative(Node? value, string path)
    {
        if (value?.AsInteger() is { } number and < 0)
        {
            errors.Add(FieldError.Invalid(path, number, NotNegativeText));
        }
    }

    public void Positive(Node? value, string path)
    {
        if (value?.AsInteger() is { } number and <= 0)
        {
            errors.Add(FieldError.Invalid(path, number, PositiveText));
        }
    }

    public void Between(Node? value, string path, long least, long most, string? detail = null)
    {
        if (value?.AsInteger() is { } number && (number < least || number > most))
        {
            errors.Add(FieldError.Invalid(path, number, detail ?? $"must be between {least} and {most}, inclusive"));
        }
    }

    public void Port(Node? value, string path) => Between(value, path, 1, 65535);

    /// <summary>A port number, or the name of one.</summary>
    public void PortOrName(Node? value, string path)
    {
        if (value is StringNode)
        {
            Name(value, path, NameRules.PortName);
        }
        else
        {
            Port(value, path);
        }
    }

    public void Name(Node? value, string path, Func<string, IEnumerable<string>> rule)
    {
        foreach (string wrong in rule(value?.AsString() ?? string.Empty))
        {
            errors.Add(FieldError.Invalid(path, value ?? StringNode.Empty, wrong));
        }
    }

    /// <summary>A name by a rule, when it is set.</summary>
    public void NameIfSet(Node? value, string path, Func<string, IEnumerable<string>> rule)
    {
        if (!IsEmpty(value))
        {
            Name(value, path, rule);
        }
    }

    /// <summary>A name by a rule that has to be set.</summary>
    public void RequireName(Node? value, string path, Func<string, IEnumerable<string>> rule)
    {
        if (IsEmpty(value))
        {
            errors.Add(FieldError.Required(path));
        }
        else
        {
            Name(value, path, rule);
        }
    }

    public void Cidr(Node? value, string path) => NameIfSet(value, path, AddressRules.Cidr);

    /// <param name="absent">How a value that is gone is shown: the word of a nil pointer, unless the field's Go type is none.</param>
    public void Immutable(Node? next, Node? live, string path, Node? absent = null)
    {
        if (!Node.DeepEquals(Absent(next), Absent(live)))
        {
            errors.Add(FieldError.Invalid(path, next is null or NullNode ? absent ?? StringNode.Of("null") : next, "field is immutable"));
        }
    }

    /// <summary>A number that is not negative, or a percentage.</summary>
    public void IntOrPercent(Node? value, string path)
    {
        if (value is StringNode text)
        {
            if (!Regex.IsMatch(text.Value, "^[0-9]+%\\z"))
            {
                errors.Add(FieldError.Invalid(path, text, PercentText));
            }
        }
        else
        {
            NotNegative(value, path);
        }
    }

    public void AtMostAll(Node? value, string path)
    {
        if (value is StringNode { Value: { } text } && text.EndsWith('%') && long.TryParse(text[..^1], out long percent) && percent > 100)
        {
            errors.Add(FieldError.Invalid(path, value, "must not be greater than 100%"));
        }
    }

    /// <summary>Items of a list with their paths.</summary>
    public static IEnumerable<(Node Item, string Path)> Each(Node? list, string path) => (list?.AsList() ?? []).Select((item, i) => (item, $"{path}[{i}]"));

    /// <summary>Members of a map, sorted, with their paths.</summary>
    public static IEnumerable<(string Key, Node Value, string Path)> Members(Node? map, string path) => (map as MapNode ?? []).Sorted().Select(pair => (pair.Key, pair.Value, $"{path}[{pair.Key}]"));

    public void Unique(IEnumerable<(Node Item, string Path)> items, string member)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach ((Node item, string path) in items)
        {
            if (item[member]?.AsString() is { Length: > 0 } name && !seen.Add(name))
            {
                errors.Add(FieldError.Duplicate($"{path}.{member}", name));
            }
        }
    }

    /// <summary>An amount of a resource that may not be negative.</summary>
    public void Amount(Node? amount, string path)
    {
        if (Quantity.TryParse(amount?.AsString() ?? amount?.ToString(), out Quantity quantity) && quantity.Sign < 0)
        {
            errors.Add(FieldError.Invalid(path, amount, NotNegativeText));
        }
    }

    /// <summary>Whether a selector can be read at all.</summary>
    public static bool Reads(Node? selector)
    {
        Checks found = new([]);
        found.Selector(selector, string.Empty);
        return found.Errors.Count == 0;
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

            Name(expression["key"], $"{at}.key", NameRules.LabelKey);
            foreach ((Node value, string where) in Each(expression["values"], $"{at}.values"))
            {
                Name(value, where, NameRules.LabelValue);
            }
        }
    }

    private static Node? Absent(Node? node) => node is NullNode or MapNode { Count: 0 } or ListNode { Count: 0 } or StringNode { Value: "" } ? null : node;
}
