using Bowline.EmbeddedCluster.Kubelet;

namespace Bowline.Server.Composition.Fetching;

/// <summary>Reads what <c>--stages</c> names: a file, or every YAML file of a folder in the order of their names.</summary>
public static class StageSource
{
    private const int MostFiles = 256;

    /// <returns>One text of all documents; null when nothing is named.</returns>
    /// <exception cref="UsageException">There is no such file, or its content cannot be used.</exception>
    public static string? Read(string path)
    {
        if (path.Length == 0)
        {
            return null;
        }

        string[] files = Directory.Exists(path)
            ? [.. Directory.EnumerateFiles(path).Where(IsYaml).Order(StringComparer.Ordinal).Take(MostFiles + 1)]
            : File.Exists(path) ? [path] : throw new UsageException($"--stages {path}: there is no such file or folder");
        if (files.Length > MostFiles)
        {
            throw new UsageException($"--stages {path}: more than {MostFiles} files");
        }

        string text = string.Join("\n---\n", files.Select(ReadFile));
        try
        {
            Stages.Check(text);
            return text;
        }
        catch (StageException error)
        {
            throw new UsageException($"--stages {path}: {error.Message}");
        }
    }

    private static string ReadFile(string file)
    {
        try
        {
            return new FileInfo(file).Length > Stages.LargestText
                ? throw new UsageException($"--stages {file}: larger than {Stages.LargestText / 1024} KiB")
                : File.ReadAllText(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--stages {file}: {error.Message}");
        }
    }

    private static bool IsYaml(string file) => Path.GetExtension(file) is ".yaml" or ".yml";
}
