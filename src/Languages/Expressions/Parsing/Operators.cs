using System.Collections.Frozen;

namespace Bowline.Languages.Expressions.Parsing;

/// <summary>How strongly each operator binds (expr's parser/operator).</summary>
internal static class Operators
{
    public static readonly FrozenDictionary<string, int> Unary = new Dictionary<string, int> { ["not"] = 50, ["!"] = 50, ["-"] = 90, ["+"] = 90 }.ToFrozenDictionary();

    public static readonly FrozenDictionary<string, int> Binary = new Dictionary<string, int>
    {
        ["|"] = 0,
        ["or"] = 10,
        ["||"] = 10,
        ["and"] = 15,
        ["&&"] = 15,
        ["=="] = 20,
        ["!="] = 20,
        ["<"] = 20,
        [">"] = 20,
        [">="] = 20,
        ["<="] = 20,
        ["in"] = 20,
        ["matches"] = 20,
        ["contains"] = 20,
        ["startsWith"] = 20,
        ["endsWith"] = 20,
        [".."] = 25,
        ["+"] = 30,
        ["-"] = 30,
        ["*"] = 60,
        ["/"] = 60,
        ["%"] = 60,
        ["**"] = 100,
        ["^"] = 100,
        ["??"] = 500,
    }.ToFrozenDictionary();

    /// <summary>Those that <c>not</c> may stand before.</summary>
    public static bool IsNegatable(string name) => name is "contains" or "matches" or "startsWith" or "endsWith" or "in";

    /// <summary>Those that chain: <c>1 &lt; x &lt; 3</c>.</summary>
    public static bool IsComparison(string name) => name is "<" or ">" or "<=" or ">=";

    public static bool IsRightAssociative(string name) => name is "**" or "^";
}
