using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Resources.Merging;

/// <summary>JSON as Go's encoder writes it: keys sorted, and what would be unsafe in HTML escaped.</summary>
internal static class GoJson
{
    private static readonly JsonWriteOptions Sorted = new() { SortKeys = true };

    public static string Of(Node value)
    {
        string text = JsonWriter.ToText(value, Sorted);
        // These characters stand in JSON only inside strings.
        return text.AsSpan().IndexOfAny("<>&\u2028\u2029") < 0
            ? text
            : text.Replace("<", "\\u003c", StringComparison.Ordinal)
                .Replace(">", "\\u003e", StringComparison.Ordinal)
                .Replace("&", "\\u0026", StringComparison.Ordinal)
                .Replace("\u2028", "\\u2028", StringComparison.Ordinal)
                .Replace("\u2029", "\\u2029", StringComparison.Ordinal);
    }
}
