using Bowline.Applications.ArgoCd;
using Bowline.Applications.Model;
using Bowline.Resources.Model;
using Bowline.Resources.Patching;
using Bowline.Resources.Yaml;
using Bowline.Sources.Files;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.Sourcing;

/// <summary>
/// Parameters that are kept in the source itself, as Argo CD's Image Updater writes them: <c>.argocd-source.yaml</c>, then <c>.argocd-source-NAME.yaml</c>
/// in the source's directory, each a merge patch of the Application's <c>source</c>
/// (https://argo-cd.readthedocs.io/en/stable/user-guide/parameters/#store-overrides-in-git).
/// </summary>
internal static class SourceOverrides
{
    /// <summary>No file system has longer names.</summary>
    private const int LongestName = 255;

    /// <exception cref="ApplicationException">A file cannot be read, or asks for what cannot be done.</exception>
    public static ApplicationSource Apply(FileTree files, ApplicationSpec spec, ApplicationSource source)
    {
        MapNode said = source.Declared ?? [];
        string[] written = [.. new[] { ".argocd-source.yaml", $".argocd-source-{spec.Name}.yaml" }.Where(name => name.Length <= LongestName).Select(name => TreePath.Join(TreePath.Clean(source.Path), name)).Where(files.FileExists)];
        foreach (string file in written)
        {
            try
            {
                said = MergePatch.Apply(said, YamlReader.Read(files.Read(file), YamlReadOptions.Kubernetes with { FileName = file })) as MapNode ?? throw Wrong(file, "is no map of parameters");
            }
            catch (Exception unreadable) when (unreadable is YamlException or SourceException)
            {
                throw new ApplicationException($"error while parsing source parameters: {unreadable.Message}", unreadable);
            }
        }

        if (written.Length == 0)
        {
            return source;
        }

        said["repoURL"] = source.RepoUrl;
        ApplicationSource read = ArgoCdDialect.ReadSource(said, reason => Wrong(written[^1], reason));
        // Where it comes from is the Application's to say, and what of it somebody synced to.
        return read with { Path = source.Path, TargetRevision = source.TargetRevision, Chart = source.Chart, Declared = source.Declared };
    }

    private static ApplicationException Wrong(string file, string reason) => new($"error while parsing source parameters: {file}: {reason}");
}
