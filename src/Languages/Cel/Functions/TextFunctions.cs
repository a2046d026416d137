using Bowline.Languages.Cel.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Functions;

/// <summary>The standard library's functions on texts, and size().</summary>
internal static class TextFunctions
{
    public static CelLibrary All()
    {
        CelLibrary library = new();
        library.Add("string contains(string): bool", (_, a) => BoolNode.Of(a.Text(0).Contains(a.Text(1), StringComparison.Ordinal)));
        library.Add("string startsWith(string): bool", (_, a) => BoolNode.Of(a.Text(0).StartsWith(a.Text(1), StringComparison.Ordinal)));
        library.Add("string endsWith(string): bool", (_, a) => BoolNode.Of(a.Text(0).EndsWith(a.Text(1), StringComparison.Ordinal)));
        foreach (string form in new[] { "matches(string, string)", "string matches(string)" })
        {
            library.Add($"{form}: bool", (_, a) => RegexFunctions.Matched(a.Text(1), regex => BoolNode.Of(regex.IsMatch(a.Text(0)))));
        }

        foreach (string type in new[] { "string", "bytes", "list<A>", "map<A, B>" })
        {
            library.Add($"size({type}): int", (_, a) => IntegerNode.Of(CelValues.SizeOf(a[0])));
            library.Add($"{type} size(): int", (_, a) => IntegerNode.Of(CelValues.SizeOf(a[0])));
        }

        return library;
    }
}
