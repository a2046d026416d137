namespace Bowline.Sources.Files;

/// <summary>A live folder. Every access looks at the disk; symlinks are followed as long as they stay below the root.</summary>
public sealed class DirectoryTree : FileTree
{
    private const int MaxLinks = 40;

    /// <exception cref="SourceException">No such folder.</exception>
    public DirectoryTree(string root)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        if (!Directory.Exists(full))
        {
            throw new SourceException($"{root}: no such folder", root);
        }

        Root = full;
    }

    /// <summary>The folder's absolute path.</summary>
    public string Root { get; }

    public override byte[] Read(string path, long maxBytes = 64 * 1024 * 1024)
    {
        FileSystemInfo found = Locate(path) ?? throw new SourceException($"{path}: no such file", path);
        if (IsDirectory(found))
        {
            throw new SourceException($"{path}: is a folder, not a file", path);
        }

        try
        {
            long length = ((FileInfo)found).Length;
            if (length > maxBytes)
            {
                throw TooLarge(path, maxBytes);
            }

            // Pipes and devices have no length, and opening one may wait for ever.
            if (length == 0 && SpecialFile.IsSpecial(found.FullName))
            {
                throw new SourceException($"{path}: is neither a file nor a folder", path);
            }

            return ReadWhole(found.FullName, path, (int)length, maxBytes);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SourceException($"{path}: {Reason(error)}", path, error);
        }
    }

    public override bool FileExists(string path) => Locate(path) is { } found && !IsDirectory(found);

    public override bool DirectoryExists(string path) => Locate(path) is { } found && IsDirectory(found);

    public override IReadOnlyList<FileTreeEntry> List(string directory)
    {
        FileSystemInfo found = Locate(directory) ?? throw new SourceException($"{directory}: no such folder", directory);
        if (!IsDirectory(found))
        {
            throw new SourceException($"{directory}: is a file, not a folder", directory);
        }

        try
        {
            string parent = TreePath.Clean(directory);
            List<FileTreeEntry> entries = [];
            foreach (FileSystemInfo entry in new DirectoryInfo(found.FullName).EnumerateFileSystemInfos())
            {
                if (!TreePath.IsGit(entry.Name))
                {
                    bool link = (entry.Attributes & FileAttributes.ReparsePoint) != 0;
                    entries.Add(new FileTreeEntry(entry.Name, link ? LeadsToDirectory(TreePath.Join(parent, entry.Name)) : IsDirectory(entry)));
                }
            }

            entries.Sort(static (left, right) => string.CompareOrdinal(left.Name, right.Name));
            return entries;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SourceException($"{directory}: {Reason(error)}", directory, error);
        }
    }

    public override string Resolve(string path) =>
        Locate(path) is { } found && found.FullName.Length > Root.Length
            ? found.FullName[(Root.TrimEnd('/').Length + 1)..].Replace(Path.DirectorySeparatorChar, '/')
            : Locate(path) is null ? TreePath.Clean(path) : string.Empty;

    private static byte[] ReadWhole(string file, string path, int expected, long maxBytes)
    {
        using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        byte[] content = new byte[expected];
        int read = stream.ReadAtLeast(content, expected, throwOnEndOfStream: false);
        if (read < expected)
        {
            return content[..read];
        }

        // A file that is being written may have grown since its length was taken.
        byte[] more = new byte[4096];
        while (stream.Read(more) is > 0 and int extra)
        {
            if (content.Length + extra > maxBytes)
            {
                throw TooLarge(path, maxBytes);
            }

            content = [.. content, .. more.AsSpan(0, extra)];
        }

        return content;
    }

    private static SourceException TooLarge(string path, long maxBytes) => new($"{path}: larger than {maxBytes} bytes", path);

    private static string Reason(Exception error) => error switch
    {
        UnauthorizedAccessException => "permission denied",
        FileNotFoundException or DirectoryNotFoundException => "no such file",
        _ => "cannot be read",
    };

    private static bool IsDirectory(FileSystemInfo info) => (info.Attributes & FileAttributes.Directory) != 0;

    private bool LeadsToDirectory(string path)
    {
        try
        {
            return DirectoryExists(path);
        }
        catch (SourceException)
        {
            return false;
        }
    }

    /// <summary>Walks down from the root, one segment at a time, so that every symlink on the way is seen and judged.</summary>
    private FileInfo? Locate(string path)
    {
        string clean = TreePath.Clean(path);
        Stack<string> todo = new(clean.Length == 0 ? [] : clean.Split('/').Reverse());
        List<string> at = [];
        FileInfo found = new(Root);
        int links = 0;
        while (todo.TryPop(out string? segment))
        {
            if (segment == "..")
            {
                if (at.Count == 0)
                {
                    throw Outside(path);
                }

                at.RemoveAt(at.Count - 1);
                found = new FileInfo(Absolute(at));
                continue;
            }

            at.Add(segment);
            found = new FileInfo(Absolute(at));
            if (found.Attributes == (FileAttributes)(-1))
            {
                return null;
            }

            if (found.LinkTarget is { } target)
            {
                at.RemoveAt(at.Count - 1);
                if (++links > MaxLinks)
                {
                    throw new SourceException($"{path}: its symlinks lead in a circle", path);
                }

                Follow(target, path, at, todo);
                found = new FileInfo(Absolute(at));
            }
        }

        return found;
    }

    private void Follow(string target, string path, List<string> at, Stack<string> todo)
    {
        string relative = target;
        if (Path.IsPathRooted(target))
        {
            // An absolute link into the very folder is a link inside; the folder may itself be known by a link.
            relative = Path.GetRelativePath(Root, target);
            at.Clear();
            if (Path.IsPathRooted(relative) || relative == ".." || relative.StartsWith("../", StringComparison.Ordinal))
            {
                throw Outside(path);
            }
        }

        foreach (string segment in relative.Split('/', Path.DirectorySeparatorChar).Reverse())
        {
            if (TreePath.IsGit(segment))
            {
                throw new SourceException($"{path}: a symlink leads into Git's own files", path);
            }

            if (segment is not ("" or "."))
            {
                todo.Push(segment);
            }
        }
    }

    private static SourceException Outside(string path) => new($"{path}: a symlink leads outside of the source's root", path);

    private string Absolute(List<string> segments) => segments.Count == 0 ? Root : Path.Join(Root, string.Join(Path.DirectorySeparatorChar, segments));
}
