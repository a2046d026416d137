using System.Buffers;
using System.Globalization;
using System.Text;
using Bowline.Resources.Json;

namespace Bowline.Resources.Yaml;

internal sealed partial class YamlEmitter
{
    /// <summary>A longer key is written behind a question mark.</summary>
    private const int LongestSimpleKey = 128;
    private const int LongestJsonKey = 1024;
    private static readonly JsonWriteOptions GoJson = new() { EscapeHtml = true };

    // JSON escapes the control characters below the space, but none of these.
    private static readonly SearchValues<char> Unreadable =
        SearchValues.Create([.. Enumerable.Range(0x7F, 0xA0 - 0x7F).Select(code => (char)code).Where(c => c != '\u0085'), '\uFFFE', '\uFFFF']);

    private enum Style
    {
        Plain,
        SingleQuoted,
        DoubleQuoted,
        Literal,
    }

    /// <summary>Numbers, booleans and null: never quoted, never broken.</summary>
    private void WriteBare(string text)
    {
        if (!whitespace)
        {
            Put((byte)' ');
        }

        PutAll(text);
        whitespace = false;
        indention = false;
    }

    private void WriteValue(string text)
    {
        if (ScalarAnalysis.IsHarmless(text) && !MeansSomethingElse(text))
        {
            WriteBare(text);
            return;
        }

        ScalarAnalysis analysis = Analyze(text);
        WriteStyled(text, Choose(text, analysis, inKey: false), mayBreak: true);
    }

    private bool TryWriteSimpleKey(string key)
    {
        RequireReadableKey(key);
        if (key.Length <= LongestSimpleKey && ScalarAnalysis.IsHarmless(key) && !MeansSomethingElse(key))
        {
            WriteBare(key);
            return true;
        }

        ScalarAnalysis analysis = Analyze(key);
        if (analysis.Multiline || Encoding.UTF8.GetByteCount(key) > LongestSimpleKey)
        {
            return false;
        }

        WriteStyled(key, Choose(key, analysis, inKey: true), mayBreak: false);
        return true;
    }

    private ScalarAnalysis Analyze(string text)
    {
        if (options.RefuseUnreadable && text.AsSpan().ContainsAny(Unreadable))
        {
            throw new YamlException("<output>", 0, 0, "control characters are not allowed");
        }

        return ScalarAnalysis.Of(text, options.Dialect == YamlDialect.Yaml12);
    }

    private void RequireReadableKey(string key)
    {
        // A character takes at most six in JSON.
        if (options.RefuseUnreadable && key.Length > LongestJsonKey / 6 && JsonWriter.ToText(key, GoJson).Length > LongestJsonKey)
        {
            throw new YamlException("<output>", 0, 0, "did not find expected ',' or '}'");
        }
    }

    private static Style Choose(string text, ScalarAnalysis analysis, bool inKey)
    {
        if (text.Contains('\n'))
        {
            return analysis.Block && !inKey ? Style.Literal : Style.DoubleQuoted;
        }

        if (MeansSomethingElse(text))
        {
            return Style.DoubleQuoted;
        }

        return analysis.Plain ? Style.Plain : analysis.SingleQuoted ? Style.SingleQuoted : Style.DoubleQuoted;
    }

    /// <summary>Whether a YAML 1.1 reader would take the plain text for a number, a boolean, null, a date or a base 60 number.</summary>
    private static bool MeansSomethingElse(string text) =>
        YamlScalars.Resolve(text, YamlDialect.Yaml11).Kind != ScalarKind.String || YamlScalars.IsBase60(text);

    private void WriteStyled(string text, Style style, bool mayBreak)
    {
        int saved = indent;
        indent = indent < 0 ? Step : indent + Step;
        switch (style)
        {
            case Style.Plain:
                WritePlain(text, mayBreak);
                break;
            case Style.SingleQuoted:
                WriteSingleQuoted(text, mayBreak);
                break;
            case Style.DoubleQuoted:
                WriteDoubleQuoted(text, mayBreak);
                break;
            default:
                WriteLiteral(text);
                break;
        }

        indent = saved;
    }

    /// <summary>Text that may be plain holds no line breaks; only its spaces need a look.</summary>
    private void WritePlain(string text, bool mayBreak)
    {
        if (!whitespace)
        {
            Put((byte)' ');
        }

        bool spaces = false;
        for (int i = 0; i < text.Length;)
        {
            if (text[i] != ' ')
            {
                i = PutUpTo(text, i, ' ');
                indention = false;
                spaces = false;
                continue;
            }

            if (mayBreak && !spaces && column > options.FoldColumn && !SpaceAt(text, i + 1))
            {
                WriteIndent();
            }
            else
            {
                Put((byte)' ');
            }

            i++;
            spaces = true;
        }

        whitespace = false;
        indention = false;
    }

    private void WriteSingleQuoted(string text, bool mayBreak)
    {
        WriteIndicator("'"u8, needSpace: true, keepsIndention: false);
        bool spaces = false;
        bool breaks = false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == ' ')
            {
                bool fold = mayBreak && !spaces && column > options.FoldColumn && i > 0 && i < text.Length - 1 && !SpaceAt(text, i + 1);
                WriteSpace(fold);
                spaces = true;
            }
            else if (ScalarAnalysis.IsBreak(c))
            {
                PutAll(text.AsSpan(i, 1));
                column = 0;
                indention = true;
                breaks = true;
            }
            else
            {
                if (breaks)
                {
                    WriteIndent();
                }

                PutAll(c == '\'' ? "''" : text.AsSpan(i, 1));
                indention = false;
                spaces = false;
                breaks = false;
            }
        }

        WriteIndicator("'"u8, needSpace: false, keepsIndention: false);
    }

    private void WriteDoubleQuoted(string text, bool mayBreak)
    {
        WriteIndicator("\""u8, needSpace: true, keepsIndention: false);
        // go-yaml looks for a byte order mark at the text's start, whichever character it asks about.
        bool escapesAll = text.StartsWith('\uFEFF');
        bool spaces = false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == ' ' && !escapesAll)
            {
                bool fold = mayBreak && !spaces && column > options.FoldColumn && i > 0 && i < text.Length - 1;
                WriteSpace(fold);
                if (fold && SpaceAt(text, i + 1))
                {
                    Put((byte)'\\');
                }

                spaces = true;
                continue;
            }

            spaces = false;
            if (escapesAll || c is '"' or '\\' || !ScalarAnalysis.IsPrintable(c) || ScalarAnalysis.IsBreak(c))
            {
                i += WriteEscape(text, i);
            }
            else
            {
                PutAll(text.AsSpan(i, 1));
            }
        }

        WriteIndicator("\""u8, needSpace: false, keepsIndention: false);
    }

    private void WriteSpace(bool fold)
    {
        if (fold)
        {
            WriteIndent();
        }
        else
        {
            Put((byte)' ');
        }
    }

    /// <summary>Returns how many further UTF-16 units the escape stands for.</summary>
    private int WriteEscape(string text, int at)
    {
        bool paired = Rune.TryGetRuneAt(text, at, out Rune rune);
        int value = paired ? rune.Value : 0xFFFD;
        Put((byte)'\\');
        string escape = value switch
        {
            0x00 => "0",
            0x07 => "a",
            0x08 => "b",
            0x09 => "t",
            0x0A => "n",
            0x0B => "v",
            0x0C => "f",
            0x0D => "r",
            0x1B => "e",
            '"' => "\"",
            '\\' => "\\",
            0x85 => "N",
            0xA0 => "_",
            0x2028 => "L",
            0x2029 => "P",
            <= 0xFF => string.Create(CultureInfo.InvariantCulture, $"x{value:X2}"),
            <= 0xFFFF => string.Create(CultureInfo.InvariantCulture, $"u{value:X4}"),
            _ => string.Create(CultureInfo.InvariantCulture, $"U{value:X8}"),
        };
        PutAll(escape);
        return paired ? rune.Utf16SequenceLength - 1 : 0;
    }

    private void WriteLiteral(string text)
    {
        WriteLiteralHeader(text);
        indention = true;
        whitespace = true;
        bool breaks = true;
        for (int i = 0; i < text.Length;)
        {
            if (ScalarAnalysis.IsBreak(text[i]))
            {
                PutAll(text.AsSpan(i++, 1));
                column = 0;
                indention = true;
                breaks = true;
                continue;
            }

            if (breaks)
            {
                WriteIndent();
            }

            int end = i;
            while (end < text.Length && !ScalarAnalysis.IsBreak(text[end]))
            {
                end++;
            }

            PutAll(text.AsSpan(i, end - i));
            i = end;
            indention = false;
            breaks = false;
        }
    }

    /// <summary>The first line names the indentation where the text starts with white space, and what becomes of its last line ends.</summary>
    private void WriteLiteralHeader(string text)
    {
        WriteIndicator("|"u8, needSpace: true, keepsIndention: false);
        if (text[0] == ' ' || ScalarAnalysis.IsBreak(text[0]))
        {
            Put((byte)('0' + Step));
        }

        if (!ScalarAnalysis.IsBreak(text[^1]))
        {
            Put((byte)'-');
        }
        else if (text.Length == 1 || ScalarAnalysis.IsBreak(text[^2]))
        {
            Put((byte)'+');
        }

        PutBreak();
    }

    private int PutUpTo(string text, int from, char stop)
    {
        int found = text.AsSpan(from).IndexOf(stop);
        int end = found < 0 ? text.Length : from + found;
        PutAll(text.AsSpan(from, end - from));
        return end;
    }

    /// <summary>Copies text; a column is one character, however many bytes it takes.</summary>
    private void PutAll(ReadOnlySpan<char> text)
    {
        int written = Encoding.UTF8.GetBytes(text, Reserve(text.Length * 3));
        length += written;
        column += text.Length;
    }

    private static bool SpaceAt(string text, int at) => at < text.Length && text[at] == ' ';
}
