using System.Globalization;
using System.Text;

namespace Bowline.Rendering.Helm.Charts;

/// <summary>Go's <c>%q</c> for error messages.</summary>
internal static class GoQuote
{
    public static string Quote(string text)
    {
        StringBuilder quoted = new("\"");
        foreach (Rune rune in text.EnumerateRunes())
        {
            Append(quoted, rune);
        }

        return quoted.Append('"').ToString();
    }

    private static void Append(StringBuilder quoted, Rune rune)
    {
        switch (rune.Value)
        {
            case '"':
                quoted.Append("\\\"");
                break;
            case '\\':
                quoted.Append("\\\\");
                break;
            case '\n':
                quoted.Append("\\n");
                break;
            case '\t':
                quoted.Append("\\t");
                break;
            case '\r':
                quoted.Append("\\r");
                break;
            case '\a':
                quoted.Append("\\a");
                break;
            case '\b':
                quoted.Append("\\b");
                break;
            case '\f':
                quoted.Append("\\f");
                break;
            case '\v':
                quoted.Append("\\v");
                break;
            case < ' ' or 0x7f:
                quoted.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}");
                break;
            case var value when value > 0x7f && Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator && value != ' ':
                quoted.Append(value > 0xffff ? $"\\U{value:x8}" : $"\\u{value:x4}");
                break;
            default:
                quoted.Append(rune.ToString());
                break;
        }
    }
}
