using System.Text;

namespace Bowline.Sources.Files;

/// <summary>Files held in memory: unpacked archives and tests. Folders exist by the files in them.</summary>
public sealed class MemoryTree : FileTree
{
    private readonly Dictionary<string, ReadOnlyMemory<byte>> files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SortedDictionary<string, bool>> folders = new(StringComparer.Ordinal) { [string.Empty] = new(StringComparer.Ordinal) };

    /// <exception cref="SourceException">A path that is not inside, or that is a file and a folder at once.</exception>
    public MemoryTree(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> files)
    {
        foreach ((string path, ReadOnlyMemory<byte> content) in files)
        {
            Add(TreePath.Clean(path), content, path);
        }
    }

    public static MemoryTree FromText(IEnumerable<KeyValuePair<string, string>> files) =>
        new(files.Select(file => KeyValuePair.Create<string, ReadOnlyMemory<byte>>(file.Key, Encoding.UTF8.GetBytes(file.Value))));

    public override byte[] Read(string path, long maxBytes = 64 * 1024 * 1024)
    {
        string clean = TreePath.Clean(path);
        if (!files.TryGetValue(clean, out ReadOnlyMemory<byte> content))
        {
            throw new SourceException(folders.ContainsKey(clean) ? $"{path}: is a folder, not a file" : $"{path}: no such file", path);
        }

        return content.Length <= maxBytes ? content.ToArray() : throw new SourceException($"{path}: larger than {maxBytes} bytes", path);
    }

    public override bool FileExists(string path) => files.ContainsKey(TreePath.Clean(path));

    public override bool DirectoryExists(string path) => folders.ContainsKey(TreePath.Clean(path));

    public override IReadOnlyList<FileTreeEntry> List(string directory) =>
        folders.TryGetValue(TreePath.Clean(directory), out SortedDictionary<string, bool>? entries)
            ? [.. entries.Select(entry => new FileTreeEntry(entry.Key, entry.Value))]
            : throw new SourceException($"{directory}: no such folder", directory);

    private void Add(string path, ReadOnlyMemory<byte> content, string given)
    {
        if (path.Length == 0 || folders.ContainsKey(path))
        {
            throw new SourceException($"{given}: is a file and a folder at once", given);
        }

        files[path] = content;
        bool isFolder = false;
        for (string at = path; at.Length > 0; at = TreePath.Parent(at))
        {
            string parent = TreePath.Parent(at);
            if (files.ContainsKey(parent))
            {
                throw new SourceException($"{given}: {parent} is a file and a folder at once", given);
            }

            if (!folders.TryGetValue(parent, out SortedDictionary<string, bool>? entries))
            {
                folders[parent] = entries = new SortedDictionary<string, bool>(StringComparer.Ordinal);
            }

            entries[TreePath.Name(at)] = isFolder;
            isFolder = true;
        }
    }
}
