using Bowline.Sources.Files;

namespace Bowline.Rendering.Helm.Charts;

/// <summary>Collects a chart's files from a snapshot: a directory, filtered by its .helmignore, or an archive.</summary>
internal static class ChartReader
{
    public const int MaxFileBytes = 5 * 1024 * 1024;
    private const long MaxChartBytes = 100L * 1024 * 1024;
    private const int MaxFiles = 20_000;
    private const int MaxDepth = 128;

    public static IReadOnlyList<ChartFile> ReadDirectory(FileTree files, string directory, CancellationToken cancellationToken)
    {
        string ignoreFile = TreePath.Join(directory, HelmIgnore.FileName);
        HelmIgnore ignore = new(files.FileExists(ignoreFile) ? System.Text.Encoding.UTF8.GetString(files.Read(ignoreFile, MaxFileBytes)) : null);
        Walk walk = new(files, directory, ignore, cancellationToken);
        walk.Enter(string.Empty, directory, []);
        return walk.Found;
    }

    private sealed class Walk(FileTree files, string root, HelmIgnore ignore, CancellationToken cancellationToken)
    {
        private long total;

        public List<ChartFile> Found { get; } = [];

        public void Enter(string name, string path, List<string> open)
        {
            string real = files.Resolve(path);
            if (open.Contains(real) || open.Count > MaxDepth)
            {
                throw new ChartException("the chart's folders lead in a circle or are nested too deep", path);
            }

            open.Add(real);
            foreach (FileTreeEntry entry in files.List(path))
            {
                cancellationToken.ThrowIfCancellationRequested();
                string inner = TreePath.Join(name, entry.Name);
                if (ignore.Ignores(inner, entry.IsDirectory))
                {
                    continue;
                }

                if (entry.IsDirectory)
                {
                    Enter(inner, TreePath.Join(root, inner), open);
                }
                else
                {
                    Add(inner);
                }
            }

            open.RemoveAt(open.Count - 1);
        }

        private void Add(string name)
        {
            string path = TreePath.Join(root, name);
            byte[] data = files.Read(path, MaxFileBytes);
            total += data.Length;
            if (total > MaxChartBytes || Found.Count >= MaxFiles)
            {
                throw new ChartException($"the chart is larger than {MaxChartBytes} bytes or {MaxFiles} files", path);
            }

            Found.Add(new ChartFile(name, path, ChartAssembler.WithoutMark(data)));
        }
    }
}
