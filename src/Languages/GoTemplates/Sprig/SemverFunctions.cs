using System.Diagnostics.CodeAnalysis;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;
using static Bowline.Languages.GoTemplates.Sprig.FunctionList;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>Versions as values with methods, and constraints.</summary>
internal static class SemverFunctions
{
    public static FunctionList All() => new()
    {
        { "semver", call => new GoVersion(Version(call.Text(0)), GoVersion.Pointer), Text },
        { "semverCompare", Compare, Text, Text },
    };

    private static SemanticVersion Version(string text) => SemanticVersion.Parse(text, out string error) ?? throw new GoError(error);

    private static Node Compare(FunctionCall call)
    {
        VersionConstraints constraints = VersionConstraints.Parse(call.Text(0), out string error) ?? throw new GoError(error);
        return constraints.Check(Version(call.Text(1)));
    }

    /// <summary>A *semver.Version, or the semver.Version that its Inc methods return.</summary>
    private sealed class GoVersion(SemanticVersion version, GoType type) : GoValue
    {
        public static readonly GoType Struct = GoType.Struct("semver.Version");
        public static readonly GoType Pointer = GoType.PointerTo(Struct);

        public override GoType Type => type;

        public override string Text => version.ToString();

        public override IReadOnlyList<KeyValuePair<string, Node>> Fields =>
        [
            new("major", new GoInteger(GoType.Uint64, (long)version.Major)),
            new("minor", new GoInteger(GoType.Uint64, (long)version.Minor)),
            new("patch", new GoInteger(GoType.Uint64, (long)version.Patch)),
            new("pre", StringNode.Of(version.Prerelease)),
            new("metadata", StringNode.Of(version.Metadata)),
            new("original", StringNode.Of(version.Original)),
        ];

        public override GoFunction? Method(string name) => name switch
        {
            "Major" => Number(version.Major),
            "Minor" => Number(version.Minor),
            "Patch" => Number(version.Patch),
            "Prerelease" => new GoFunction(_ => version.Prerelease),
            "Metadata" => new GoFunction(_ => version.Metadata),
            "Original" => new GoFunction(_ => version.Original),
            "String" => new GoFunction(_ => version.ToString()),
            "IncMajor" => Next(version with { Major = version.Major + 1, Minor = 0, Patch = 0 }),
            "IncMinor" => Next(version with { Minor = version.Minor + 1, Patch = 0 }),
            "IncPatch" => Next(version.Prerelease.Length > 0 ? version : version with { Patch = version.Patch + 1 }),
            "SetPrerelease" => new GoFunction(call => Changed("-" + call.Text(0), version.Metadata), GoType.String),
            "SetMetadata" => new GoFunction(call => Changed(version.Prerelease.Length > 0 ? "-" + version.Prerelease : string.Empty, call.Text(0)), GoType.String),
            "Compare" => new GoFunction(call => GoInteger.Int(Order(call[0])), Pointer),
            "Equal" => new GoFunction(call => Order(call[0]) == 0, Pointer),
            "LessThan" => new GoFunction(call => Order(call[0]) < 0, Pointer),
            "GreaterThan" => new GoFunction(call => Order(call[0]) > 0, Pointer),
            "LessThanEqual" => new GoFunction(call => Order(call[0]) <= 0, Pointer),
            "GreaterThanEqual" => new GoFunction(call => Order(call[0]) >= 0, Pointer),
            _ => null,
        };

        public override bool DeepEquals([NotNullWhen(true)] Node? other) => other is GoVersion versionNode && versionNode.Same(version);

        public override Node ToPlain() => StringNode.Of(version.ToString());

        private static GoFunction Number(ulong value) => new(_ => new GoInteger(GoType.Uint64, (long)value)) { Result = GoType.Uint64 };

        private static GoFunction Next(SemanticVersion next)
        {
            SemanticVersion bare = next with { Prerelease = string.Empty, Metadata = string.Empty };
            string prefix = next.Original.StartsWith('v') ? "v" : string.Empty;
            return new GoFunction(_ => new GoVersion(bare with { Original = prefix + bare }, Struct)) { Result = Struct };
        }

        private bool Same(SemanticVersion other) => version == other;

        private GoVersion Changed(string prerelease, string metadata)
        {
            string text = $"{version.Major}.{version.Minor}.{version.Patch}{(prerelease == "-" ? string.Empty : prerelease)}{(metadata.Length > 0 ? "+" + metadata : string.Empty)}";
            return new GoVersion(Version(text), Struct);
        }

        private int Order(Node other) => other is GoVersion versionNode
            ? versionNode.CompareTo(version)
            : throw new GoError("runtime error: invalid memory address or nil pointer dereference");

        private int CompareTo(SemanticVersion left) => left.CompareTo(version);
    }
}
