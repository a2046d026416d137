using System.Text;

namespace Bowline.Languages.Cel.Parsing;

/// <summary>Splits an expression into tokens.</summary>
internal sealed class CelLexer(CelSource source)
{
    private static readonly string[] Symbols = ["==", "!=", "<=", ">=", "&&", "||", "[", "]", "{", "}", "(", ")", ".", ",", "-", "!", "?", ":", "+", "*", "/", "%", "<", ">"];
    private readonly Rune[] runes = source.Runes;
    private readonly List<CelToken> tokens = [];
    private int at;

    public List<CelToken> Read()
    {
        while (true)
        {
            SkipSpace();
            if (at >= runes.Length)
            {
                tokens.Add(new CelToken(CelTokenKind.End, "<EOF>", runes.Length));
                return tokens;
            }

            Next();
        }
    }

    private int Peek(int ahead = 0) => at + ahead < runes.Length ? runes[at + ahead].Value : -1;

    private void SkipSpace()
    {
        while (Peek() is ' ' or '\t' or '\r' or '\n' or '\f')
        {
            at++;
        }

        if (Peek() == '/' && Peek(1) == '/')
        {
            while (Peek() is not (-1 or '\n'))
            {
                at++;
            }

            SkipSpace();
        }
    }

    private void Next()
    {
        int start = at;
        int c = Peek();
        if (StringPrefix() is var prefix and >= 0)
        {
            ReadString(prefix);
        }
        else if (c == '_' || IsLetter(c))
        {
            while (Peek() == '_' || IsLetter(Peek()) || IsDigit(Peek()))
            {
                at++;
            }

            string word = TextFrom(start);
            tokens.Add(new CelToken(word is "in" or "true" or "false" or "null" ? CelTokenKind.Symbol : CelTokenKind.Identifier, word, start));
        }
        else if (IsDigit(c) || (c == '.' && IsDigit(Peek(1))))
        {
            ReadNumber();
        }
        else if (c == '`')
        {
            ReadQuotedName();
        }
        else if (Symbols.FirstOrDefault(symbol => symbol[0] == c && (symbol.Length == 1 || symbol[1] == Peek(1))) is { } found)
        {
            at += found.Length;
            tokens.Add(new CelToken(CelTokenKind.Symbol, found, start));
        }
        else
        {
            source.Report(start, $"Syntax error: token recognition error at: '{runes[at]}'");
            at++;
        }
    }

    private void ReadNumber()
    {
        int start = at;
        CelTokenKind kind = CelTokenKind.Int;
        if (Peek() == '0' && Peek(1) is 'x' && IsHex(Peek(2)))
        {
            at += 2;
            while (IsHex(Peek()))
            {
                at++;
            }
        }
        else
        {
            SkipDigits();
            if (Peek() == '.' && IsDigit(Peek(1)))
            {
                kind = CelTokenKind.Double;
                at++;
                SkipDigits();
            }

            int sign = Peek(1) is '+' or '-' ? 2 : 1;
            if (Peek() is 'e' or 'E' && IsDigit(Peek(sign)))
            {
                kind = CelTokenKind.Double;
                at += sign;
                SkipDigits();
            }
        }

        if (kind == CelTokenKind.Int && Peek() is 'u' or 'U')
        {
            at++;
            kind = CelTokenKind.Uint;
        }

        tokens.Add(new CelToken(kind, TextFrom(start), start));
    }

    private void SkipDigits()
    {
        while (IsDigit(Peek()))
        {
            at++;
        }
    }

    private void ReadQuotedName()
    {
        int start = at++;
        while (Peek() is '_' or '.' or '-' or '/' or ' ' || IsLetter(Peek()) || IsDigit(Peek()))
        {
            at++;
        }

        if (Peek() != '`' || at == start + 1)
        {
            source.Report(start, "Syntax error: token recognition error at: '`'");
            at = Math.Max(at, start + 1);
            return;
        }

        at++;
        tokens.Add(new CelToken(CelTokenKind.Quoted, TextFrom(start)[1..^1], start));
    }

    /// <summary>How many of the characters r, b before a quote belong to a string; -1 where no string begins.</summary>
    private int StringPrefix()
    {
        int length = 0;
        while (length < 2 && Peek(length) is 'r' or 'R' or 'b' or 'B')
        {
            length++;
        }

        bool twice = length == 2 && char.ToLowerInvariant((char)Peek()) == char.ToLowerInvariant((char)Peek(1));
        return Peek(length) is '"' or '\'' && !twice ? length : -1;
    }

    private void ReadString(int prefix)
    {
        int start = at;
        bool raw = false;
        bool bytes = false;
        for (int i = 0; i < prefix; i++, at++)
        {
            raw |= Peek() is 'r' or 'R';
            bytes |= Peek() is 'b' or 'B';
        }

        int quote = Peek();
        bool triple = Peek(1) == quote && Peek(2) == quote;
        at += triple ? 3 : 1;
        int content = at;
        while (!AtEndOfString(quote, triple))
        {
            if (Peek() == -1 || (!triple && Peek() is '\n' or '\r'))
            {
                source.Report(start, $"Syntax error: token recognition error at: '{TextFrom(start)}'");
                return;
            }

            at += Peek() == '\\' && !raw && Peek(1) != -1 ? 2 : 1;
        }

        string text = string.Concat(runes[content..at]);
        at += triple ? 3 : 1;
        string? value = raw ? text : CelEscapes.Decode(text, bytes, out string error) ?? Fail(start, error);
        if (raw && bytes)
        {
            value = CelEscapes.BytesAsText(text);
        }

        tokens.Add(new CelToken(bytes ? CelTokenKind.Bytes : CelTokenKind.String, value ?? string.Empty, start));
    }

    private string? Fail(int offset, string error)
    {
        source.Report(offset, error);
        return null;
    }

    private bool AtEndOfString(int quote, bool triple) => Peek() == quote && (!triple || (Peek(1) == quote && Peek(2) == quote));

    private string TextFrom(int start) => string.Concat(runes[start..at]);

    private static bool IsLetter(int c) => c is >= 'a' and <= 'z' or >= 'A' and <= 'Z';

    private static bool IsDigit(int c) => c is >= '0' and <= '9';

    private static bool IsHex(int c) => IsDigit(c) || c is >= 'a' and <= 'f' or >= 'A' and <= 'F';
}
