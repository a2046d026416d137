namespace Bowline.Resources.Yaml;

internal enum YamlEventKind : byte
{
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Scalar,
    Alias,
    MapStart,
    MapEnd,
    ListStart,
    ListEnd,
}

/// <summary>One step of a document; line and column count from 1.</summary>
/// <param name="Kind">Which of the other members mean something.</param>
/// <param name="Line">Where the event starts.</param>
/// <param name="Column">Where the event starts.</param>
/// <param name="Anchor">The name an anchor gives to this node, or the one an alias refers to.</param>
/// <param name="Tag">The full tag, null when there is none (or only <c>!</c>).</param>
/// <param name="Value">A scalar's text.</param>
/// <param name="Implicit">A scalar without a tag and without quotes, whose text decides what it is.</param>
internal readonly record struct YamlEvent(
    YamlEventKind Kind,
    int Line,
    int Column,
    string? Anchor = null,
    string? Tag = null,
    string Value = "",
    bool Implicit = false);
