namespace Bowline.Sources.Files;

/// <summary>Notes what was looked at in a tree, so that a change elsewhere can be told not to matter.</summary>
public sealed class RecordingTree(FileTree inner) : FileTree
{
    private readonly HashSet<string> files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> folders = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    /// <summary>Paths that were read or asked for (whether or not they exist), as given and with symlinks resolved.</summary>
    public IReadOnlyCollection<string> Files
    {
        get
        {
            lock (gate)
            {
                return [.. files];
            }
        }
    }

    /// <summary>Folders whose entries were listed, or that were asked for and missing.</summary>
    public IReadOnlyCollection<string> Folders
    {
        get
        {
            lock (gate)
            {
                return [.. folders.Keys];
            }
        }
    }

    /// <summary>Whether a change of the file at a path (written, added or removed) can change what was seen.</summary>
    public bool Depends(string changedPath)
    {
        string path = changedPath.Trim('/');
        lock (gate)
        {
            if (files.Contains(path) || folders.ContainsKey(TreePath.Parent(path)))
            {
                return true;
            }

            // Further up only a folder that was not there yet would have been seen.
            for (string at = TreePath.Parent(path); at.Length > 0; at = TreePath.Parent(at))
            {
                if (folders.TryGetValue(TreePath.Parent(at), out HashSet<string>? entries) && !entries.Contains(TreePath.Name(at)))
                {
                    return true;
                }
            }

            return false;
        }
    }

    public override byte[] Read(string path, long maxBytes = 64 * 1024 * 1024)
    {
        NoteFile(path);
        return inner.Read(path, maxBytes);
    }

    public override bool FileExists(string path)
    {
        NoteFile(path);
        return inner.FileExists(path);
    }

    public override bool DirectoryExists(string path)
    {
        bool exists = inner.DirectoryExists(path);
        if (!exists)
        {
            NoteFolder(path, []);
        }

        return exists;
    }

    public override IReadOnlyList<FileTreeEntry> List(string directory)
    {
        IReadOnlyList<FileTreeEntry> entries = inner.List(directory);
        NoteFolder(directory, entries);
        return entries;
    }

    public override string Resolve(string path) => inner.Resolve(path);

    private void NoteFile(string path)
    {
        string clean = TreePath.Clean(path);
        string real = inner.Resolve(clean);
        lock (gate)
        {
            files.Add(clean);
            files.Add(real);
            NoteLinks(clean, real);
        }
    }

    private void NoteFolder(string path, IReadOnlyList<FileTreeEntry> entries)
    {
        string clean = TreePath.Clean(path);
        string real = inner.Resolve(clean);
        HashSet<string> names = entries.Select(entry => entry.Name).ToHashSet(StringComparer.Ordinal);
        lock (gate)
        {
            folders[clean] = names;
            folders[real] = names;
            NoteLinks(clean, real);
        }
    }

    // The links are files of the source themselves: pointing one elsewhere changes what is seen through it.
    private void NoteLinks(string path, string real)
    {
        for (string at = path; at.Length > 0 && real != path; at = TreePath.Parent(at))
        {
            files.Add(at);
        }
    }
}
