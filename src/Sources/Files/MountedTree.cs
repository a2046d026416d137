namespace Bowline.Sources.Files;

/// <summary>A tree with others mounted as folders of its root. They are found by name only: a listing of the root does not show them.</summary>
public sealed class MountedTree(FileTree root, IReadOnlyDictionary<string, FileTree> mounts) : FileTree
{
    public override byte[] Read(string path, long maxBytes = 64 * 1024 * 1024) => At(path, out string inner).Read(inner, maxBytes);

    public override bool FileExists(string path) => At(path, out string inner).FileExists(inner);

    public override bool DirectoryExists(string path) => At(path, out string inner).DirectoryExists(inner);

    public override IReadOnlyList<FileTreeEntry> List(string directory) => At(directory, out string inner).List(inner);

    public override string Resolve(string path)
    {
        FileTree tree = At(path, out string inner);
        return ReferenceEquals(tree, root) ? tree.Resolve(inner) : TreePath.Join(TreePath.Clean(path).Split('/')[0], tree.Resolve(inner));
    }

    private FileTree At(string path, out string inner)
    {
        string clean = TreePath.Clean(path);
        int slash = clean.IndexOf('/', StringComparison.Ordinal);
        string first = slash < 0 ? clean : clean[..slash];
        if (!mounts.TryGetValue(first, out FileTree? mounted))
        {
            inner = clean;
            return root;
        }

        inner = slash < 0 ? string.Empty : clean[(slash + 1)..];
        return mounted;
    }
}
