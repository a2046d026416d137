namespace Bowline.Rendering.Kustomize.Fields;

/// <summary>Paths of replacements and vars: names joined by dots, with brackets for list elements and map keys that hold dots.</summary>
internal static class FieldPath
{
    /// <summary>Splits at a separator that no backslash escapes.</summary>
    public static List<string> SplitEscaped(string path, char separator)
    {
        List<string> parts = [];
        foreach (string piece in path.Split(separator))
        {
            if (parts.Count > 0 && parts[^1].EndsWith('\\'))
            {
                parts[^1] = $"{parts[^1][..^1]}{separator}{piece}";
            }
            else
            {
                parts.Add(piece);
            }
        }

        return parts;
    }

    /// <summary>Splits at dots outside of brackets; brackets that held dots but no match (<c>[a.b/c]</c>) fall away, since they only quoted a key.</summary>
    public static List<string> Split(string path)
    {
        List<string> parts = [];
        List<string> pieces = SplitEscaped(path, '.');
        for (int i = 0; i < pieces.Count; i++)
        {
            string part = pieces[i];
            if (!part.StartsWith('[') || part.EndsWith(']'))
            {
                parts.Add(part);
                continue;
            }

            while (i + 1 < pieces.Count)
            {
                part += $".{pieces[++i]}";
                if (part.EndsWith(']'))
                {
                    break;
                }
            }

            parts.Add(part.Contains('=', StringComparison.Ordinal) ? part : part.Trim('[', ']'));
        }

        return parts;
    }

    public static bool IsIndex(string part) => part.Length > 0 && part.All(char.IsAsciiDigit);

    public static bool IsMatch(string part) => part.StartsWith('[') && part.EndsWith(']');

    public static bool IsWildcard(string part) => part == "*";

    /// <summary>The two sides of <c>[field=value]</c>; null when there is no equals sign.</summary>
    public static (string Field, string Value)? SplitMatch(string part)
    {
        string inner = part.Length >= 2 ? part[1..^1] : string.Empty;
        int at = inner.IndexOf('=', StringComparison.Ordinal);
        return at < 0 ? null : (inner[..at], inner[(at + 1)..]);
    }
}
