using System.Collections.Frozen;

namespace Bowline.Languages.GoTemplates.Parsing;

/// <summary>The functions that every Go template has.</summary>
internal static class BuiltinNames
{
    public static readonly FrozenSet<string> All = FrozenSet.ToFrozenSet(
        ["and", "call", "html", "index", "slice", "js", "len", "not", "or", "print", "printf", "println", "urlquery", "eq", "ge", "gt", "le", "lt", "ne"],
        StringComparer.Ordinal);
}
