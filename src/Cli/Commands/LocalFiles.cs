using Bowline.Rendering.Requests;
using Bowline.Server.Composition;
using Bowline.Sources.Files;

namespace Bowline.Cli.Commands;

/// <summary>
/// Paths of the command line as paths in one tree: the machine's. Who runs <c>render</c> may read what his shell may, as with
/// <c>kubectl kustomize</c> and <c>helm template</c>; applications of a repository never get this tree.
/// </summary>
internal static class LocalFiles
{
    public static RenderRequest Request(string path)
    {
        string full = Path.GetFullPath(path);
        if (!Directory.Exists(full) && !File.Exists(full))
        {
            throw new UsageException($"there is no {path}");
        }

        return new RenderRequest { Files = new DirectoryTree("/"), Path = full.Trim('/') };
    }

    /// <summary>A file named on the command line, from the tree's root on.</summary>
    public static string Rooted(string path) => Path.GetFullPath(path);
}
