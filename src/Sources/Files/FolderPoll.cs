namespace Bowline.Sources.Files;

/// <summary>Finds what changed in a folder since it last looked, by time and size of its files.</summary>
internal sealed class FolderPoll
{
    private const int MaxFiles = 200_000;

    private readonly string root;
    private readonly GitFolders? git;
    private Dictionary<string, (DateTime Written, long Length)> seen;

    public FolderPoll(string root, GitFolders? git)
    {
        this.root = root;
        this.git = git;
        seen = Take();
    }

    /// <summary>Full paths of files that were written, added or removed.</summary>
    public IReadOnlyList<string> Look()
    {
        Dictionary<string, (DateTime Written, long Length)> now = Take();
        List<string> changed = [];
        foreach ((string path, (DateTime, long) state) in now)
        {
            if (!seen.Remove(path, out (DateTime, long) before) || before != state)
            {
                changed.Add(path);
            }
        }

        changed.AddRange(seen.Keys);
        seen = now;
        return changed;
    }

    private Dictionary<string, (DateTime Written, long Length)> Take()
    {
        Dictionary<string, (DateTime Written, long Length)> files = new(StringComparer.Ordinal);
        try
        {
            EnumerationOptions all = new() { AttributesToSkip = 0, IgnoreInaccessible = true };
            Stack<DirectoryInfo> folders = new([new DirectoryInfo(root)]);
            while (folders.TryPop(out DirectoryInfo? folder) && files.Count < MaxFiles)
            {
                foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos("*", all))
                {
                    if (entry is FileInfo || (entry.Attributes & FileAttributes.ReparsePoint) != 0)
                    {
                        // A link that leads nowhere has no length to ask for.
                        bool link = (entry.Attributes & FileAttributes.ReparsePoint) != 0;
                        files[entry.FullName] = (entry.LastWriteTimeUtc, link ? 0 : ((FileInfo)entry).Length);
                    }
                    else if (!TreePath.IsGit(entry.Name))
                    {
                        folders.Push((DirectoryInfo)entry);
                    }
                }
            }

            foreach (string file in git?.Files() ?? [])
            {
                FileInfo info = new(file);
                files[file] = info.Exists ? (info.LastWriteTimeUtc, info.Length) : default;
            }
        }
        catch (IOException)
        {
            // The folder changes under the eyes: what was missed now shows the next time.
        }

        return files;
    }
}
