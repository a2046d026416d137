using System.Text;
using System.Text.RegularExpressions;

namespace Bowline.Languages.GoTemplates.Sprig;

internal sealed partial class Re2Syntax
{
    private bool Escape()
    {
        if (position + 1 == pattern.Length)
        {
            throw new Re2Exception("trailing backslash at end of expression: ``");
        }

        char c = pattern[position + 1];
        string? fixedText = c switch
        {
            'A' => @"\A",
            'z' => @"\z",
            // RE2's is ASCII only; looking around to say so does not exist in the linear engine.
            'b' => @"\b",
            'B' => @"\B",
            'C' => Re2Class.AnyRune,
            _ => Re2Class.Perl(c),
        };
        if (fixedText is not null)
        {
            position += 2;
            output.Append(fixedText);
            return true;
        }

        if (c == 'Q')
        {
            Quoted();
            return true;
        }

        if (c is 'p' or 'P')
        {
            output.Append(new Re2Class(this, pattern).UnicodeClass(ref position));
            return true;
        }

        Literal(EscapedRune(ref position));
        return true;
    }

    private void Quoted()
    {
        int end = pattern.IndexOf("\\E", position + 2, StringComparison.Ordinal);
        int stop = end < 0 ? pattern.Length : end;
        position += 2;
        output.Append("(?:");
        while (position < stop)
        {
            Literal(NextRune());
        }

        output.Append(')');
        position = end < 0 ? stop : end + 2;
    }

    /// <summary>A single character written as an escape: punctuation, C escapes, octal, \x41 and \x{263a}.</summary>
    internal Rune EscapedRune(ref int at)
    {
        int start = at;
        char c = pattern[at + 1];
        at += 2;
        int simple = "afnrtv".IndexOf(c, StringComparison.Ordinal);
        if (simple >= 0)
        {
            return new Rune("\a\f\n\r\t\v"[simple]);
        }

        if (c < 0x80 && !char.IsAsciiLetterOrDigit(c))
        {
            return new Rune(c);
        }

        Match match = NumericEscape().Match(pattern, start);
        if (match.Success && match.Index == start)
        {
            at = start + match.Length;
            string hex = match.Groups[1].Success ? match.Groups[1].Value : match.Groups[2].Value;
            long value = hex.Length > 8 ? long.MaxValue
                : hex.Length > 0 ? Convert.ToInt64(hex, 16)
                : Convert.ToInt64(match.Groups[3].Value, 8);
            if (value <= 0x10FFFF && Rune.IsValid((int)value))
            {
                return new Rune((int)value);
            }
        }

        throw new Re2Exception($"invalid escape sequence: `{pattern[start..Math.Min(pattern.Length, start + 2)]}`");
    }
}
