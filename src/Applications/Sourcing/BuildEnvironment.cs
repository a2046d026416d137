using System.Text.RegularExpressions;
using Bowline.Applications.Model;
using Bowline.Sources.Files;

namespace Bowline.Applications.Sourcing;

/// <summary>Argo CD's build environment: <c>$ARGOCD_APP_NAME</c> and its like in Helm parameters and, where asked for, in common annotations.</summary>
internal sealed partial class BuildEnvironment(ApplicationSpec spec, ApplicationSource source, SourceRevision revision)
{
    /// <summary>Replaces <c>$NAME</c> and <c>${NAME}</c>; names that are not set become nothing, <c>$$</c> a dollar.</summary>
    public string Expand(string text) => !text.Contains('$', StringComparison.Ordinal) ? text
        : Reference().Replace(text, match => match.Value == "$$" ? "$" : Find(match.Groups[1].Value + match.Groups[2].Value));

    private string Find(string name) => name switch
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
