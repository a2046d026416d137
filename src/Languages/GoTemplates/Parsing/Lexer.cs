using System.Buffers;
using System.Text;

namespace Bowline.Languages.GoTemplates.Parsing;

/// <summary>Cuts a template into tokens, one at a time; after an error it gives end of file for ever.</summary>
internal sealed partial class Lexer(string input, string left, string right)
{
    private const int TrimMarkerLength = 2;
    private const int Eof = -1;
    private static readonly SearchValues<char> Spaces = SearchValues.Create(" \t\r\n");

    private readonly string input = input;
    private int position;
    private int start;
    private int line = 1;
    private int startLine = 1;
    private int parenDepth;
    private bool insideAction;
    private bool failed;

    public Token Next()
    {
        if (failed)
        {
            return new Token(TokenKind.Eof, 0, "EOF", startLine);
        }

        return insideAction ? LexInsideAction() : LexText();
    }

    private Token LexText()
    {
        while (true)
        {
            int offset = input.AsSpan(position).IndexOf(left, StringComparison.Ordinal);
            if (offset < 0)
            {
                position = input.Length;
                return position > start ? Emit(TokenKind.Text) : new Token(TokenKind.Eof, position, "EOF", startLine);
            }

            position += offset;
            if (offset > 0)
            {
                int delimiterEnd = position + left.Length;
                int trim = HasLeftTrimMarker(delimiterEnd) ? RightTrimLength() : 0;
                position -= trim;
                Token text = Emit(TokenKind.Text);
                position += trim;
                Ignore();
                if (text.Value.Length > 0)
                {
                    return text;
                }
            }

            position += left.Length;
            int marker = HasLeftTrimMarker(position) ? TrimMarkerLength : 0;
            if (!Follows("/*", position + marker))
            {
                return LeftDelimiter(marker);
            }

            if (SkipComment(marker) is { } error)
            {
                return error;
            }
        }
    }

    private Token LeftDelimiter(int marker)
    {
        Token delimiter = Emit(TokenKind.LeftDelimiter);
        insideAction = true;
        position += marker;
        Ignore();
        parenDepth = 0;
        return delimiter;
    }

    private Token? SkipComment(int marker)
    {
        position += marker;
        Ignore();
        position += 2;
        int end = input.IndexOf("*/", position, StringComparison.Ordinal);
        if (end < 0)
        {
            return Error("unclosed comment");
        }

        position = end + 2;
        if (!AtRightDelimiter(out bool trim))
        {
            return Error("comment ends before closing delimiter");
        }

        position += right.Length + (trim ? TrimMarkerLength : 0);
        if (trim)
        {
            SkipSpaces();
        }

        Ignore();
        return null;
    }

    private Token LexRightDelimiter()
    {
        AtRightDelimiter(out bool trim);
        if (trim)
        {
            position += TrimMarkerLength;
            Ignore();
        }

        position += right.Length;
        Token delimiter = Emit(TokenKind.RightDelimiter);
        if (trim)
        {
            SkipSpaces();
            Ignore();
        }

        insideAction = false;
        return delimiter;
    }

    private Token LexInsideAction()
    {
        if (AtRightDelimiter(out _))
        {
            return parenDepth == 0 ? LexRightDelimiter() : Error("unclosed left paren");
        }

        int rune = Read();
        switch (rune)
        {
            case Eof:
                return Error("unclosed action");
            case ' ' or '\t' or '\r' or '\n':
                position--;
                return LexSpace();
            case '=':
                return Emit(TokenKind.Assign);
            case ':':
                return Read() == '=' ? Emit(TokenKind.Declare) : Error("expected :=");
            case '|':
                return Emit(TokenKind.Pipe);
            case '"':
                return LexQuoted('"', TokenKind.String, "unterminated quoted string");
            case '\'':
                return LexQuoted('\'', TokenKind.CharConstant, "unterminated character constant");
            case '`':
                return LexRawString();
            case '$':
                return LexFieldOrVariable(TokenKind.Variable);
            case '(':
                parenDepth++;
                return Emit(TokenKind.LeftParen);
            case ')':
                return --parenDepth < 0 ? Error("unexpected right paren") : Emit(TokenKind.RightParen);
            case '.' when position < input.Length && !char.IsAsciiDigit(input[position]):
                return LexFieldOrVariable(TokenKind.Field);
            default:
                return LexWord(rune);
        }
    }

    private Token LexWord(int rune)
    {
        if (rune is '.' or '+' or '-' or (>= '0' and <= '9'))
        {
            position--;
            return LexNumber();
        }

        if (IsAlphaNumeric(rune))
        {
            return LexIdentifier();
        }

        return rune is > ' ' and < 0x7F
            ? Emit(TokenKind.Char)
            : Error("unrecognized character in action: " + GoText.Unicode(new Rune(rune)));
    }

    private Token LexSpace()
    {
        int spaces = 0;
        while (position < input.Length && Spaces.Contains(input[position]))
        {
            position++;
            spaces++;
        }

        // A trim-marked closing delimiter has a minus after a space: leave it that space.
        if (HasRightTrimMarker(position - 1) && Follows(right, position - 1 + TrimMarkerLength))
        {
            position--;
            if (spaces == 1)
            {
                return LexRightDelimiter();
            }
        }

        return Emit(TokenKind.Space);
    }

    private Token LexIdentifier()
    {
        int rune = ReadAlphaNumerics();
        if (!AtTerminator())
        {
            return BadCharacter(rune);
        }

        ReadOnlySpan<char> word = input.AsSpan(start, position - start);
        if (Token.Keywords.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(word, out TokenKind keyword))
        {
            return Emit(keyword);
        }

        return Emit(word is "true" or "false" ? TokenKind.Bool : TokenKind.Identifier);
    }

    private Token LexFieldOrVariable(TokenKind kind)
    {
        if (AtTerminator())
        {
            return Emit(kind == TokenKind.Variable ? kind : TokenKind.Dot);
        }

        int rune = ReadAlphaNumerics();
        return AtTerminator() ? Emit(kind) : BadCharacter(rune);
    }

    private Token LexQuoted(char quote, TokenKind kind, string unterminated)
    {
        while (true)
        {
            int rune = Read();
            if (rune == '\\')
            {
                rune = Read();
                if (rune is not Eof and not '\n')
                {
                    continue;
                }
            }

            if (rune is Eof or '\n')
            {
                return Error(unterminated);
            }

            if (rune == quote)
            {
                return Emit(kind);
            }
        }
    }

    private Token LexRawString()
    {
        int end = input.IndexOf('`', position);
        if (end < 0)
        {
            return Error("unterminated raw quoted string");
        }

        position = end + 1;
        return Emit(TokenKind.RawString);
    }

    private Token LexNumber()
    {
        if (!ScanNumber())
        {
            return BadNumber();
        }

        if (position < input.Length && input[position] is '+' or '-' && position < input.Length)
        {
            // Complex: 1+2i. No spaces, must end in 'i'.
            return ScanNumber() && input[position - 1] == 'i' ? Emit(TokenKind.Complex) : BadNumber();
        }

        return Emit(TokenKind.Number);
    }

    private bool ScanNumber()
    {
        Accept("+-");
        string digits = "0123456789_";
        if (Accept("0"))
        {
            digits = Accept("xX") ? "0123456789abcdefABCDEF_" : Accept("oO") ? "01234567_" : Accept("bB") ? "01_" : digits;
        }

        AcceptRun(digits);
        if (Accept("."))
        {
            AcceptRun(digits);
        }

        if ((digits.Length == 11 && Accept("eE")) || (digits.Length == 23 && Accept("pP")))
        {
            Accept("+-");
            AcceptRun("0123456789_");
        }

        Accept("i");
        if (IsAlphaNumeric(Peek()))
        {
            Read();
            return false;
        }

        return true;
    }

    private Token BadNumber() => Error("bad number syntax: " + GoText.Quote(input[start..position]));

    private Token BadCharacter(int rune) =>
        Error("bad character " + (rune == Eof ? "U+FFFFFFFFFFFFFFFF" : GoText.Unicode(new Rune(rune))));

    private Token Emit(TokenKind kind)
    {
        Token token = new(kind, start, input[start..position], startLine);
        Ignore();
        return token;
    }

    private void Ignore()
    {
        line += input.AsSpan(start, position - start).Count('\n');
        start = position;
        startLine = line;
    }

    private Token Error(string message)
    {
        failed = true;
        return new Token(TokenKind.Error, start, message, startLine);
    }
}
