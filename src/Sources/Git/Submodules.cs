using System.Text;
using System.Text.RegularExpressions;
using Bowline.Sources.Files;

namespace Bowline.Sources.Git;

/// <summary>A folder of a commit in which Git mounts a commit of another repository.</summary>
/// <param name="Path">From the root of the commit that has it.</param>
/// <param name="Url">As <c>.gitmodules</c> has it, perhaps relative to its own repository; empty where the file says nothing of it.</param>
/// <param name="Commit">The full id that is recorded for it.</param>
public sealed record Submodule(string Path, string Url, string Commit);

/// <summary>Reads <c>.gitmodules</c>, and the addresses in it.</summary>
internal static partial class Submodules
{
    private const int MaxBytes = 1024 * 1024;

    /// <summary>Address by path. One that is not to be checked out (<c>update = none</c>) has none.</summary>
    public static IReadOnlyDictionary<string, string> ReadAddresses(GitTree tree)
    {
        const string File = ".gitmodules";
        if (!tree.FileExists(File))
        {
            return new Dictionary<string, string>();
        }

        if (tree.Resolve(File) != File)
        {
            throw new SourceException($"{File}: is a symlink, which Git does not follow either", File);
        }

        Dictionary<string, Dictionary<string, string>> sections = new(StringComparer.Ordinal);
        string section = string.Empty;
        foreach (string line in Lines(Encoding.UTF8.GetString(tree.Read(File, MaxBytes))))
        {
            if (Header().Match(line) is { Success: true } header)
            {
                section = Unescaped(header.Groups["name"].Value);
            }
            else if (section.Length > 0 && Setting().Match(line) is { Success: true } setting)
            {
                if (!sections.TryGetValue(section, out Dictionary<string, string>? fields))
                {
                    sections[section] = fields = new(StringComparer.OrdinalIgnoreCase);
                }

                fields[setting.Groups["key"].Value] = Value(setting.Groups["value"].Value);
            }
            else if (line.StartsWith('['))
            {
                section = string.Empty;
            }
        }

        return Addresses(sections.Values);
    }

    /// <summary>The address that a fetcher takes, where the submodule's own may be relative to that of its repository.</summary>
    /// <exception cref="SourceException">One that must not be fetched: an option, a program, a path of this machine in a repository that is not on it.</exception>
    public static string Resolve(string repository, string url)
    {
        bool relative = url.StartsWith("./", StringComparison.Ordinal) || url.StartsWith("../", StringComparison.Ordinal);
        string address = relative ? Relative(repository, url) : url;
        RepositoryUrl.Check(address);
        if (RepositoryUrl.LocalPath(address) is not null && RepositoryUrl.LocalPath(repository) is null)
        {
            throw new SourceException($"{address}: a path on this machine, which a repository from elsewhere may not name");
        }

        return address;
    }

    private static Dictionary<string, string> Addresses(IEnumerable<Dictionary<string, string>> sections)
    {
        Dictionary<string, string> addresses = new(StringComparer.Ordinal);
        foreach (Dictionary<string, string> fields in sections)
        {
            if (fields.GetValueOrDefault("path") is { Length: > 0 } path && fields.GetValueOrDefault("update") != "none")
            {
                addresses[path.TrimEnd('/')] = fields.GetValueOrDefault("url", string.Empty);
            }
        }

        return addresses;
    }

    private static string Relative(string repository, string url)
    {
        Match root = Root().Match(repository);
        Stack<string> segments = new(repository[root.Length..].Split('/', StringSplitOptions.RemoveEmptyEntries));
        foreach (string segment in url.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (segment == "..")
            {
                if (!segments.TryPop(out _))
                {
                    throw new SourceException($"{url}: leads above the server of {RepositoryUrl.Redact(repository)}");
                }
            }
            else if (segment != ".")
            {
                segments.Push(segment);
            }
        }

        return root.Value + string.Join('/', segments.Reverse());
    }

    /// <summary>Lines as settings span them: a backslash at the end goes on with the next.</summary>
    private static IEnumerable<string> Lines(string text)
    {
        StringBuilder whole = new();
        foreach (string line in text.Split('\n'))
        {
            string trimmed = line.Trim();
            int slashes = trimmed.Length - trimmed.TrimEnd('\\').Length;
            whole.Append(slashes % 2 == 1 ? trimmed[..^1] : trimmed);
            if (slashes % 2 == 0)
            {
                yield return whole.ToString();
                whole.Clear();
            }
        }
    }

    /// <summary>Without quotes and comment.</summary>
    private static string Value(string text)
    {
        StringBuilder value = new();
        bool quoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '"':
                    quoted = !quoted;
                    break;
                case '#' or ';' when !quoted:
                    return value.ToString().TrimEnd();
                case '\\' when i + 1 < text.Length:
                    i++;
                    value.Append(text[i] switch { 'n' => '\n', 't' => '\t', 'b' => '\b', _ => text[i] });
                    break;
                default:
                    value.Append(text[i]);
                    break;
            }
        }

        return value.ToString().TrimEnd();
    }

    private static string Unescaped(string text) => text.Contains('\\', StringComparison.Ordinal) ? Value(text) : text;

    [GeneratedRegex(@"^\[submodule\s+""(?<name>(?:[^""\\]|\\.)+)""\s*\]", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Header();

    [GeneratedRegex(@"^(?<key>[A-Za-z][A-Za-z0-9-]*)\s*=\s*(?<value>.*)$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Setting();

    /// <summary>What stands before a repository's path: scheme and server, or user and server, or the root of this machine.</summary>
    [GeneratedRegex(@"^(?:[A-Za-z][A-Za-z0-9+.-]*://[^/]*/|(?:[^@/:\s]+@)?[^@/:\s\\]{2,}:/?|/)", RegexOptions.CultureInvariant)]
    private static partial Regex Root();
}
