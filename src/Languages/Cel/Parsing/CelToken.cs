namespace Bowline.Languages.Cel.Parsing;

internal enum CelTokenKind
{
    End,
    Identifier,
    Int,
    Uint,
    Double,
    String,
    Bytes,

    /// <summary>An operator, bracket or one of the words <c>in true false null</c>.</summary>
    Symbol,

    /// <summary><c>`a-b`</c>: a member name that is no identifier.</summary>
    Quoted,
}

/// <summary>A token with the text that was written, and where it begins in code points from 0.</summary>
internal readonly record struct CelToken(CelTokenKind Kind, string Text, int Offset)
{
    public bool Is(string symbol) => Kind == CelTokenKind.Symbol && Text == symbol;
}
