namespace Bowline.Sources.Files;

/// <summary>A live folder. Every access looks at the disk; symlinks are followed as long as they stay below the root.</summary>
public sealed class DirectoryTree : FileTree
{
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

    public override string Resolve(string path) => Real(path);

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

    private FileInfo? Locate(string path)
    {
        FileInfo found = new(Absolute(Real(path)));
        return found.Attributes == (FileAttributes)(-1) ? null : found;
    }

    private string Real(string path) => SymlinkWalk.Resolve(TreePath.Clean(path), at => new FileInfo(Absolute(at)).LinkTarget, Inside);

    /// <summary>An absolute link into this very folder is a link inside.</summary>
    private string? Inside(string target)
    {
        string relative = Path.GetRelativePath(Root, target);
        return Path.IsPathRooted(relative) || relative == ".." || relative.StartsWith("../", StringComparison.Ordinal) ? null : relative;
    }

    private string Absolute(string path) => path.Length == 0 ? Root : Path.Join(Root, path);
}
