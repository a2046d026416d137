namespace Bowline.Rendering.Helm.Charts;

/// <summary>The parts of Go's path package that Helm relies on.</summary>
internal static class GoPath
{
    public static string Base(string path)
    {
        if (path.Length == 0)
        {
            return ".";
        }

        string trimmed = path.TrimEnd('/');
        return trimmed.Length == 0 ? "/" : trimmed[(trimmed.LastIndexOf('/') + 1)..];
    }

    /// <summary>The extension with its dot, empty without one.</summary>
    public static string Extension(string path)
    {
        string name = path[(path.LastIndexOf('/') + 1)..];
        int dot = name.LastIndexOf('.');
        return dot < 0 ? string.Empty : name[dot..];
    }
}
