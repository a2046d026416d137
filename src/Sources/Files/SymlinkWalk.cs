namespace Bowline.Sources.Files;

/// <summary>Follows a path from the root of a tree, segment by segment, so that every symlink on the way is seen and judged.</summary>
internal static class SymlinkWalk
{
    private const int MaxLinks = 40;

    /// <param name="path">A clean path.</param>
    /// <param name="targetOf">What the symlink at a path without symlinks leads to; null when there is none.</param>
    /// <param name="inside">Makes an absolute target relative to the root; null when it leads elsewhere.</param>
    /// <returns>The path without symlinks; there may be nothing at it.</returns>
    public static string Resolve(string path, Func<string, string?> targetOf, Func<string, string?> inside)
    {
        if (path.Length == 0)
        {
            return path;
        }

        Stack<string> todo = new(path.Split('/').Reverse());
        string at = string.Empty;
        int links = 0;
        while (todo.TryPop(out string? segment))
        {
            if (segment == "..")
            {
                at = at.Length > 0 ? TreePath.Parent(at) : throw Outside(path);
                continue;
            }

            string next = TreePath.Join(at, segment);
            if (targetOf(next) is not { } target)
            {
                at = next;
                continue;
            }

            if (++links > MaxLinks)
            {
                throw new SourceException($"{path}: its symlinks lead in a circle", path);
            }

            if (Path.IsPathRooted(target))
            {
                target = inside(target) ?? throw Outside(path);
                at = string.Empty;
            }

            Push(target, path, todo);
        }

        return at;
    }

    private static void Push(string target, string path, Stack<string> todo)
    {
        foreach (string segment in target.Split('/', Path.DirectorySeparatorChar).Reverse())
        {
            if (TreePath.IsGit(segment))
            {
                throw new SourceException($"{path}: a symlink leads into Git's own files", path);
            }

            if (segment is not ("" or "."))
            {
                todo.Push(segment);
            }
        }
    }

    private static SourceException Outside(string path) => new($"{path}: a symlink leads outside of the source's root", path);
}
