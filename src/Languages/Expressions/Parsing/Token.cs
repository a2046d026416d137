using Bowline.Languages.GoTemplates.Parsing;

namespace Bowline.Languages.Expressions.Parsing;

internal enum TokenKind
{
    Identifier,
    Number,
    String,
    Operator,
    Bracket,
    EOF,
}

/// <param name="At">Where it begins, in UTF-16 units.</param>
internal readonly record struct Token(TokenKind Kind, string Value, int At)
{
    public bool Is(TokenKind kind, string value) => Kind == kind && Value == value;

    public override string ToString() => Value.Length == 0 ? Kind.ToString() : $"{Kind}({GoText.Quote(Value)})";
}
