using Bowline.Languages.Cel.Types;
using Bowline.Languages.Cel.Values;
using Bowline.Languages.GoTemplates.Sprig;
using Bowline.Resources.Model;
using static Bowline.Languages.Cel.Functions.Arguments;

namespace Bowline.Languages.Cel.Functions;

internal sealed class CelSemver(SemanticVersion value) : CelLibraryValue
{
    public static readonly CelType SemverType = CelType.Opaque("kubernetes.Semver");

    public SemanticVersion Value => value;

    public override CelType Type => SemverType;

    public override bool IsSame(CelLibraryValue other) => other is CelSemver version && version.Value.CompareTo(value) == 0;

    public override string ToString() => value.ToString();
}

/// <summary>semver(), isSemver() and comparisons; strict unless normalisation is asked for.</summary>
internal static class SemverFunctions
{
    private const string Type = "kubernetes.Semver";

    public static CelLibrary All()
    {
        CelLibrary library = new();
        library.AddType(Type, CelSemver.SemverType);
        library.Add($"semver(string): {Type}", (_, a) => Parse(a.Text(0), normalizes: false, out string error) is { } version ? version : Fail(error));
        library.Add($"semver(string, bool): {Type}", (_, a) => Parse(a.Text(0), ((BoolNode)a[1]).Value, out string error) is { } version ? version : Fail(error));
        library.Add("isSemver(string): bool", (run, a) => BoolNode.Of(Parse(a.Text(0), normalizes: false, out _) is not null));
        library.Add("isSemver(string, bool): bool", (run, a) => BoolNode.Of(Parse(a.Text(0), ((BoolNode)a[1]).Value, out _) is not null));
        library.Add($"{Type} major(): int", (_, a) => IntegerNode.Of((long)Of(a, 0).Major));
        library.Add($"{Type} minor(): int", (_, a) => IntegerNode.Of((long)Of(a, 0).Minor));
        library.Add($"{Type} patch(): int", (_, a) => IntegerNode.Of((long)Of(a, 0).Patch));
        library.Add($"{Type} isGreaterThan({Type}): bool", (_, a) => BoolNode.Of(Of(a, 0).CompareTo(Of(a, 1)) > 0));
        library.Add($"{Type} isLessThan({Type}): bool", (_, a) => BoolNode.Of(Of(a, 0).CompareTo(Of(a, 1)) < 0));
        library.Add($"{Type} compareTo({Type}): int", (_, a) => IntegerNode.Of(Math.Sign(Of(a, 0).CompareTo(Of(a, 1)))));
        return library;
    }

    private static SemanticVersion Of(Node[] a, int index) => ((CelSemver)a[index]).Value;

    private static CelSemver? Parse(string text, bool normalizes, out string error)
    {
        if (normalizes && Normalize(text) is var normal)
        {
            if (normal is null)
            {
                error = "short version cannot contain PreRelease/Build meta data";
                return null;
            }

            text = normal;
        }

        // Major.Minor.Patch are all there and have no leading zeros.
        string[] core = text.Split('-', '+')[0].Split('.');
        if (core.Length != 3)
        {
            error = text.Length == 0 ? "Version string empty" : "No Major.Minor.Patch elements found";
            return null;
        }

        if (core.FirstOrDefault(part => part.Length == 0 || !part.All(char.IsAsciiDigit)) is { } invalid)
        {
            error = $"Invalid character(s) found in version number {GoTemplates.Parsing.GoText.Quote(invalid)}";
            return null;
        }

        if (core.FirstOrDefault(part => part.Length > 1 && part[0] == '0') is { } zero)
        {
            error = $"Version number must not contain leading zeroes {GoTemplates.Parsing.GoText.Quote(zero)}";
            return null;
        }

        return SemanticVersion.Parse(text, out error) is { } version ? new CelSemver(version) : null;
    }

    private static string? Normalize(string text)
    {
        text = text.StartsWith('v') ? text[1..] : text;
        string[] parts = text.Split('.', 3);
        for (int i = 0; i < parts.Length; i++)
        {
            string part = parts[i].Length > 1 ? parts[i].TrimStart('0') : parts[i];
            parts[i] = parts[i].Length > 1 && (part.Length == 0 || !char.IsAsciiDigit(part[0])) ? "0" + part : part;
        }

        return parts.Length < 3 && parts[^1].AsSpan().IndexOfAny('+', '-') >= 0 ? null : string.Join('.', parts.Concat(Enumerable.Repeat("0", 3 - parts.Length)));
    }
}
