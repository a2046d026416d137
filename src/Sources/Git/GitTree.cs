using System.Text;
using Bowline.Sources.Files;

namespace Bowline.Sources.Git;

/// <summary>The files of one commit. Submodules are empty folders here (see <see cref="SubmoduleTree"/>), LFS files their pointers; content is read when asked for.</summary>
public sealed class GitTree : FileTree
{
    private const string Symlink = "120000";
    private const string Submodule = "160000";
    private const int LongestLink = 4096;

    private readonly BlobReader blobs;
    private readonly Action<string, IReadOnlyList<string>>? supply;
    private readonly Dictionary<string, Entry> files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> submodules = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SortedDictionary<string, bool>> folders = new(StringComparer.Ordinal) { [string.Empty] = new(StringComparer.Ordinal) };

    private GitTree(string commit, BlobReader blobs, Action<string, IReadOnlyList<string>>? supply)
    {
        Commit = commit;
        this.supply = supply;
        this.blobs = blobs;
    }

    public string Commit { get; }

    /// <summary>The commits that belong into folders, by path.</summary>
    internal IReadOnlyDictionary<string, string> Submodules => submodules;

    public override byte[] Read(string path, long maxBytes = 64 * 1024 * 1024)
    {
        string real = Resolve(path);
        return files.TryGetValue(real, out Entry? entry)
            ? Read(real, entry.Id, path, maxBytes)
            : throw new SourceException(folders.ContainsKey(real) ? $"{path}: is a folder, not a file" : $"{path}: no such file", path);
    }

    public override bool FileExists(string path) => files.ContainsKey(Resolve(path));

    public override bool DirectoryExists(string path) => folders.ContainsKey(Resolve(path));

    public override IReadOnlyList<FileTreeEntry> List(string directory)
    {
        string real = Resolve(directory);
        if (!folders.TryGetValue(real, out SortedDictionary<string, bool>? entries))
        {
            throw new SourceException($"{directory}: no such folder", directory);
        }

        return [.. entries.Select(entry => new FileTreeEntry(entry.Key, entry.Value || LeadsToFolder(TreePath.Join(real, entry.Key))))];
    }

    public override string Resolve(string path) => SymlinkWalk.Resolve(TreePath.Clean(path), TargetOf, static _ => null);

    /// <summary>Reads the output of <c>git ls-tree -r -z</c>.</summary>
    /// <param name="supply">Brings files of the commit that are not here; null where all is here.</param>
    internal static GitTree Parse(string commit, BlobReader blobs, ReadOnlySpan<byte> listing, Action<string, IReadOnlyList<string>>? supply)
    {
        GitTree tree = new(commit, blobs, supply);
        while (!listing.IsEmpty)
        {
            int end = listing.IndexOf((byte)0);
            ReadOnlySpan<byte> line = end < 0 ? listing : listing[..end];
            listing = end < 0 ? default : listing[(end + 1)..];
            int tab = line.IndexOf((byte)'\t');
            string[] head = Encoding.ASCII.GetString(line[..Math.Max(tab, 0)]).Split(' ');
            if (head.Length == 3)
            {
                tree.Add(head[0], head[2], Encoding.UTF8.GetString(line[(tab + 1)..]));
            }
        }

        return tree;
    }

    /// <summary>Reads a file that may have been left on the server; then those beside it come with it, since what lies together is mostly read together.</summary>
    private byte[] Read(string real, string id, string path, long maxBytes)
    {
        if (supply is null)
        {
            return blobs.Read(id, path, maxBytes);
        }

        if (blobs.TryRead(id, path, maxBytes) is { } content)
        {
            return content;
        }

        string folder = TreePath.Parent(real);
        supply(Commit, [id, .. folders[folder].Keys.Select(name => files.GetValueOrDefault(TreePath.Join(folder, name))?.Id).OfType<string>()]);
        return blobs.Read(id, path, maxBytes);
    }

    /// <summary>What the symlink at a path without symlinks leads to; null when there is none.</summary>
    internal string? TargetOf(string path)
    {
        if (!files.TryGetValue(path, out Entry? entry) || !entry.IsLink)
        {
            return null;
        }

        return entry.Target ??= Encoding.UTF8.GetString(blobs.Read(entry.Id, path, LongestLink));
    }

    private void Add(string mode, string id, string path)
    {
        try
        {
            // Git itself makes no such names; a hostile repository may, and they cannot be asked for.
            if (TreePath.Clean(path) != path)
            {
                return;
            }
        }
        catch (SourceException)
        {
            return;
        }

        bool isFolder = mode == Submodule;
        if (isFolder)
        {
            folders.TryAdd(path, new(StringComparer.Ordinal));
            submodules[path] = id;
        }
        else
        {
            files[path] = new Entry(id, mode == Symlink);
        }

        for (string at = path; at.Length > 0; at = TreePath.Parent(at))
        {
            string parent = TreePath.Parent(at);
            bool known = folders.TryGetValue(parent, out SortedDictionary<string, bool>? entries);
            if (!known)
            {
                folders[parent] = entries = new(StringComparer.Ordinal);
            }

            entries![TreePath.Name(at)] = isFolder;
            if (known)
            {
                return;
            }

            isFolder = true;
        }
    }

    private bool LeadsToFolder(string path)
    {
        try
        {
            return files.TryGetValue(path, out Entry? entry) && entry.IsLink && DirectoryExists(path);
        }
        catch (SourceException)
        {
            return false;
        }
    }

    private sealed class Entry(string id, bool isLink)
    {
        public string Id { get; } = id;

        public bool IsLink { get; } = isLink;

        public string? Target { get; set; }
    }
}
