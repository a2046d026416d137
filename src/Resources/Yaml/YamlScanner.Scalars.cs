using System.Buffers;
using System.Text;

namespace Bowline.Resources.Yaml;

/// <summary>Plain and quoted scalars: where they end, and what line breaks inside of them become.</summary>
internal sealed partial class YamlScanner
{
    private readonly ScalarStops stops = text.HasUnicodeBreaks ? ScalarStops.WithUnicodeBreaks : ScalarStops.Ascii;

    /// <summary>The line breaks since the last text: the first of them ('\0' for none), and those behind it.</summary>
    private char firstBreak;
    private readonly StringBuilder furtherBreaks = new();

    private void FetchPlain()
    {
        int level = SaveKey();
        keyAllowed = false;
        Mark start = Here;
        int from = at;
        int end = at;
        bool folded = false;
        bool broken = false;
        while (!AtDocumentIndicator() && Current != '#')
        {
            int run = at;
            SkipPlainRun();
            if (at > run)
            {
                if (broken)
                {
                    StartScratch(ref folded).Append(buffer, from, end - from);
                    AppendFold();
                    from = run;
                    broken = false;
                }

                end = at;
            }

            if (!IsBlank(Current) && !IsBreak(Current))
            {
                break;
            }

            SkipPlainGap(start, ref broken);
            if (flowLevel == 0 && Column <= indent)
            {
                break;
            }
        }

        string text = folded ? scratch.Append(buffer, from, end - from).ToString() : new string(buffer, from, end - from);
        Append(TokenKind.Scalar, start, text, plain: true, keyLevel: level);
        keyAllowed |= broken;
    }

    private StringBuilder StartScratch(ref bool started)
    {
        if (!started)
        {
            scratch.Clear();
            started = true;
        }

        return scratch;
    }

    private void SkipPlainRun()
    {
        SearchValues<char> ends = flowLevel > 0 ? stops.Flow : stops.Block;
        while (true)
        {
            at += buffer.AsSpan(at).IndexOfAny(ends);
            if (Current != ':' || IsBlankOrEnd(buffer[at + 1]))
            {
                return;
            }

            at++;
        }
    }

    /// <summary>Spaces and line breaks behind a run of a plain scalar.</summary>
    private void SkipPlainGap(Mark start, ref bool broken)
    {
        while (true)
        {
            if (IsBlank(Current))
            {
                if (broken && Column <= indent && Current == '\t')
                {
                    throw Fail(start, "found a tab character that violates indentation");
                }

                at++;
            }
            else if (IsBreak(Current))
            {
                NoteBreak(ref broken);
            }
            else
            {
                return;
            }
        }
    }

    private void NoteBreak(ref bool broken)
    {
        if (broken)
        {
            furtherBreaks.Append(ReadBreak());
            return;
        }

        firstBreak = ReadBreak();
        furtherBreaks.Clear();
        broken = true;
    }

    /// <summary>A single line break becomes a space, several lose the first; the Unicode separators stay.</summary>
    private void AppendFold()
    {
        if (firstBreak == '\n')
        {
            if (furtherBreaks.Length == 0)
            {
                scratch.Append(' ');
            }
        }
        else if (firstBreak != '\0')
        {
            scratch.Append(firstBreak);
        }

        scratch.Append(furtherBreaks);
    }

    private char ReadBreak()
    {
        char c = Current;
        SkipBreak();
        return c is '\u2028' or '\u2029' ? c : '\n';
    }

    private void FetchQuoted(char quote)
    {
        int level = SaveKey();
        keyAllowed = false;
        Mark start = Here;
        at++;
        string text = ScanOneLine(quote) ?? ScanQuoted(start, quote);
        Append(TokenKind.Scalar, start, text, keyLevel: level);
    }

    /// <summary>The text up to the closing quote when nothing in between needs work; otherwise null.</summary>
    private string? ScanOneLine(char quote)
    {
        int from = at;
        int end = at;
        while (true)
        {
            end += buffer.AsSpan(end).IndexOfAny(stops.QuotedLine);
            char c = buffer[end];
            bool plainText = (c == '"' && quote == '\'') || (c is '\'' or '\\' && quote != c && !(quote == '"' && c == '\\'));
            if (plainText)
            {
                end++;
                continue;
            }

            if (c != quote || (quote == '\'' && buffer[end + 1] == '\''))
            {
                return null;
            }

            at = end + 1;
            return new string(buffer, from, end - from);
        }
    }

    private string ScanQuoted(Mark start, char quote)
    {
        scratch.Clear();
        while (true)
        {
            if (AtDocumentIndicator())
            {
                throw Fail(start, "found unexpected document indicator");
            }

            if (Current == '\0')
            {
                throw Fail(start, "found unexpected end of stream");
            }

            bool broken = ScanQuotedRun(start, quote);
            if (Current == quote)
            {
                at++;
                return scratch.ToString();
            }

            ScanQuotedGap(broken);
        }
    }

    /// <summary>Text up to a space, a line end or the closing quote; true when it ended with an escaped line break.</summary>
    private bool ScanQuotedRun(Mark start, char quote)
    {
        SearchValues<char> ends = quote == '"' ? stops.DoubleQuoted : stops.SingleQuoted;
        while (true)
        {
            int length = buffer.AsSpan(at).IndexOfAny(ends);
            scratch.Append(buffer, at, length);
            at += length;
            char c = Current;
            if (c == '\'' && quote == '\'' && buffer[at + 1] == '\'')
            {
                scratch.Append('\'');
                at += 2;
            }
            else if (c != '\\' || quote == '\'')
            {
                return false;
            }
            else if (IsBreak(buffer[at + 1]))
            {
                at++;
                SkipBreak();
                firstBreak = '\0';
                furtherBreaks.Clear();
                return true;
            }
            else
            {
                ScanEscape(start);
            }
        }
    }

    private void ScanQuotedGap(bool broken)
    {
        int from = at;
        while (true)
        {
            if (IsBlank(Current))
            {
                at++;
            }
            else if (IsBreak(Current))
            {
                NoteBreak(ref broken);
            }
            else
            {
                break;
            }
        }

        if (broken)
        {
            AppendFold();
        }
        else
        {
            scratch.Append(buffer, from, at - from);
        }
    }

    private void ScanEscape(Mark start)
    {
        char c = buffer[at + 1];
        int digits = c switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits == 0)
        {
            scratch.Append(Unescape(c) ?? throw Fail(start, "found unknown escape character"));
            at += 2;
            return;
        }

        at += 2;
        uint value = 0;
        for (int i = 0; i < digits; i++)
        {
            if (!char.IsAsciiHexDigit(buffer[at + i]))
            {
                throw Fail(start, "did not find expected hexdecimal number");
            }

            value = (value << 4) + (uint)HexValue(buffer[at + i]);
        }

        if (!Rune.TryCreate(value, out Rune rune))
        {
            throw Fail(start, "found invalid Unicode character escape code");
        }

        Span<char> units = stackalloc char[2];
        scratch.Append(units[..rune.EncodeToUtf16(units)]);
        at += digits;
    }

    private static char? Unescape(char c) => c switch
    {
        '0' => '\0',
        'a' => '\a',
        'b' => '\b',
        't' or '\t' => '\t',
        'n' => '\n',
        'v' => '\v',
        'f' => '\f',
        'r' => '\r',
        'e' => '\u001B',
        ' ' or '"' or '\'' or '\\' => c,
        'N' => '\u0085',
        '_' => '\u00A0',
        'L' => '\u2028',
        'P' => '\u2029',
        _ => null,
    };
}
