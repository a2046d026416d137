using Bowline.Rendering.Detection;
using Bowline.Rendering.Requests;
using Bowline.Sources.Files;

namespace Bowline.Server.Composition.Up;

/// <summary>What to say of a folder that holds nothing to deliver: which of those below it do.</summary>
internal static class EmptyRepository
{
    private const int Named = 6;

    public static string Describe(string path, FileTree files)
    {
        string[] below = [.. Promising(files).Take(Named + 1)];
        string hint = below.Length == 0 ? string.Empty
            : $"; these folders do: {string.Join(", ", below.Take(Named))}{(below.Length > Named ? " and more" : string.Empty)} ('bowline up {path.TrimEnd('/')}{(path.Contains("://", StringComparison.Ordinal) ? "//" : "/")}{below[0]}')";
        return $"{path} holds neither Application manifests nor a chart, a kustomization or manifests{hint}";
    }

    /// <summary>Folders with a chart, a kustomization or YAML of their own, nearest first, and none below another.</summary>
    private static IEnumerable<string> Promising(FileTree files)
    {
        Queue<string> open = new([string.Empty]);
        while (open.TryDequeue(out string? folder))
        {
            IReadOnlyList<FileTreeEntry> entries = files.List(folder);
            if (folder.Length > 0 && (SourceDetector.Detect(files, folder) != SourceTool.Directory || entries.Any(IsYaml)))
            {
                yield return folder;
                continue;
            }

            foreach (FileTreeEntry entry in entries.Where(entry => entry.IsDirectory && entry.Name[0] != '.').OrderBy(entry => entry.Name, StringComparer.Ordinal))
            {
                open.Enqueue(TreePath.Join(folder, entry.Name));
            }
        }
    }

    private static bool IsYaml(FileTreeEntry entry) => !entry.IsDirectory && Path.GetExtension(entry.Name) is (".yaml" or ".yml");
}
