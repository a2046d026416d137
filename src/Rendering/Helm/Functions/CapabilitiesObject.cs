using System.Text.RegularExpressions;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Rendering.Helm.Charts;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Functions;

/// <summary><c>.Capabilities</c>: the cluster's version and what it serves, and the Helm whose ways we follow.</summary>
internal static partial class CapabilitiesObject
{
    private static readonly GoType CapabilitiesType = GoType.PointerTo(GoType.Struct("chartutil.Capabilities"));
    private static readonly GoType KubeVersionType = GoType.Struct("chartutil.KubeVersion");
    private static readonly GoType VersionSetType = GoType.Named("chartutil.VersionSet", GoType.Strings);
    private static readonly GoType BuildInfoType = GoType.Struct("version.BuildInfo");

    public static GoObject Of(string kubeVersion, IEnumerable<string> apiVersions)
    {
        string[] served = [.. KnownApiVersions.All, .. apiVersions];
        return new GoObject(
            CapabilitiesType,
            [
                new("KubeVersion", KubeVersion(kubeVersion)),
                new("APIVersions", VersionSet(served)),
                new("HelmVersion", HelmVersion()),
            ]);
    }

    /// <summary>The numbers of a version with <c>v</c> in front and without any suffix, as in <c>v1.36.2</c>.</summary>
    public static string Normalize(string kubeVersion)
    {
        Match match = VersionFormat().Match(kubeVersion);
        return match.Success && match.Groups[1].Value.Contains('.', StringComparison.Ordinal)
            ? $"v{match.Groups[1].Value}"
            : throw new ChartException($"invalid kube version '{kubeVersion}': could not parse {GoText.Quote(kubeVersion)} as version");
    }

    private static GoObject KubeVersion(string kubeVersion)
    {
        string version = Normalize(kubeVersion);
        string[] numbers = version[1..].Split('.');
        return new GoObject(
            KubeVersionType,
            [
                new("Version", StringNode.Of(version)),
                new("Major", StringNode.Of(numbers[0])),
                new("Minor", StringNode.Of(numbers[1])),
            ],
            new Dictionary<string, GoFunction>(StringComparer.Ordinal)
            {
                ["String"] = new GoFunction(_ => StringNode.Of(version)) { Result = GoType.String },
                ["GitVersion"] = new GoFunction(_ => StringNode.Of(version)) { Result = GoType.String },
            })
        {
            Display = version,
        };
    }

    private static GoSlice VersionSet(string[] served)
    {
        HashSet<string> set = new(served, StringComparer.Ordinal);
        return new GoSlice(VersionSetType, [.. served.Select(StringNode.Of)], new Dictionary<string, GoFunction>(StringComparer.Ordinal)
        {
            ["Has"] = new GoFunction(call => BoolNode.Of(set.Contains(call.Text(0))), GoType.String) { Result = GoType.Bool },
        });
    }

    private static GoObject HelmVersion() => new(
        BuildInfoType,
        [
            new("Version", "v3.21.4"),
            new("GitCommit", string.Empty),
            new("GitTreeState", "clean"),
            new("GoVersion", "go1.26.10"),
        ]);

    [GeneratedRegex(@"\A\s*v?([0-9]{1,9}(?:\.[0-9]{1,9})*)", RegexOptions.CultureInvariant)]
    private static partial Regex VersionFormat();
}
