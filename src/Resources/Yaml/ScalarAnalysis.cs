using System.Buffers;

namespace Bowline.Resources.Yaml;

/// <summary>Which notations can carry a text, by the rules of libyaml's emitter.</summary>
internal readonly record struct ScalarAnalysis(bool Multiline, bool Plain, bool SingleQuoted, bool Block)
{
    // Nothing in these texts has a meaning of its own, wherever it stands.
    private static readonly SearchValues<char> Harmless =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-");

    public static bool IsHarmless(string text) => text.Length > 0 && char.IsAsciiLetter(text[0]) && !text.AsSpan().ContainsAnyExcept(Harmless);

    public static ScalarAnalysis Of(string text, bool tabsInBlocks)
    {
        if (text.Length == 0)
        {
            return new ScalarAnalysis(Multiline: false, Plain: true, SingleQuoted: true, Block: false);
        }

        bool indicators = text.StartsWith("---", StringComparison.Ordinal) || text.StartsWith("...", StringComparison.Ordinal);
        bool special = false;
        bool tabs = false;
        bool breaks = false;
        bool breakThenSpace = false;
        bool spaceThenBreak = false;
        char previous = '\0';
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            indicators |= IsIndicator(text, i, previous);
            tabs |= c == '\t';
            special |= !IsPrintable(c) && !(tabsInBlocks && c == '\t');
            if (c == ' ')
            {
                breakThenSpace |= IsBreak(previous);
            }
            else if (IsBreak(c))
            {
                breaks = true;
                spaceThenBreak |= previous == ' ';
            }

            previous = c;
        }

        bool trailingSpace = text[^1] == ' ';
        bool edges = text[0] == ' ' || trailingSpace || IsBreak(text[0]) || IsBreak(text[^1]);
        bool quotesOnly = spaceThenBreak || special;
        return new ScalarAnalysis(
            Multiline: breaks,
            Plain: !(indicators || edges || breaks || breakThenSpace || quotesOnly || tabs),
            SingleQuoted: !(breakThenSpace || quotesOnly || tabs),
            Block: !(trailingSpace || quotesOnly));
    }

    public static bool IsBreak(char c) => c is '\n' or '\r' or '\u0085' or '\u2028' or '\u2029';

    /// <summary>libyaml takes no character beyond the basic plane, nor a tab, for printable.</summary>
    public static bool IsPrintable(char c) =>
        c is '\n' or (>= ' ' and <= '~') or (>= '\u00A0' and <= '\uD7FF') or (>= '\uE000' and <= '\uFFFD' and not '\uFEFF');

    /// <summary>Whether the character at <paramref name="at"/> would mean something in a plain scalar of a block.</summary>
    private static bool IsIndicator(string text, int at, char previous)
    {
        char c = text[at];
        if (at == 0)
        {
            return c switch
            {
                '#' or ',' or '[' or ']' or '{' or '}' or '&' or '*' or '!' or '|' or '>' or '\'' or '"' or '%' or '@' or '`' => true,
                '?' or ':' or '-' => BlankFollows(text, at),
                _ => false,
            };
        }

        return c switch
        {
            ':' => BlankFollows(text, at),
            '#' => previous is ' ' or '\t' or '\0' || IsBreak(previous),
            _ => false,
        };
    }

    private static bool BlankFollows(string text, int at) => at + 1 >= text.Length || text[at + 1] is ' ' or '\t';
}
