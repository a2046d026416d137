namespace Bowline.Sources.Files;

/// <summary>
/// A read-only tree of files: a working tree, a commit, an unpacked chart. Paths are relative, with forward slashes and
/// without leading slash; nothing outside the root can be named, by <c>..</c>, absolute path or symlink.
/// </summary>
public abstract class FileTree
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="SourceException">Missing, outside the root (also through a symlink), a directory, or larger than <paramref name="maxBytes"/>.</exception>
    public abstract byte[] Read(string path, long maxBytes = 64 * 1024 * 1024);

    public abstract bool FileExists(string path);

    public abstract bool DirectoryExists(string path);

    /// <summary>Names in a directory (not recursive), in ordinal order; empty for the root is <c>""</c>.</summary>
    public abstract IReadOnlyList<FileTreeEntry> List(string directory);

    /// <summary>Every file below a directory, depth first in ordinal order, without <c>.git</c>.</summary>
    public virtual IEnumerable<string> Walk(string directory = "")
    {
        foreach (FileTreeEntry entry in List(directory))
        {
            string path = directory.Length == 0 ? entry.Name : $"{directory}/{entry.Name}";
            if (!entry.IsDirectory)
            {
                yield return path;
            }
            else if (entry.Name != ".git")
            {
                foreach (string below in Walk(path))
                {
                    yield return below;
                }
            }
        }
    }

    /// <summary>The tree below a directory, whose files cannot reach above it.</summary>
    public virtual FileTree Below(string directory) => throw new NotImplementedException();
}

public readonly record struct FileTreeEntry(string Name, bool IsDirectory);

/// <summary>A source that cannot be had: missing path, refused path, unreachable repository. Messages never hold credentials.</summary>
public sealed class SourceException(string message, string? path = null, Exception? inner = null) : Exception(message, inner)
{
    public string? Path { get; } = path;
}
