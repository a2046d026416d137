using System.CommandLine;
using Bowline.Rendering.Requests;

namespace Bowline.Cli.Commands;

/// <summary>The flags of <c>helm template</c>, by their names there.</summary>
internal sealed class HelmFlags
{
    private readonly Option<string> release = new("--release") { Description = "Helm: release name", HelpName = "NAME", DefaultValueFactory = _ => "release-name" };
    private readonly Option<string> @namespace = new("--namespace", "-n") { Description = "Helm: release namespace", HelpName = "NAME", DefaultValueFactory = _ => "default" };
    private readonly Option<string[]> values = Flags.Many("--values", "Helm: value file (repeatable)", "FILE", "-f");
    private readonly Option<string[]> set = Flags.Many("--set", "Helm: set a value (repeatable)", "KEY=VALUE,...");
    private readonly Option<string[]> setString = Flags.Many("--set-string", "Helm: set a text (repeatable)", "KEY=VALUE,...");
    private readonly Option<string[]> setJson = Flags.Many("--set-json", "Helm: set a JSON value (repeatable)", "KEY=JSON,...");
    private readonly Option<string[]> setFile = Flags.Many("--set-file", "Helm: set a value from a file (repeatable)", "KEY=FILE,...");
    private readonly Option<string[]> setLiteral = Flags.Many("--set-literal", "Helm: set a text exactly as given (repeatable)", "KEY=VALUE");
    private readonly Option<bool> includeCrds = new("--include-crds") { Description = "Helm: print the crds/ folder too" };
    private readonly Option<bool> skipTests = new("--skip-tests") { Description = "Helm: leave out test hooks" };
    private readonly Option<bool> noHooks = new("--no-hooks") { Description = "Helm: leave out hooks" };
    private readonly Option<bool> isUpgrade = new("--is-upgrade") { Description = "Helm: set .Release.IsUpgrade" };
    private readonly Option<string[]> showOnly = Flags.Many("--show-only", "Helm: print only this template (repeatable)", "TEMPLATE", "-s");
    private readonly Option<string> kubeVersion = new("--kube-version") { Description = "Helm: .Capabilities.KubeVersion", HelpName = "VERSION", DefaultValueFactory = _ => string.Empty };
    private readonly Option<string[]> apiVersions = Flags.Many("--api-versions", "Helm: add to .Capabilities.APIVersions (repeatable)", "GROUP/VERSION", "-a");

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[release, @namespace, values, set, setString, setJson, setFile, setLiteral, includeCrds, skipTests, noHooks, isUpgrade, showOnly, kubeVersion, apiVersions])
        {
            command.Options.Add(option);
        }
    }

    public RenderRequest Read(ParseResult parse, RenderRequest request) => request with
    {
        ReleaseName = parse.GetValue(release)!,
        Namespace = parse.GetValue(@namespace)!,
        KubeVersion = parse.GetValue(kubeVersion) is { Length: > 0 } version ? version : request.KubeVersion,
        ApiVersions = parse.GetValue(apiVersions)!,
        Helm = new HelmOptions
        {
            ValueFiles = [.. parse.GetValue(values)!.Select(LocalFiles.Rooted)],
            Set = parse.GetValue(set)!,
            SetString = parse.GetValue(setString)!,
            SetJson = parse.GetValue(setJson)!,
            SetFile = [.. parse.GetValue(setFile)!.Select(RootFile)],
            SetLiteral = parse.GetValue(setLiteral)!,
            IncludeCrds = parse.GetValue(includeCrds),
            SkipTests = parse.GetValue(skipTests),
            NoHooks = parse.GetValue(noHooks),
            IsUpgrade = parse.GetValue(isUpgrade),
            ShowOnly = parse.GetValue(showOnly)!,
        },
    };

    private static string RootFile(string assignment)
    {
        int equals = assignment.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? assignment : $"{assignment[..equals]}={LocalFiles.Rooted(assignment[(equals + 1)..])}";
    }
}
