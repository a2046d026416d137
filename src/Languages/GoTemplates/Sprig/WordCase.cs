using System.Globalization;
using System.Text;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>Words of an identifier joined anew: snake_case, kebab-case and PascalCase by the rules of huandu/xstrings 1.5.</summary>
internal static class WordCase
{
    private enum Word
    {
        End,
        Number,
        Upper,
        Letters,
        Connector,
        Punctuation,
        Other,
    }

    public static string Pascal(string text)
    {
        Rune[] runes = [.. text.EnumerateRunes()];
        StringBuilder result = new(text.Length);
        int at = 0;
        while (at < runes.Length && IsConnector(runes[at]))
        {
            result.Append(runes[at++].ToString());
        }

        if (at == runes.Length)
        {
            // Upstream writes the last rune of a text without words twice.
            return at == 0 ? string.Empty : result.Append(runes[^1].ToString()).ToString();
        }

        bool inUpper = Rune.IsUpper(runes[at]);
        Rune current = Rune.ToUpperInvariant(runes[at]);
        for (at++; at < runes.Length; at++)
        {
            Rune previous = current;
            current = runes[at];
            bool afterConnector = IsConnector(previous);
            if (afterConnector && !IsConnector(current))
            {
                // One connector is swallowed: the word after it starts in upper case.
                inUpper = Rune.IsUpper(current);
                current = Rune.ToUpperInvariant(current);
                continue;
            }

            // A word that starts with several capitals keeps only the first one.
            if (!afterConnector && inUpper)
            {
                inUpper = Rune.IsUpper(current);
                current = inUpper ? Rune.ToLowerInvariant(current) : current;
            }

            result.Append(previous.ToString());
        }

        return result.Append(current.ToString()).ToString();
    }

    public static string Connected(string text, char connector)
    {
        StringBuilder result = new(text.Length + 8);
        Rune[] runes = [.. text.EnumerateRunes()];
        int at = 0;
        Span current = Next(runes, ref at);
        while (at < runes.Length)
        {
            if (current.Kind != Word.Connector)
            {
                Append(result, runes, current, connector);
            }

            Span previous = current;
            current = Next(runes, ref at);
            switch (previous.Kind)
            {
                case Word.Number:
                    current = AppendMixed(result, runes, current, ref at, connector);
                    break;
                case Word.Connector:
                    Append(result, runes, previous, connector);
                    break;
                case Word.Punctuation:
                    break;
                default:
                    current = AfterWord(result, runes, current, ref at, connector);
                    break;
            }
        }

        Append(result, runes, current, connector);
        return result.ToString();
    }

    private static Span AfterWord(StringBuilder result, Rune[] runes, Span current, ref int at, char connector)
    {
        if (current.Kind != Word.Number)
        {
            Connect(result, current, connector);
            return current;
        }

        if (at == runes.Length)
        {
            return current;
        }

        Span number = current;
        current = Next(runes, ref at);
        if (current.Kind != Word.Letters)
        {
            // The number belongs to the word before it: Bld4Floor is bld4_floor.
            Append(result, runes, number, connector);
            Connect(result, current, connector);
            return current;
        }

        // Small letters follow the number, so it starts a word of its own: http2xx is http_2xx.
        result.Append(connector);
        Append(result, runes, number, connector);
        return AppendMixed(result, runes, current, ref at, connector);
    }

    private static Span AppendMixed(StringBuilder result, Rune[] runes, Span current, ref int at, char connector)
    {
        while (current.Kind is Word.Letters or Word.Number)
        {
            Append(result, runes, current, connector);
            current = Next(runes, ref at);
        }

        Connect(result, current, connector);
        return current;
    }

    private static void Connect(StringBuilder result, Span next, char connector)
    {
        if (next.Kind is not (Word.End or Word.Connector or Word.Punctuation))
        {
            result.Append(connector);
        }
    }

    private static void Append(StringBuilder result, Rune[] runes, Span word, char connector)
    {
        foreach (Rune rune in runes.AsSpan(word.From, word.To - word.From))
        {
            _ = word.Kind switch
            {
                Word.Connector => result.Append(connector),
                Word.Upper => result.Append(Rune.ToLowerInvariant(rune).ToString()),
                _ => result.Append(rune.ToString()),
            };
        }
    }

    private static Span Next(Rune[] runes, ref int at)
    {
        int from = at;
        if (at == runes.Length)
        {
            return new Span(Word.End, from, from);
        }

        Rune first = runes[at++];
        Word kind = KindOf(first);
        if (kind == Word.Upper && at < runes.Length && Rune.IsUpper(runes[at]))
        {
            TakeWhile(runes, ref at, Rune.IsUpper);
            if (at < runes.Length && IsLetter(runes[at]))
            {
                // HTTPServer is HTTP and Server: the last capital starts the next word.
                at--;
            }

            return new Span(kind, from, at);
        }

        TakeWhile(runes, ref at, kind switch
        {
            Word.Upper or Word.Letters => rune => IsLetter(rune) && !Rune.IsUpper(rune),
            _ => rune => KindOf(rune) == kind,
        });
        return new Span(kind, from, at);
    }

    private static void TakeWhile(Rune[] runes, ref int at, Predicate<Rune> match)
    {
        while (at < runes.Length && match(runes[at]))
        {
            at++;
        }
    }

    private static Word KindOf(Rune rune) =>
        IsConnector(rune) ? Word.Connector
        : Rune.IsPunctuation(rune) ? Word.Punctuation
        : Rune.IsUpper(rune) ? Word.Upper
        : IsLetter(rune) ? Word.Letters
        : Rune.GetUnicodeCategory(rune) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber ? Word.Number
        : Word.Other;

    private static bool IsConnector(Rune rune) => rune.Value is '-' or '_' || StringFunctions.IsSpace(rune.Value);

    /// <summary>A letter outside of the CJK ideographs, which have no case and no words.</summary>
    private static bool IsLetter(Rune rune) =>
        Rune.IsLetter(rune) && rune.Value is not ((>= 0x3400 and <= 0x4D85) or (>= 0x4E00 and <= 0x9FCC) or (>= 0x20000 and <= 0x2B81D));

    private readonly record struct Span(Word Kind, int From, int To);
}
