using System.Collections.Frozen;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>Names that \p{…} takes: general categories, which .NET knows by the same names, and the scripts most met, by their main blocks.</summary>
internal static class Re2Scripts
{
    private static readonly FrozenSet<string> Categories = FrozenSet.ToFrozenSet(
        [
            "C", "Cc", "Cf", "Co", "Cs", "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N", "Nd", "Nl", "No",
            "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z", "Zl", "Zp", "Zs",
        ],
        StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, string> Scripts = new Dictionary<string, string>
    {
        ["Any"] = @"\s\S",
        ["Latin"] = @"A-Za-z\u00AA\u00BA\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02B8\u1E00-\u1EFF\u2C60-\u2C7F\uA722-\uA787\uFF21-\uFF3A\uFF41-\uFF5A",
        ["Greek"] = @"\u0370-\u0373\u0375-\u0377\u037A-\u037D\u037F\u0384\u0386\u0388-\u03E1\u03F0-\u03FF\u1F00-\u1FFE",
        ["Cyrillic"] = @"\u0400-\u0484\u0487-\u052F\u1C80-\u1C88\u2DE0-\u2DFF\uA640-\uA69F",
        ["Han"] = @"\u2E80-\u2FD5\u3005\u3007\u3021-\u3029\u3038-\u303B\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAD9",
        ["Hiragana"] = @"\u3041-\u3096\u309D-\u309F",
        ["Katakana"] = @"\u30A1-\u30FA\u30FD-\u30FF\u31F0-\u31FF\uFF66-\uFF6F\uFF71-\uFF9D",
        ["Hangul"] = @"\u1100-\u11FF\u3131-\u318E\uA960-\uA97C\uAC00-\uD7A3\uD7B0-\uD7FB",
        ["Arabic"] = @"\u0600-\u0604\u0606-\u060B\u060D-\u061A\u061C-\u061E\u0620-\u063F\u0641-\u064A\u0656-\u066F\u0671-\u06FF\u0750-\u077F",
        ["Hebrew"] = @"\u0591-\u05F4\uFB1D-\uFB4F",
        ["Thai"] = @"\u0E01-\u0E3A\u0E40-\u0E5B",
        ["Devanagari"] = @"\u0900-\u0950\u0955-\u0963\u0966-\u097F",
        ["Armenian"] = @"\u0531-\u0556\u0559-\u058A\u058D-\u058F",
        ["Georgian"] = @"\u10A0-\u10FF\u1C90-\u1CBF\u2D00-\u2D2D",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>What stands for the name inside a .NET class; null for an unknown name.</summary>
    public static string? Find(string name) => Categories.Contains(name) ? $@"\p{{{name}}}" : Scripts.GetValueOrDefault(name);
}
