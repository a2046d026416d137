using Bowline.Rendering.Globs;
using Bowline.Rendering.Requests;

namespace Bowline.Rendering.Plain;

/// <summary>Which files of a directory count: manifests by their extension, then Argo CD's exclude and include globs, in which a star also crosses slashes.</summary>
internal sealed class ManifestFilter
{
    private readonly FileGlob? include;
    private readonly FileGlob? exclude;

    public ManifestFilter(PlainOptions options)
    {
        include = Compile(options.Include, "include");
        exclude = Compile(options.Exclude, "exclude");
    }

    /// <param name="path">From the directory that is rendered.</param>
    public bool Takes(string path) =>
        (path.EndsWith(".yaml", StringComparison.Ordinal) || path.EndsWith(".yml", StringComparison.Ordinal) || path.EndsWith(".json", StringComparison.Ordinal))
        && exclude?.IsMatch(path) != true
        && include?.IsMatch(path) != false;

    private static FileGlob? Compile(string pattern, string option) => pattern.Length == 0
        ? null
        : FileGlob.Compile(pattern, crossesSlashes: true) ?? throw new RenderException($"the {option} pattern {pattern} is not a glob");
}
