namespace Bowline.Sources.Files;

/// <summary>A directory of another tree as a tree of its own.</summary>
internal sealed class SubTree(FileTree whole, string root) : FileTree
{
    public override byte[] Read(string path, long maxBytes) => whole.Read(Whole(path), maxBytes);

    public override bool FileExists(string path) => whole.FileExists(Whole(path));

    public override bool DirectoryExists(string path) => whole.DirectoryExists(Whole(path));

    public override IReadOnlyList<FileTreeEntry> List(string directory) => whole.List(Whole(directory));

    // Where a symlink leads out of this directory there is no path for it here; the path itself names it then.
    public override string Resolve(string path)
    {
        string resolved = whole.Resolve(Whole(path));
        string here = whole.Resolve(root);
        return !TreePath.IsWithin(resolved, here) ? TreePath.Clean(path)
            : here.Length == 0 ? resolved
            : resolved.Length == here.Length ? string.Empty
            : resolved[(here.Length + 1)..];
    }

    public override IEnumerable<string> Walk(string directory = "")
    {
        foreach (string path in whole.Walk(Whole(directory)))
        {
            yield return path[(root.Length + 1)..];
        }
    }

    public override FileTree Below(string directory)
    {
        string path = TreePath.Clean(directory);
        return path.Length == 0 ? this : whole.Below(Whole(path));
    }

    private string Whole(string path) => TreePath.Join(root, TreePath.Clean(path));
}
