using System.Globalization;
using System.Text;
using Bowline.Languages.GoTemplates.Parsing;

namespace Bowline.Languages.Expressions.Parsing;

/// <summary>Cuts a text into tokens as expr's parser/lexer does.</summary>
internal sealed class Lexer(string text)
{
    private readonly List<Token> tokens = [];
    private int at;

    public static List<Token> Read(string text) => new Lexer(text).Read();

    private char Current => Ahead(0);

    private List<Token> Read()
    {
        while (at < text.Length)
        {
            int start = at;
            char c = text[at];
            if (char.IsWhiteSpace(c))
            {
                at++;
            }
            else if (c is '\'' or '"')
            {
                Add(TokenKind.String, start, Quoted(c));
            }
            else if (c == '`')
            {
                Add(TokenKind.String, start, Raw());
            }
            else if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Ahead(1))))
            {
                Number();
                Add(TokenKind.Number, start, text[start..at]);
            }
            else if (IsName(c))
            {
                Word(start);
            }
            else if (!Comment())
            {
                Symbol(start, c);
            }
        }

        Add(TokenKind.EOF, text.Length, string.Empty);
        return tokens;
    }

    private void Add(TokenKind kind, int start, string value) => tokens.Add(new Token(kind, value, start));

    private char Ahead(int offset) => at + offset < text.Length ? text[at + offset] : '\0';

    private static bool IsName(char c) => c is '_' or '$' || char.IsLetterOrDigit(c) || char.IsSurrogate(c);

    private void Word(int start)
    {
        while (IsName(Current))
        {
            at++;
        }

        string word = text[start..at];
        TokenKind kind = word is "not" or "in" or "or" or "and" or "matches" or "contains" or "startsWith" or "endsWith" or "let" or "if" or "else"
            ? TokenKind.Operator : TokenKind.Identifier;
        Add(kind, start, word);
    }

    private bool Comment()
    {
        if (Current != '/' || Ahead(1) is not ('/' or '*'))
        {
            return false;
        }

        bool line = Ahead(1) == '/';
        int end = line ? text.IndexOf('\n', at) : text.IndexOf("*/", at + 2, StringComparison.Ordinal);
        if (end < 0 && !line)
        {
            throw new Failure("unclosed comment", at);
        }

        at = end < 0 ? text.Length : line ? end : end + 2;
        return true;
    }

    private void Symbol(int start, char c)
    {
        at++;
        string accepted = c switch
        {
            '?' => ".?",
            '.' => ".",
            '|' => "|",
            ':' => ":",
            '&' or '!' or '=' or '*' or '<' or '>' => "&=*",
            ',' or ';' or '%' or '+' or '-' or '^' or '/' or '#' or '(' or '[' or '{' or ')' or ']' or '}' => string.Empty,
            _ => throw new Failure($"unrecognized character: U+{(int)c:X4} '{c}'", start),
        };
        if (Current != '\0' && accepted.Contains(Current, StringComparison.Ordinal))
        {
            at++;
        }

        Add("([{)]}".Contains(c, StringComparison.Ordinal) ? TokenKind.Bracket : TokenKind.Operator, start, text[start..at]);
    }

    private void Number()
    {
        int start = at;
        string digits = "0123456789_";
        if (Current == '0' && char.ToLowerInvariant(Ahead(1)) is var radix && radix is 'x' or 'o' or 'b')
        {
            at += 2;
            digits = radix == 'x' ? "0123456789abcdefABCDEF_" : radix == 'o' ? "01234567_" : "01_";
        }

        Run(digits);
        if (Current == '.' && Ahead(1) != '.')
        {
            at++;
            Run(digits);
        }

        if (Current is 'e' or 'E')
        {
            at++;
            if (Current is '+' or '-')
            {
                at++;
            }

            Run(digits);
        }

        if (IsName(Current))
        {
            at++;
            throw new Failure($"bad number syntax: {GoText.Quote(text[start..at])}", start);
        }
    }

    private void Run(string digits)
    {
        while (Current != '\0' && digits.Contains(Current, StringComparison.Ordinal))
        {
            at++;
        }
    }

    private string Raw()
    {
        int end = text.IndexOf('`', at + 1);
        if (end < 0)
        {
            throw new Failure("literal not terminated", at);
        }

        string raw = text[(at + 1)..end];
        at = end + 1;
        return raw;
    }

    private string Quoted(char quote)
    {
        int start = at++;
        StringBuilder value = new();
        while (Current != quote)
        {
            if (at >= text.Length || Current == '\n')
            {
                throw new Failure("literal not terminated", start);
            }

            if (Current == '\\')
            {
                at++;
                Escape(value, start);
            }
            else
            {
                value.Append(text[at++]);
            }
        }

        at++;
        return value.ToString();
    }

    private void Escape(StringBuilder value, int start)
    {
        char c = Current;
        at++;
        int digits = c switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits > 0)
        {
            if (at + digits > text.Length || !uint.TryParse(text.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code) || !Rune.IsValid(code))
            {
                throw new Failure("unable to unescape string", start);
            }

            at += digits;
            value.Append(new Rune(code));
            return;
        }

        value.Append(c switch
        {
            'a' => '\a',
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\v',
            '\\' or '\'' or '"' or '`' or '?' => c,
            _ => throw new Failure("unable to unescape string", start),
        });
    }
}
