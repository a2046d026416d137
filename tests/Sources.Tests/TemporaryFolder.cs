namespace Bowline.Sources.Tests;

internal sealed class TemporaryFolder : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("bowline-").FullName;

    public TemporaryFolder() => Directory.CreateDirectory(Path("root"));

    public string Path(string relative) => System.IO.Path.Combine(root, relative);

    public void Write(string relative, string content)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path(relative))!);
        File.WriteAllText(Path(relative), content);
    }

    public void Link(string relative, string target)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path(relative))!);
        File.CreateSymbolicLink(Path(relative), target);
    }

    public void Dispose() => Directory.Delete(root, recursive: true);
}
