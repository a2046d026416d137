using static Bowline.Languages.GoTemplates.Sprig.FunctionList;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>Go's path package; the os variants are the same on Unix, and templates render alike on every platform.</summary>
internal static class PathFunctions
{
    public static FunctionList All()
    {
        FunctionList list = new();
        foreach (string prefix in (string[])["", "os"])
        {
            list.Add(Name(prefix, "base"), call => Base(call.Text(0)), Text);
            list.Add(Name(prefix, "dir"), call => Directory(call.Text(0)), Text);
            list.Add(Name(prefix, "clean"), call => Clean(call.Text(0)), Text);
            list.Add(Name(prefix, "ext"), call => Extension(call.Text(0)), Text);
            list.Add(Name(prefix, "isAbs"), call => call.Text(0).StartsWith('/'), Text);
        }

        return list;
    }

    /// <summary>path.Clean: the shortest equivalent path, by text alone.</summary>
    public static string Clean(string path)
    {
        bool rooted = path.StartsWith('/');
        List<string> parts = [];
        foreach (string part in path.Split('/'))
        {
            if (part is "" or ".")
            {
                continue;
            }

            if (part != ".." || (parts.Count > 0 ? parts[^1] == ".." : !rooted))
            {
                parts.Add(part);
            }
            else if (parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
        }

        string joined = string.Join('/', parts);
        return rooted ? "/" + joined : joined.Length == 0 ? "." : joined;
    }

    public static string Base(string path)
    {
        if (path.Length == 0)
        {
            return ".";
        }

        string trimmed = path.TrimEnd('/');
        return trimmed.Length == 0 ? "/" : trimmed[(trimmed.LastIndexOf('/') + 1)..];
    }

    private static string Directory(string path) => Clean(path[..(path.LastIndexOf('/') + 1)]);

    private static string Extension(string path)
    {
        int dot = path.LastIndexOf('.');
        return dot > path.LastIndexOf('/') ? path[dot..] : string.Empty;
    }

    private static string Name(string prefix, string name) =>
        prefix.Length == 0 ? name : prefix + char.ToUpperInvariant(name[0]) + name[1..];
}
