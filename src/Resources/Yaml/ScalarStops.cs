using System.Buffers;

namespace Bowline.Resources.Yaml;

/// <summary>
/// The characters that end a run of a scalar, or may end it. Searching for ASCII alone is several times quicker, and hardly any text
/// has line breaks beyond it.
/// </summary>
internal sealed class ScalarStops
{
    public static readonly ScalarStops Ascii = new(string.Empty);
    public static readonly ScalarStops WithUnicodeBreaks = new("\u0085\u2028\u2029");

    private ScalarStops(string unicodeBreaks)
    {
        string breaks = "\r\n\0" + unicodeBreaks;
        Block = SearchValues.Create(": \t" + breaks);
        Flow = SearchValues.Create(":,?[]{} \t" + breaks);
        SingleQuoted = SearchValues.Create("' \t" + breaks);
        DoubleQuoted = SearchValues.Create("\"\\ \t" + breaks);
        QuotedLine = SearchValues.Create("'\"\\" + breaks);
        Line = SearchValues.Create(breaks);
    }

    public SearchValues<char> Block { get; }

    public SearchValues<char> Flow { get; }

    public SearchValues<char> SingleQuoted { get; }

    public SearchValues<char> DoubleQuoted { get; }

    /// <summary>What a quoted scalar that ends on its first line cannot have inside, and its end.</summary>
    public SearchValues<char> QuotedLine { get; }

    public SearchValues<char> Line { get; }
}
