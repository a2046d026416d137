using System.Globalization;
using System.Text;

namespace Bowline.Languages.GoTemplates.Parsing;

internal sealed partial class Lexer
{
    private bool Accept(string valid)
    {
        if (position < input.Length && valid.Contains(input[position], StringComparison.Ordinal))
        {
            position++;
            return true;
        }

        return false;
    }

    private void AcceptRun(string valid)
    {
        while (Accept(valid))
        {
        }
    }

    /// <summary>Absorbs letters and digits; the rune after them.</summary>
    private int ReadAlphaNumerics()
    {
        while (true)
        {
            int before = position;
            int rune = Read();
            if (!IsAlphaNumeric(rune))
            {
                position = before;
                return rune;
            }
        }
    }

    private bool AtTerminator() =>
        position >= input.Length
        || input[position] is ' ' or '\t' or '\r' or '\n' or '.' or ',' or '|' or ':' or ')' or '('
        || Follows(right, position);

    private bool AtRightDelimiter(out bool trim)
    {
        trim = HasRightTrimMarker(position) && Follows(right, position + TrimMarkerLength);
        return trim || Follows(right, position);
    }

    private bool Follows(string text, int at) => at <= input.Length && input.AsSpan(at).StartsWith(text, StringComparison.Ordinal);

    private bool HasLeftTrimMarker(int at) => at + 1 < input.Length && input[at] == '-' && Spaces.Contains(input[at + 1]);

    private bool HasRightTrimMarker(int at) => at + 1 < input.Length && Spaces.Contains(input[at]) && input[at + 1] == '-';

    private int RightTrimLength()
    {
        ReadOnlySpan<char> text = input.AsSpan(start, position - start);
        return text.Length - text.TrimEnd(" \t\r\n").Length;
    }

    private void SkipSpaces()
    {
        int next = input.AsSpan(position).IndexOfAnyExcept(Spaces);
        position = next < 0 ? input.Length : position + next;
    }

    private int Peek()
    {
        int before = position;
        int rune = Read();
        position = before;
        return rune;
    }

    private int Read()
    {
        if (position >= input.Length)
        {
            return Eof;
        }

        Rune.DecodeFromUtf16(input.AsSpan(position), out Rune rune, out int used);
        position += used;
        return rune.Value;
    }

    private static bool IsAlphaNumeric(int rune) => rune == '_' || (rune >= 0 && Rune.IsValid(rune) && IsLetterOrDigit(new Rune(rune)));

    private static bool IsLetterOrDigit(Rune rune) =>
        Rune.IsLetter(rune) || Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber;
}
