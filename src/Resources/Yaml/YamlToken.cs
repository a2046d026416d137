namespace Bowline.Resources.Yaml;

internal enum TokenKind : byte
{
    StreamEnd,
    VersionDirective,
    TagDirective,
    DocumentStart,
    DocumentEnd,
    BlockListStart,
    BlockMapStart,
    BlockEnd,
    FlowListStart,
    FlowListEnd,
    FlowMapStart,
    FlowMapEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias,
    Anchor,
    Tag,
    Scalar,
}

/// <summary>A place in the text; everything counts from 0.</summary>
internal readonly record struct Mark(int Index, int Line, int Column);

/// <summary>A piece of the text that means something by itself.</summary>
internal struct YamlToken
{
    public TokenKind Kind;

    /// <summary>A scalar without quotes, the only one whose text may be more than text.</summary>
    public bool Plain;

    /// <summary>A block scalar whose lines are joined.</summary>
    public bool Folded;

    /// <summary>The flow level at which this token may yet turn out to be a key; -1 when it cannot.</summary>
    public int KeyLevel;

    public Mark Start;

    /// <summary>A scalar's text, an anchor's name, a tag's or directive's handle.</summary>
    public string? Text;

    /// <summary>A tag's suffix, a tag directive's prefix.</summary>
    public string? Suffix;
}
