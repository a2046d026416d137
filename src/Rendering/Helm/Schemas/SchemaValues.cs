using System.Globalization;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Schemas;

/// <summary>JSON values as JSON Schema sees and prints them.</summary>
internal static class SchemaValues
{
    private const int MaxCompared = 2000;

    public static JsonTypes TypeOf(Node value) => value.Kind switch
    {
        NodeKind.Null => JsonTypes.Null,
        NodeKind.Bool => JsonTypes.Boolean,
        NodeKind.String => JsonTypes.String,
        NodeKind.List => JsonTypes.Array,
        NodeKind.Map => JsonTypes.Object,
        _ => JsonTypes.Number,
    };

    public static bool IsInteger(Node value) => value is IntegerNode || (value is FloatNode { Value: var number } && number == Math.Truncate(number) && double.IsFinite(number));

    public static string Names(JsonTypes types) => string.Join(" or ", Enum.GetValues<JsonTypes>()
        .Where(type => type != JsonTypes.None && types.HasFlag(type))
        .Select(type => type.ToString().ToLowerInvariant()));

    /// <summary>A scalar as errors show it.</summary>
    public static string Display(Node value) => value switch
    {
        StringNode text => SchemaError.Quote(text.Value),
        MapNode or ListNode => "value",
        NullNode => "<nil>",
        BoolNode flag => flag.ToString(),
        _ => Number(value.AsNumber() ?? 0),
    };

    /// <param name="numbers">Numbers of the schema file as they are written there, which is how errors show them.</param>
    public static string WrongConst(Node wanted, IReadOnlyDictionary<Node, string> numbers) =>
        wanted is MapNode or ListNode ? "'const' failed" : $"value must be {Plain(wanted, numbers)}";

    public static string WrongEnum(ListNode allowed, IReadOnlyDictionary<Node, string> numbers)
    {
        if (allowed.Any(item => item is MapNode or ListNode))
        {
            return "'enum' failed";
        }

        string[] shown = [.. allowed.Select(item => Plain(item, numbers))];
        return shown.Length == 1 ? $"value must be {shown[0]}" : $"value must be one of {string.Join(", ", shown)}";
    }

    /// <summary>With commas between thousands, as the library's English printer writes numbers.</summary>
    public static string Number(double value)
    {
        if (!double.IsFinite(value) || Math.Abs(value) >= 1e21)
        {
            return GoFloat.General(value);
        }

        string text = GoFloat.Json(value);
        int point = text.IndexOf('.', StringComparison.Ordinal);
        string whole = point < 0 ? text : text[..point];
        return text.Contains('e', StringComparison.Ordinal) || !decimal.TryParse(whole, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out decimal number)
            ? text
            : $"{(number == 0 && whole[0] == '-' ? "-" : string.Empty)}{number.ToString("#,0", CultureInfo.InvariantCulture)}{(point < 0 ? string.Empty : text[point..])}";
    }

    public static bool IsMultiple(double number, double step)
    {
        if (step == 0 || !double.IsFinite(number))
        {
            return false;
        }

        // In decimals 0.3 is three times 0.1, as it is in the library's exact fractions.
        return Math.Abs(number) < 1e15 && Math.Abs(step) is < 1e15 and > 1e-12
            ? (decimal)number % (decimal)step == 0
            : Math.IEEERemainder(number, step) == 0;
    }

    public static (int First, int Second)? Duplicates(ListNode list)
    {
        if (list.Count > MaxCompared)
        {
            throw new SchemaException($"uniqueItems of more than {MaxCompared} items is not checked");
        }

        for (int i = 1; i < list.Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (list[i].DeepEquals(list[j]))
                {
                    return (j, i);
                }
            }
        }

        return null;
    }

    private static string Plain(Node value, IReadOnlyDictionary<Node, string> numbers) => numbers.TryGetValue(value, out string? written) ? written
        : value is FloatNode number ? GoFloat.Json(number.Value)
        : value is IntegerNode ? value.ToString()!
        : Display(value);
}
