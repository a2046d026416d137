namespace Bowline.Sources.Files;

/// <summary>A tree with files added to it, or in place of its own, and some of its own left out.</summary>
/// <param name="hidden">Clean paths of files that are not seen.</param>
public sealed class OverlayTree(FileTree under, MemoryTree over, IReadOnlySet<string> hidden) : FileTree
{
    public override byte[] Read(string path, long maxBytes = 64 * 1024 * 1024) => Has(path).Read(path, maxBytes);

    public override bool FileExists(string path) => over.FileExists(path) || (!hidden.Contains(TreePath.Clean(path)) && under.FileExists(path));

    public override bool DirectoryExists(string path) => over.DirectoryExists(path) || under.DirectoryExists(path);

    public override IReadOnlyList<FileTreeEntry> List(string directory)
    {
        IEnumerable<FileTreeEntry> added = over.DirectoryExists(directory) ? over.List(directory) : [];
        IEnumerable<FileTreeEntry> own = under.DirectoryExists(directory) || !over.DirectoryExists(directory)
            ? under.List(directory).Where(entry => !hidden.Contains(TreePath.Join(TreePath.Clean(directory), entry.Name)))
            : [];
        return [.. added.Concat(own).DistinctBy(entry => entry.Name).OrderBy(entry => entry.Name, StringComparer.Ordinal)];
    }

    public override string Resolve(string path) => over.FileExists(path) || !under.FileExists(path) && !under.DirectoryExists(path) ? TreePath.Clean(path) : under.Resolve(path);

    private FileTree Has(string path) =>
        over.FileExists(path) ? over
        : hidden.Contains(TreePath.Clean(path)) ? throw new SourceException($"{path}: no such file", path)
        : under;
}
