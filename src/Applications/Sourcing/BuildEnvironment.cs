using System.Text.RegularExpressions;
using Bowline.Applications.Model;
using Bowline.Sources.Files;

namespace Bowline.Applications.Sourcing;

/// <summary>Argo CD's build environment: <c>$ARGOCD_APP_NAME</c> and its like in Helm parameters and, where asked for, in common annotations.</summary>
internal sealed partial class BuildEnvironment(ApplicationSpec spec, ApplicationSource source, SourceRevision revision)
{
    private static readonly HashSet<string> Names =
    [
        "ARGOCD_APP_NAME", "ARGOCD_APP_NAMESPACE", "ARGOCD_APP_PROJECT_NAME", "ARGOCD_APP_REVISION", "ARGOCD_APP_REVISION_SHORT", "ARGOCD_APP_REVISION_SHORT_8",
        "ARGOCD_APP_SOURCE_PATH", "ARGOCD_APP_SOURCE_REPO_URL", "ARGOCD_APP_SOURCE_TARGET_REVISION", "KUBE_VERSION", "KUBE_API_VERSIONS",
    ];

    /// <summary>Whether a text that was expanded says which commit it is.</summary>
    public bool SaidRevision { get; private set; }

    /// <summary>Replaces <c>$NAME</c> and <c>${NAME}</c>; names that are not set become nothing, <c>$$</c> a dollar.</summary>
    public string Expand(string text) => !text.Contains('$', StringComparison.Ordinal) ? text
        : Reference().Replace(text, match => match.Value == "$$" ? "$" : Find(NameOf(match)));

    /// <summary>Whether a text begins with a name that is set.</summary>
    public static bool Begins(string text) => Reference().Match(text) is { Success: true, Index: 0 } match && Names.Contains(NameOf(match));

    private static string NameOf(Match match) => match.Groups[1].Value + match.Groups[2].Value;

    private string Find(string name)
    {
        SaidRevision |= name.StartsWith("ARGOCD_APP_REVISION", StringComparison.Ordinal);
        return Value(name);
    }

    private string Value(string name) => name switch
    {
        "ARGOCD_APP_NAME" => spec.Name,
        "ARGOCD_APP_NAMESPACE" => spec.Destination.Namespace,
        "ARGOCD_APP_PROJECT_NAME" => spec.Project,
        "ARGOCD_APP_REVISION" => revision.Commit.Length > 0 ? revision.Commit : revision.Version,
        "ARGOCD_APP_REVISION_SHORT" => revision.Commit.Length >= 7 ? revision.Commit[..7] : revision.Version,
        "ARGOCD_APP_REVISION_SHORT_8" => revision.Commit.Length >= 8 ? revision.Commit[..8] : revision.Version,
        "ARGOCD_APP_SOURCE_PATH" => source.Path,
        "ARGOCD_APP_SOURCE_REPO_URL" => source.RepoUrl,
        "ARGOCD_APP_SOURCE_TARGET_REVISION" => source.TargetRevision,
        "KUBE_VERSION" => source.KubeVersion,
        "KUBE_API_VERSIONS" => string.Join(',', source.ApiVersions),
        _ => string.Empty,
    };

    [GeneratedRegex(@"\$\$|\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))", RegexOptions.CultureInvariant)]
    private static partial Regex Reference();
}
