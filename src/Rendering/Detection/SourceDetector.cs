using Bowline.Rendering.Requests;
using Bowline.Sources.Files;

namespace Bowline.Rendering.Detection;

/// <summary>Argo CD's rule for what a directory is. With a chart and a kustomization side by side it is a kustomization, as its walk by name happens to have it.</summary>
public static class SourceDetector
{
    private static readonly string[] Kustomizations = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

    /// <exception cref="SourceException">The path leads outside of the snapshot.</exception>
    public static SourceTool Detect(FileTree files, string path)
    {
        string directory = TreePath.Clean(path);
        if (Kustomizations.Any(name => files.FileExists(TreePath.Join(directory, name))))
        {
            return SourceTool.Kustomize;
        }

        return directory.EndsWith(".tgz", StringComparison.Ordinal) || files.FileExists(TreePath.Join(directory, "Chart.yaml")) ? SourceTool.Helm : SourceTool.Directory;
    }
}
