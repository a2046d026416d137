using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Bowline.EmbeddedCluster.Tests.ApiServer;

/// <summary>What may differ in messages by the recordings' README: quoted objects, and what Go's own libraries say.</summary>
internal static partial class StatusTexts
{
    // The text from here to the end is Go's; what stands before it is the server's own.
    private static readonly string[] GoTexts =
    [
        "json: cannot unmarshal", "strconv.", "invalid character", "unexpected end of JSON input", "unexpected EOF", "yaml: ", "error decoding YAML", "parsing time ", "illegal base64", "pkg/api/legacyscheme/scheme.go",
        "pkg/runtime/scheme.go", "k8s.io/apimachinery@", "ReadString:", "readObjectStart", "map[", "&value.valueUnstructured", "Object 'Kind' is missing in", "Object 'apiVersion' is missing in", "(*", "quantities must match",
    ];

    /// <summary>Both texts without what may differ.</summary>
    public static (string Recorded, string Real) Comparable(string recorded, string real)
    {
        string left = WithoutObjects(recorded);
        string right = WithoutObjects(real);
        int cut = GoTexts.Select(text => left.IndexOf(text, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(-1).Min();
        return cut < 0 ? (left, right) : (left[..cut], right.Length >= cut ? right[..cut] : right);
    }

    private static string WithoutObjects(string text)
    {
        text = GoMap().Replace(text, "value: <object>:");
        StringBuilder result = new();
        int at = 0;
        foreach (Match match in Value().Matches(text))
        {
            int start = match.Index + match.Length;
            if (start < at || EndOfObject(text, start) is not { } end)
            {
                continue;
            }

            result.Append(text, at, start - at).Append("<object>");
            at = end;
        }

        return result.Append(text, at, text.Length - at).ToString();
    }

    /// <summary>Where a quoted object or list ends; null when something else is quoted. JSON within a string counts as an object.</summary>
    private static int? EndOfObject(string text, int start)
    {
        if (start >= text.Length || (text[start] is not ('{' or '[') && !text.AsSpan(start).StartsWith("\"{")))
        {
            return null;
        }

        byte[] rest = Encoding.UTF8.GetBytes(text[start..]);
        Utf8JsonReader reader = new(rest);
        try
        {
            reader.Read();
            reader.Skip();
            return start + Encoding.UTF8.GetCharCount(rest.AsSpan(0, (int)reader.BytesConsumed));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [GeneratedRegex("value: \"map\\[.*?\\]\":")]
    private static partial Regex GoMap();

    [GeneratedRegex("(Invalid|Unsupported|Duplicate) value: ")]
    private static partial Regex Value();
}
