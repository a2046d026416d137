using Bowline.Applications.Model;
using Bowline.Sources.Files;

namespace Bowline.Applications.Sourcing;

/// <summary>
/// Argo CD's <c>manifest-generate-paths</c>: files that count although no render was seen to read them. Absolute paths start at the
/// repository's root, others at each source's path. What a render reads counts in any case.
/// </summary>
internal sealed class GeneratePaths(ApplicationSpec spec)
{
    private readonly string[] folders = [.. spec.GeneratePaths.SelectMany(path => path.StartsWith('/') ? [path] : spec.Sources.Select(source => $"{source.Path}/{path}")).Select(Clean).OfType<string>().Distinct()];

    public bool Contain(string path) => folders.Any(folder => folder.Length == 0 || path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal));

    /// <summary>Null for a path that leads out of the repository: nothing there can change.</summary>
    private static string? Clean(string path)
    {
        try
        {
            return TreePath.Clean(path.TrimStart('/'));
        }
        catch (SourceException)
        {
            return null;
        }
    }
}
