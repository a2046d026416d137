using System.Globalization;
using System.Text;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;
using static Bowline.Languages.GoTemplates.Sprig.FunctionList;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>Letter case, word wrapping and abbreviation, with the habits of the Go packages behind them (some work on bytes).</summary>
internal static class CaseFunctions
{
    public static FunctionList All() => new()
    {
        { "upper", call => MapRunes(call.Text(0), Rune.ToUpperInvariant), Text },
        { "lower", call => MapRunes(call.Text(0), Rune.ToLowerInvariant), Text },
        { "title", call => Title(call.Text(0)), Text },
        { "untitle", call => Untitle(call.Text(0)), Text },
        { "swapcase", call => SwapCase(call.Text(0)), Text },
        { "initials", call => Initials(call.Text(0)), Text },
        { "nospace", call => WithoutSpace(call.Text(0)), Text },
        { "snakecase", call => WordCase.Connected(call.Text(0), '_'), Text },
        { "kebabcase", call => WordCase.Connected(call.Text(0), '-'), Text },
        { "camelcase", call => WordCase.Pascal(call.Text(0)), Text },
        { "abbrev", call => call.Integer(0) < 4 ? call[1] : Abbreviate(call.Text(1), 0, call.Integer(0)), Int, Text },
        { "abbrevboth", AbbreviateBoth, Int, Int, Text },
        { "wrap", call => Wrap(call.Text(1), call.Integer(0), "\n", longWords: false, call.Run), Int, Text },
        { "wrapWith", call => Wrap(call.Text(2), call.Integer(0), call.Text(1), longWords: true, call.Run), Int, Text, Text },
    };

    /// <summary>As goutils does it, which takes each byte of a text for a rune, but gives a text without any space back as it is.</summary>
    private static string WithoutSpace(string text)
    {
        byte[] bytes = GoText.ToBytes(text);
        byte[] kept = [.. bytes.Where(b => !StringFunctions.IsSpace(b))];
        return kept.Length == bytes.Length ? text : string.Concat(kept.Select(b => (char)b));
    }

    private static string MapRunes(string text, Func<Rune, Rune> map)
    {
        StringBuilder mapped = new(text.Length);
        for (int i = 0; i < text.Length;)
        {
            Rune rune = GoText.RuneAt(text, i, out int used, out _);
            mapped.Append(map(rune).ToString());
            i += used;
        }

        return mapped.ToString();
    }

    private static string Title(string text)
    {
        bool afterSeparator = true;
        return MapRunes(text, rune =>
        {
            Rune titled = afterSeparator ? Rune.ToUpperInvariant(rune) : rune;
            afterSeparator = rune.IsAscii
                ? !(char.IsAsciiLetterOrDigit((char)rune.Value) || rune.Value == '_')
                : !Rune.IsLetterOrDigit(rune) && StringFunctions.IsSpace(rune.Value);
            return titled;
        });
    }

    private static string Untitle(string text)
    {
        bool first = true;
        return MapRunes(text, rune =>
        {
            bool isSpace = StringFunctions.IsSpace(rune.Value);
            Rune result = first && !isSpace ? Rune.ToLowerInvariant(rune) : rune;
            first = isSpace;
            return result;
        });
    }

    private static string SwapCase(string text)
    {
        return MapRunes(text, rune =>
            Rune.IsUpper(rune) || Rune.GetUnicodeCategory(rune) == UnicodeCategory.TitlecaseLetter ? Rune.ToLowerInvariant(rune)
            : Rune.IsLower(rune) ? Rune.ToUpperInvariant(rune)
            : rune);
    }

    /// <summary>The first byte of every word, as if it were a rune.</summary>
    private static string Initials(string text)
    {
        StringBuilder initials = new();
        bool afterGap = true;
        foreach (byte b in GoText.ToBytes(text))
        {
            bool gap = StringFunctions.IsSpace(b);
            if (!gap && afterGap)
            {
                initials.Append((char)b);
            }

            afterGap = gap;
        }

        return initials.ToString();
    }

    private static Node AbbreviateBoth(FunctionCall call)
    {
        (long left, long right) = (call.Integer(0), call.Integer(1));
        return right < 4 || (left > 0 && right < 7) ? call[2] : Abbreviate(call.Text(2), left, right);
    }

    private static string Abbreviate(string text, long offset, long width)
    {
        byte[] bytes = GoText.ToBytes(text);
        if (bytes.Length <= width)
        {
            return text;
        }

        int room = (int)width - 3;
        int from = (int)Math.Min(offset, bytes.Length);
        if (bytes.Length - from < room)
        {
            from = bytes.Length - room;
        }

        if (from <= 4)
        {
            return GoText.FromBytes(bytes.AsSpan(0, room)) + "...";
        }

        return width < 7 ? string.Empty
            : from + room < bytes.Length ? "..." + (room < 4 ? string.Empty : Abbreviate(GoText.FromBytes(bytes.AsSpan(from)), 0, room))
            : "..." + GoText.FromBytes(bytes.AsSpan(bytes.Length - room));
    }

    private static string Wrap(string text, long width, string newLine, bool longWords, TemplateRun run)
    {
        newLine = newLine.Length == 0 ? "\n" : newLine;
        byte[] bytes = GoText.ToBytes(text);
        int length = (int)Math.Clamp(width, 1, int.MaxValue / 2);
        run.Charge((long)((bytes.Length / length) + 1) * newLine.Length);
        using MemoryStream output = new(bytes.Length + 16);
        byte[] lineEnd = GoText.ToBytes(newLine);
        int offset = 0;
        while (bytes.Length - offset > length)
        {
            if (bytes[offset] == ' ')
            {
                offset++;
                continue;
            }

            int space = bytes.AsSpan(offset, length + 1).LastIndexOf((byte)' ');
            int to = space >= 0 ? offset + space
                : longWords ? offset + length
                : NextSpace(bytes, offset + length);
            output.Write(bytes, offset, to - offset);
            bool atEnd = to == bytes.Length && space < 0 && !longWords;
            if (!atEnd)
            {
                output.Write(lineEnd);
            }

            offset = space < 0 && (longWords || atEnd) ? to : to + 1;
        }

        output.Write(bytes, offset, bytes.Length - offset);
        return GoText.FromBytes(output.ToArray());
    }

    private static int NextSpace(byte[] bytes, int from)
    {
        int at = bytes.AsSpan(from).IndexOf((byte)' ');
        return at < 0 ? bytes.Length : from + at;
    }
}
