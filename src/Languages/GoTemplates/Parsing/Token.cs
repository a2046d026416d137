using System.Collections.Frozen;

namespace Bowline.Languages.GoTemplates.Parsing;

internal enum TokenKind
{
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelimiter,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelimiter,
    RightParen,
    Space,
    String,
    Text,
    Variable,

    // Keywords come after this one.
    Keyword,
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

/// <summary>A token: where it starts in the text and the line it starts on.</summary>
internal readonly record struct Token(TokenKind Kind, int Position, string Value, int Line)
{
    public static readonly FrozenDictionary<string, TokenKind> Keywords = new Dictionary<string, TokenKind>
    {
        ["."] = TokenKind.Dot,
        ["block"] = TokenKind.Block,
        ["break"] = TokenKind.Break,
        ["continue"] = TokenKind.Continue,
        ["define"] = TokenKind.Define,
        ["else"] = TokenKind.Else,
        ["end"] = TokenKind.End,
        ["if"] = TokenKind.If,
        ["range"] = TokenKind.Range,
        ["nil"] = TokenKind.Nil,
        ["template"] = TokenKind.Template,
        ["with"] = TokenKind.With,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The form in which Go's error messages show a token.</summary>
    public override string ToString() => this switch
    {
        { Kind: TokenKind.Eof } => "EOF",
        { Kind: TokenKind.Error } => Value,
        { Kind: > TokenKind.Keyword } => $"<{Value}>",
        _ when GoText.Utf8Length(Value) > 10 => GoText.Quote(GoText.FirstRunes(Value, 10)) + "...",
        _ => GoText.Quote(Value),
    };
}
