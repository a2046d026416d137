using System.Globalization;
using System.Text;
using Bowline.Languages.GoTemplates.Parsing;

namespace Bowline.Languages.GoTemplates.Printing;

/// <summary>net/url's escaping.</summary>
public static class GoUrl
{
    /// <summary>url.QueryEscape: a space is a plus, everything but letters, digits and <c>-_.~</c> is escaped.</summary>
    public static string QueryEscape(string text) => Escape(text, "-_.~", spaceAsPlus: true);

    public static string Escape(string text, string safe, bool spaceAsPlus = false)
    {
        StringBuilder escaped = new(text.Length + 16);
        foreach (byte b in GoText.ToBytes(text))
        {
            if (char.IsAsciiLetterOrDigit((char)b) || (b < 0x80 && safe.Contains((char)b, StringComparison.Ordinal)))
            {
                escaped.Append((char)b);
            }
            else if (b == ' ' && spaceAsPlus)
            {
                escaped.Append('+');
            }
            else
            {
                escaped.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
            }
        }

        return escaped.ToString();
    }
}
