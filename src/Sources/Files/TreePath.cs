namespace Bowline.Sources.Files;

/// <summary>Arithmetic on paths within a <see cref="FileTree"/>: relative, forward slashes, the root is the empty path.</summary>
public static class TreePath
{
    private const int MaxLength = 4096;

    /// <summary>Removes <c>.</c>, empty segments and <c>..</c>, lexically.</summary>
    /// <exception cref="SourceException">Absolute, above the root, inside <c>.git</c>, or not a path at all.</exception>
    public static string Clean(string path)
    {
        if (IsClean(path))
        {
            return path;
        }

        if (path.Length > MaxLength || path.Contains('\0', StringComparison.Ordinal))
        {
            throw new SourceException($"{Printable(path)}: not a path", Printable(path));
        }

        if (path.StartsWith('/') || (OperatingSystem.IsWindows() && (path.Contains('\\', StringComparison.Ordinal) || path.Contains(':', StringComparison.Ordinal))))
        {
            throw new SourceException($"{path}: an absolute path leads outside of the source's root", path);
        }

        List<string> segments = [];
        foreach (string segment in path.Split('/'))
        {
            if (segment is "" or ".")
            {
                continue;
            }

            if (segment != "..")
            {
                segments.Add(IsGit(segment) ? throw new SourceException($"{path}: Git's own files are not part of the source", path) : segment);
            }
            else if (segments.Count > 0)
            {
                segments.RemoveAt(segments.Count - 1);
            }
            else
            {
                throw new SourceException($"{path}: leads outside of the source's root", path);
            }
        }

        return string.Join('/', segments);
    }

    /// <summary>Puts a name or path below a directory without cleaning either.</summary>
    public static string Join(string directory, string name) =>
        directory.Length == 0 ? name : name.Length == 0 ? directory : $"{directory}/{name}";

    /// <summary>Follows <paramref name="relative"/> from <paramref name="directory"/> and cleans the result, so <c>..</c> may leave the directory but not the root.</summary>
    public static string Combine(string directory, string relative) =>
        relative.StartsWith('/') ? Clean(relative) : Clean($"{directory}/{relative}".TrimStart('/'));

    /// <summary>The directory of a clean path; the root's is the root.</summary>
    public static string Parent(string path)
    {
        int slash = path.LastIndexOf('/');
        return slash < 0 ? string.Empty : path[..slash];
    }

    /// <summary>The last segment of a clean path.</summary>
    public static string Name(string path) => path[(path.LastIndexOf('/') + 1)..];

    /// <summary>Whether a clean path is the directory itself or lies below it.</summary>
    public static bool IsWithin(string path, string directory) =>
        directory.Length == 0 || (path.StartsWith(directory, StringComparison.Ordinal) && (path.Length == directory.Length || path[directory.Length] == '/'));

    internal static bool IsGit(string segment) => string.Equals(segment, ".git", StringComparison.OrdinalIgnoreCase);

    /// <summary>The common case, without allocating: no segment is empty, or begins with a dot and would need a closer look.</summary>
    private static bool IsClean(string path)
    {
        if (path.Length > MaxLength || (OperatingSystem.IsWindows() && path.AsSpan().ContainsAny('\\', ':')))
        {
            return false;
        }

        bool atStart = true;
        foreach (char c in path)
        {
            if (c == '\0' || (atStart && c is '/' or '.'))
            {
                return false;
            }

            atStart = c == '/';
        }

        return !atStart || path.Length == 0;
    }

    private static string Printable(string path)
    {
        string visible = path.Replace('\0', '\uFFFD');
        return visible.Length <= 200 ? visible : visible[..200] + "…";
    }
}
