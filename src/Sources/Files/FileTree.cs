namespace Bowline.Sources.Files;

/// <summary>
/// A read-only tree of files: a working tree, a commit, an unpacked chart. Paths are relative, with forward slashes and
/// without leading slash; nothing outside the root can be named, by <c>..</c>, absolute path or symlink.
/// </summary>
/// <remarks><c>.</c>, doubled slashes and <c>..</c> that stays inside are cleaned lexically; see <see cref="TreePath"/>.</remarks>
public abstract class FileTree
{
    private const int MaxWalked = 1_000_000;
    private const int MaxDepth = 256;

    /// <summary>Reads a file.</summary>
    /// <exception cref="SourceException">Missing, outside the root (also through a symlink), a directory, or larger than <paramref name="maxBytes"/>.</exception>
    public abstract byte[] Read(string path, long maxBytes = 64 * 1024 * 1024);

    /// <exception cref="SourceException">The path leads outside the root; a missing one is just false.</exception>
    public abstract bool FileExists(string path);

    /// <inheritdoc cref="FileExists"/>
    public abstract bool DirectoryExists(string path);

    /// <summary>Names in a directory (not recursive, without <c>.git</c>), in ordinal order; empty for the root is <c>""</c>.</summary>
    /// <remarks>A symlink is listed as what it leads to; one that leads nowhere or outside is listed as a file, which reading then refuses.</remarks>
    public abstract IReadOnlyList<FileTreeEntry> List(string directory);

    /// <summary>The same path with every symlink on the way replaced by what it leads to, itself a path in this tree.</summary>
    public virtual string Resolve(string path) => TreePath.Clean(path);

    /// <summary>
    /// Every file below a directory, depth first in ordinal order, without <c>.git</c>. Symlinked directories are entered,
    /// except those that lead back to a directory they lie in.
    /// </summary>
    public virtual IEnumerable<string> Walk(string directory = "")
    {
        string start = TreePath.Clean(directory);
        Stack<(string Path, string Real, IReadOnlyList<FileTreeEntry> Entries, int Next)> open = new();
        open.Push((start, Resolve(start), List(start), 0));
        int walked = 0;
        while (open.TryPop(out (string Path, string Real, IReadOnlyList<FileTreeEntry> Entries, int Next) at))
        {
            if (at.Next == at.Entries.Count)
            {
                continue;
            }

            open.Push(at with { Next = at.Next + 1 });
            FileTreeEntry entry = at.Entries[at.Next];
            string path = TreePath.Join(at.Path, entry.Name);
            if (++walked > MaxWalked)
            {
                throw new SourceException($"{start}: more than {MaxWalked} files and folders", start);
            }

            if (!entry.IsDirectory)
            {
                yield return path;
                continue;
            }

            string real = Resolve(path);
            if (entry.Name != ".git" && !open.Any(above => above.Real == real))
            {
                open.Push(open.Count < MaxDepth
                    ? (path, real, List(path), 0)
                    : throw new SourceException($"{path}: folders nested deeper than {MaxDepth}", path));
            }
        }
    }

    /// <summary>The tree below a directory: no path given to it reaches above. Its symlinks still may, as far as this tree's own root.</summary>
    public virtual FileTree Below(string directory)
    {
        string clean = TreePath.Clean(directory);
        return clean.Length == 0 ? this : new SubTree(this, clean);
    }
}

public readonly record struct FileTreeEntry(string Name, bool IsDirectory);

/// <summary>A source that cannot be had: missing path, refused path, unreachable repository. Messages never hold credentials.</summary>
public sealed class SourceException(string message, string? path = null, Exception? inner = null) : Exception(message, inner)
{
    public string? Path { get; } = path;

    /// <summary>Whether the source was there, but its signature is not one that was asked for.</summary>
    public bool IsUntrusted { get; init; }

    /// <summary>Whether nobody waited any longer for an answer that may still come.</summary>
    public bool IsLate { get; init; }

    /// <summary>Whether the repository answered, and has nothing (any more) that is called as what was asked for.</summary>
    public bool IsUnknownRevision { get; init; }
}
