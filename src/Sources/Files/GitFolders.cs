namespace Bowline.Sources.Files;

/// <summary>Where the repository around a folder keeps HEAD and its refs, found without running Git.</summary>
internal sealed record GitFolders(string Own, string Common)
{
    private const int MaxPointerBytes = 4096;

    public static GitFolders? Find(string folder)
    {
        for (string? at = folder; at is not null; at = Path.GetDirectoryName(at))
        {
            string entry = Path.Combine(at, ".git");
            if (Directory.Exists(entry))
            {
                return new GitFolders(entry, entry);
            }

            if (File.Exists(entry))
            {
                // A linked worktree or a submodule: a file that says where.
                return Pointer(entry, "gitdir: ") is { } own && Directory.Exists(own)
                    ? new GitFolders(own, Pointer(Path.Combine(own, "commondir"), string.Empty) ?? own)
                    : null;
            }
        }

        return null;
    }

    /// <summary>Null for a path that is none of Git's, else whether it tells of a commit, a branch or a tag.</summary>
    public bool? Says(string full)
    {
        if (Below(full, Own) is { } own)
        {
            return own == "HEAD" || (Own == Common && IsRef(own));
        }

        return Below(full, Common) is { } common ? IsRef(common) : null;
    }

    /// <summary>What must be watched besides the folder itself: folder, filter and whether to go deeper.</summary>
    public IEnumerable<(string Folder, string Filter, bool Deep)> Outside(string root)
    {
        if (Below(Own, root) is null)
        {
            yield return (Own, "HEAD", false);
        }

        if (Below(Common, root) is null)
        {
            yield return (Common, "packed-refs", false);
            if (Directory.Exists(Path.Combine(Common, "refs")))
            {
                yield return (Path.Combine(Common, "refs"), "*", true);
            }
        }
    }

    /// <summary>The files that change with a commit.</summary>
    public IEnumerable<string> Files()
    {
        yield return Path.Combine(Own, "HEAD");
        yield return Path.Combine(Common, "packed-refs");
        string refs = Path.Combine(Common, "refs");
        if (Directory.Exists(refs))
        {
            foreach (string file in Directory.EnumerateFiles(refs, "*", SearchOption.AllDirectories))
            {
                yield return file;
            }
        }
    }

    // Git writes x.lock and renames it to x.
    private static bool IsRef(string path) =>
        (path == "packed-refs" || path.StartsWith("refs/", StringComparison.Ordinal)) && !path.EndsWith(".lock", StringComparison.Ordinal);

    private static string? Below(string path, string folder) =>
        path.Length > folder.Length && path.StartsWith(folder, StringComparison.Ordinal) && path[folder.Length] == Path.DirectorySeparatorChar
            ? path[(folder.Length + 1)..].Replace(Path.DirectorySeparatorChar, '/')
            : null;

    private static string? Pointer(string file, string prefix)
    {
        if (!File.Exists(file) || new FileInfo(file).Length > MaxPointerBytes)
        {
            return null;
        }

        string text = File.ReadAllText(file).Trim();
        return text.StartsWith(prefix, StringComparison.Ordinal) ? Path.GetFullPath(text[prefix.Length..], Path.GetDirectoryName(file)!) : null;
    }
}
