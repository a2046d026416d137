using Bowline.Sources.Files;

namespace Bowline.Rendering.Helm;

/// <summary>Notes every path that is read or asked for.</summary>
internal sealed class NotingTree(FileTree inner, HashSet<string> noted) : FileTree
{
    public override byte[] Read(string path, long maxBytes)
    {
        noted.Add(path);
        return inner.Read(path, maxBytes);
    }

    public override bool FileExists(string path)
    {
        noted.Add(path);
        return inner.FileExists(path);
    }

    public override bool DirectoryExists(string path) => inner.DirectoryExists(path);

    public override IReadOnlyList<FileTreeEntry> List(string directory) => inner.List(directory);

    public override string Resolve(string path) => inner.Resolve(path);
}
