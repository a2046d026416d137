using System.Globalization;

namespace Bowline.Resources.Model;

/// <summary>One requirement of a selector: what has to hold of the label <see cref="Key"/>.</summary>
/// <param name="Operator"><c>In</c>, <c>NotIn</c>, <c>Exists</c>, <c>DoesNotExist</c>, <c>Gt</c> or <c>Lt</c> (of whole numbers); any other holds of nothing.</param>
public sealed record LabelRequirement(string Key, string Operator, IReadOnlyList<string> Values)
{
    /// <summary>An expression as objects hold it (<c>key</c>, <c>operator</c>, <c>values</c>).</summary>
    public static LabelRequirement Of(Node expression) => new(
        expression["key"]?.AsString() ?? string.Empty,
        expression["operator"]?.AsString() ?? string.Empty,
        [.. (expression["values"] as ListNode ?? []).Select(value => value.AsString() ?? string.Empty)]);

    /// <param name="actual">The label's value; null for an object without the label.</param>
    public bool Holds(string? actual) => Operator switch
    {
        "In" => actual is not null && Values.Contains(actual),
        "NotIn" => actual is null || !Values.Contains(actual),
        "Exists" => actual is not null,
        "DoesNotExist" => actual is null,
        "Gt" => Number(actual) is { } left && Number(Values.FirstOrDefault()) is { } right && left > right,
        "Lt" => Number(actual) is { } left && Number(Values.FirstOrDefault()) is { } right && left < right,
        _ => false,
    };

    private static long? Number(string? text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value : null;
}
