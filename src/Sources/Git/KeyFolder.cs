using System.Text;

namespace Bowline.Sources.Git;

/// <summary>A folder for keys that lives as long as one command: readable by this user only, in memory where the machine has such a place.</summary>
internal sealed class KeyFolder : IDisposable
{
    private const string Memory = "/dev/shm";

    private KeyFolder(string path) => Path = path;

    /// <summary>Holds nothing that a shell would take for more than a name.</summary>
    public string Path { get; }

    public static KeyFolder Make() => new(OperatingSystem.IsLinux() && Directory.Exists(Memory)
        ? Directory.CreateDirectory(System.IO.Path.Combine(Memory, $"bowline-{Guid.NewGuid():N}"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName
        : Directory.CreateTempSubdirectory("bowline-").FullName);

    /// <returns>The file's path.</returns>
    public string Write(string name, string content)
    {
        string file = System.IO.Path.Combine(Path, name);
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using FileStream stream = new(file, options);
        stream.Write(Encoding.UTF8.GetBytes(content));
        return file;
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // gpg's agent removes its sockets at the same moment.
        }
    }
}
