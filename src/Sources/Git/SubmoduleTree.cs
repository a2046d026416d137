using Bowline.Sources.Files;

namespace Bowline.Sources.Git;

/// <summary>
/// The files of a commit with those of its submodules in their folders. A submodule is fetched when something below its
/// folder is asked for, so that one which cannot be had is in nobody's way who does not need it.
/// </summary>
public sealed class SubmoduleTree : FileTree
{
    private const int MaxDepth = 16;
    private const int MaxSubmodules = 256;

    private readonly GitTree files;
    private readonly SourceRef source;
    private readonly Func<Submodule, SourceRef, FileTree> fetch;
    private readonly Budget budget;
    private readonly int depth;
    private readonly Dictionary<string, Lazy<FileTree>> mounts = new(StringComparer.Ordinal);
    private readonly Lazy<IReadOnlyDictionary<string, string>> addresses;

    private SubmoduleTree(GitTree files, SourceRef source, Func<Submodule, SourceRef, FileTree> fetch, Budget budget, int depth)
    {
        this.files = files;
        this.source = source;
        this.fetch = fetch;
        this.budget = budget;
        this.depth = depth;
        addresses = new(() => Submodules.ReadAddresses(files));
        foreach ((string path, string commit) in files.Submodules)
        {
            mounts.Add(path, new(() => Open(path, commit)));
        }
    }

    /// <param name="files">As fetched.</param>
    /// <param name="source">Where it was fetched from, to which relative addresses of submodules are relative.</param>
    /// <param name="fetch">Brings the files of one; its reference has passed the checks that every repository's address passes, and never has more access than <paramref name="source"/> on its own server.</param>
    /// <returns>The same tree where there are no submodules.</returns>
    public static FileTree Of(FileTree files, SourceRef source, Func<Submodule, SourceRef, FileTree> fetch) => Of(files, source, fetch, new Budget(), 0);

    public override byte[] Read(string path, long maxBytes = 64 * 1024 * 1024) => At(path, out string inner).Read(inner, maxBytes);

    public override bool FileExists(string path) => At(path, out string inner).FileExists(inner);

    public override bool DirectoryExists(string path) => mounts.ContainsKey(Resolve(path)) || At(path, out string inner).DirectoryExists(inner);

    public override IReadOnlyList<FileTreeEntry> List(string directory)
    {
        string real = Resolve(directory);
        return mounts.TryGetValue(real, out Lazy<FileTree>? mounted) ? mounted.Value.List(string.Empty) : At(real, out string inner).List(inner);
    }

    /// <remarks>A symlink of a submodule may lead into the repository that it is mounted in, as in a working tree.</remarks>
    public override string Resolve(string path) => SymlinkWalk.Resolve(TreePath.Clean(path), TargetOf, static _ => null);

    private static FileTree Of(FileTree files, SourceRef source, Func<Submodule, SourceRef, FileTree> fetch, Budget budget, int depth) =>
        files is GitTree { Submodules.Count: > 0 } commit ? new SubmoduleTree(commit, source, fetch, budget, depth) : files;

    private string? TargetOf(string path) => Mounted(path, out string inner) switch
    {
        null => files.TargetOf(path),
        SubmoduleTree nested => nested.TargetOf(inner),
        GitTree commit => commit.TargetOf(inner),
        // A folder that stands for the repository keeps its own symlinks.
        _ => null,
    };

    private FileTree At(string path, out string inner)
    {
        string real = Resolve(path);
        if (Mounted(real, out inner) is { } mounted)
        {
            return mounted;
        }

        inner = real;
        return files;
    }

    /// <summary>The submodule that a path without symlinks lies below; null for what belongs to the repository itself, the mount point among it.</summary>
    private FileTree? Mounted(string path, out string inner)
    {
        for (int slash = path.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            if (mounts.TryGetValue(path[..slash], out Lazy<FileTree>? mounted))
            {
                inner = path[(slash + 1)..];
                return mounted.Value;
            }
        }

        inner = path;
        return null;
    }

    private FileTree Open(string path, string commit)
    {
        if (!addresses.Value.TryGetValue(path, out string? url) || url.Length == 0)
        {
            throw new SourceException($"{path}: is a submodule, for which .gitmodules has no address to fetch", path);
        }

        if (depth >= MaxDepth)
        {
            throw new SourceException($"{path}: submodules nested deeper than {MaxDepth}", path);
        }

        if (++budget.Taken > MaxSubmodules)
        {
            throw new SourceException($"{path}: more than {MaxSubmodules} submodules are read", path);
        }

        string address = Submodules.Resolve(source.Url, url);
        SourceRef reference = new(address, commit) { Access = RepositoryUrl.SameServer(address, source.Url) ? source.Access : null };
        return Of(fetch(new Submodule(path, url, commit), reference), reference, fetch, budget, depth + 1);
    }

    private sealed class Budget
    {
        public int Taken { get; set; }
    }
}
