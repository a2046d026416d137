using System.Text.RegularExpressions;
using Bowline.Applications.Model;
using Bowline.Rendering.Globs;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Sources.Downloads;
using Bowline.Sources.Files;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.Sourcing;

/// <summary>
/// The value files and file parameters of one Helm source, as files of one tree. As in Argo CD, names of the build environment are replaced,
/// <c>$ref/path</c> lies in another source, a glob stands for the files that it matches in the order of their names, and addresses of
/// the schemes that argocd-cm allows (<c>helm.valuesFileSchemes</c>) are fetched.
/// </summary>
internal sealed partial class ValueFiles(ApplicationSource source, BuildEnvironment environment, IReadOnlyList<string> schemes)
{
    /// <summary>The folder of the tree's root that fetched files are mounted at: no source can be called so.</summary>
    private const string Web = "$:";

    private readonly Dictionary<string, FileTree> mounts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ReadOnlyMemory<byte>> fetched = new(StringComparer.Ordinal);

    /// <summary>Opens the source of a name; null for one that is the same tree as the source itself.</summary>
    public required Func<string, Task<FileTree?>> OpenReferenceAsync { get; init; }

    /// <summary>The names that <see cref="OpenReferenceAsync"/> knows.</summary>
    public required Func<string, bool> IsReference { get; init; }

    public required Func<Uri, Task<byte[]>> FetchAsync { get; init; }

    /// <returns>The source's files with all that its values come from, and the options with the paths of these.</returns>
    /// <exception cref="ApplicationException">A reference, an address or a glob that leads nowhere.</exception>
    public async Task<(FileTree Files, HelmOptions Helm)> ResolveAsync(FileTree own)
    {
        List<string> files = [];
        foreach (string file in source.Helm.ValueFiles)
        {
            files.Add(await PathOfAsync(file).ConfigureAwait(false));
        }

        List<string> parameters = [];
        foreach (string parameter in source.Helm.SetFile)
        {
            int equals = parameter.IndexOf('=', StringComparison.Ordinal);
            parameters.Add(parameter[..(equals + 1)] + await PathOfAsync(parameter[(equals + 1)..]).ConfigureAwait(false));
        }

        if (fetched.Count > 0)
        {
            mounts[Web] = new MemoryTree(fetched);
        }

        FileTree whole = mounts.Count == 0 ? own : new MountedTree(own, mounts);
        try
        {
            return (whole, source.Helm with { ValueFiles = [.. Expand(whole, files)], SetFile = parameters });
        }
        catch (SourceException outside)
        {
            throw new ApplicationException($"value file: {outside.Message}", outside);
        }
    }

    private async Task<string> PathOfAsync(string file)
    {
        int slash = file.IndexOf('/', StringComparison.Ordinal);
        if (slash > 1 && file[0] == '$' && IsReference(file[1..slash]))
        {
            string name = file[..slash];
            if (!mounts.ContainsKey(name) && await OpenReferenceAsync(name[1..]).ConfigureAwait(false) is { } tree)
            {
                mounts[name] = tree;
            }

            string path = environment.Expand(file[slash..]);
            return mounts.ContainsKey(name) ? $"/{name}{path}" : path;
        }

        if (file.StartsWith('$') && !BuildEnvironment.Begins(file))
        {
            throw new ApplicationException($"value file {file}: no source of the application has ref: {(slash < 0 ? file[1..] : file[1..slash])}");
        }

        string meant = environment.Expand(file);
        return Scheme().Match(meant) is { Success: true } scheme ? await BringAsync(meant, scheme.Groups[1].Value).ConfigureAwait(false) : meant;
    }

    private async Task<string> BringAsync(string text, string scheme)
    {
        if (!schemes.Contains(scheme))
        {
            throw new ApplicationException($"error resolving helm value file path: the URL scheme '{scheme}' is not allowed (helm.valuesFileSchemes allows {(schemes.Count == 0 ? "none" : string.Join(", ", schemes))})");
        }

        try
        {
            Uri address = WebAddress.Parse(text);
            byte[] content = await FetchAsync(address).ConfigureAwait(false);
            string path = $"{fetched.Count}/{address.Host}{Uri.UnescapeDataString(address.AbsolutePath)}".TrimEnd('/');
            fetched[path] = content;
            return $"/{Web}/{path}";
        }
        catch (SourceException unavailable)
        {
            throw new ApplicationException($"value file: {unavailable.Message}", unavailable);
        }
    }

    /// <summary>A file that is named for itself has its place there, not where a glob has it.</summary>
    private IEnumerable<string> Expand(FileTree tree, List<string> files)
    {
        string Whole(string file) => file.StartsWith('/') ? TreePath.Clean(file.TrimStart('/')) : TreePath.Combine(source.Path, file);
        HashSet<string> taken = [.. files.Where(file => !IsGlob(file)).Select(Whole)];
        foreach (string file in files)
        {
            if (!IsGlob(file))
            {
                yield return file;
                continue;
            }

            string[] matches = [.. Matches(tree, string.Empty, Whole(file).Split('/')).Distinct().Order(StringComparer.Ordinal)];
            if (matches.Length == 0 && !source.Helm.IgnoreMissingValueFiles)
            {
                throw new ApplicationException($"values file glob \"{file}\" matched no files");
            }

            foreach (string match in matches.Where(taken.Add))
            {
                yield return "/" + match;
            }
        }
    }

    private static bool IsGlob(string file) => !file.StartsWith($"/{Web}/", StringComparison.Ordinal) && file.AsSpan().IndexOfAny("*?[") >= 0;

    /// <summary>Files below a folder; <c>**</c> as a segment of its own stands for any number of folders.</summary>
    private static IEnumerable<string> Matches(FileTree tree, string folder, ReadOnlyMemory<string> pattern)
    {
        string segment = pattern.Span[0];
        bool isLast = pattern.Length == 1;
        if (!IsGlob(segment))
        {
            string path = TreePath.Join(folder, segment);
            return isLast ? tree.FileExists(path) ? [path] : [] : tree.DirectoryExists(path) ? Matches(tree, path, pattern[1..]) : [];
        }

        if (segment == "**")
        {
            return tree.Walk(folder).Where(path => Fits(pattern.Span, path[(folder.Length == 0 ? 0 : folder.Length + 1)..].Split('/')));
        }

        FileTreeEntry[] chosen = [.. tree.List(folder).Where(entry => entry.IsDirectory != isLast && GoMatch.IsMatch(segment, entry.Name))];
        return isLast ? chosen.Select(entry => TreePath.Join(folder, entry.Name)) : chosen.SelectMany(entry => Matches(tree, TreePath.Join(folder, entry.Name), pattern[1..]));
    }

    private static bool Fits(ReadOnlySpan<string> pattern, ReadOnlySpan<string> path) => pattern switch
    {
        [] => path.IsEmpty,
        ["**", .. var rest] => (rest.IsEmpty && !path.IsEmpty) || Fits(rest, path) || (!path.IsEmpty && Fits(pattern, path[1..])),
        [var first, .. var rest] => !path.IsEmpty && GoMatch.IsMatch(first, path[0]) && Fits(rest, path[1..]),
    };

    [GeneratedRegex("^([A-Za-z][A-Za-z0-9+.-]*):", RegexOptions.CultureInvariant)]
    private static partial Regex Scheme();
}
