using Bowline.Rendering.Requests;
using Bowline.Sources.Files;

namespace Bowline.Rendering.Kustomize.Files;

/// <summary>
/// Reads the files of one kustomization directory and opens the directories it builds upon. Files must lie in or below
/// the directory, unless the build allows otherwise; nothing outside the snapshot can be named at all.
/// </summary>
internal sealed class DirectoryLoader
{
    private const int MaxDepth = 1200;
    private readonly FileTree tree;
    private readonly BuildFiles build;
    private readonly DirectoryLoader? parent;
    private readonly int depth;

    private DirectoryLoader(FileTree tree, string root, BuildFiles build, DirectoryLoader? parent, RemoteReference? remote)
    {
        this.tree = tree;
        this.build = build;
        this.parent = parent;
        Root = root;
        Remote = remote;
        depth = parent is null ? 0 : parent.depth + 1;
    }

    /// <summary>From the root of the tree, symlinks resolved.</summary>
    public string Root { get; }

    /// <summary>The repository that the directory was fetched from; null in the snapshot itself.</summary>
    public RemoteReference? Remote { get; }

    /// <summary>Whether this is the directory that is built, and no base of it.</summary>
    public bool IsFirst => parent is null;

    public BuildFiles Build => build;

    public FileTree Tree => tree;

    /// <summary>How messages call the directory.</summary>
    public string Printable => Remote is null ? (Root.Length == 0 ? "." : Root) : $"{Remote.Repository}//{Root}";

    /// <summary>Whether the directory may be empty only because its URL asks for no submodules.</summary>
    public bool MayBeSubmodule => Remote is { Submodules: false } && Guard(() => tree.FileExists(".gitmodules"), Root);

    public static DirectoryLoader Open(FileTree tree, string path, BuildFiles build)
    {
        string root = Guard(() => tree.Resolve(TreePath.Clean(path)), path);
        return Guard(() => tree.DirectoryExists(root), path)
            ? new DirectoryLoader(tree, root, build, null, null)
            : throw new RenderException("must build at directory: not a valid directory", path);
    }

    /// <exception cref="RenderException">No such file, outside the root, or a URL.</exception>
    public byte[] Read(string path, out string file)
    {
        if (RemoteReference.IsHttp(path))
        {
            file = RemoteReference.WithoutSecrets(path);
            return build.Fetch(path);
        }

        string named = Guard(() => TreePath.Combine(Root, path), path);
        if (path.Length == 0 || !Guard(() => tree.FileExists(named), named))
        {
            bool directory = Guard(() => tree.DirectoryExists(named), named);
            throw new RenderException(directory ? $"'{Name(path)}' must resolve to a file" : $"'{Name(path)}': no such file", Name(named));
        }

        string real = Guard(() => tree.Resolve(named), named);
        if (!build.AllowOutsideRoot && !TreePath.IsWithin(TreePath.Parent(real), Root))
        {
            throw new RenderException($"security; file '{real}' is not in or below '{Printable}'", named);
        }

        file = Remote is null ? real : $"{Remote.Repository}//{real}";
        return ReadBytes(real);
    }

    public bool IsFile(string path) => Guard(() => tree.FileExists(TreePath.Combine(Root, path)), path);

    /// <summary>Opens the directory or repository that a kustomization builds upon.</summary>
    /// <exception cref="RenderException">Not a directory, not available, or part of a cycle.</exception>
    public DirectoryLoader Enter(string path)
    {
        if (path.Length == 0)
        {
            throw new RenderException("new root cannot be empty");
        }

        if (depth >= MaxDepth)
        {
            throw new RenderException($"bases are nested deeper than {MaxDepth}", Root);
        }

        return RemoteReference.Parse(path) is { } remote ? EnterRemote(remote) : EnterLocal(path);
    }

    private DirectoryLoader EnterRemote(RemoteReference remote)
    {
        for (DirectoryLoader? at = this; at is not null; at = at.parent)
        {
            if (at.Remote?.Source == remote.Source && TreePath.IsWithin(at.Root, remote.Path))
            {
                throw new RenderException($"cycle detected: '{remote.Printable}' is being built already");
            }
        }

        FileTree fetched = build.Fetch(remote);
        string root = Guard(() => fetched.Resolve(TreePath.Clean(remote.Path)), remote.Path);
        return Guard(() => fetched.DirectoryExists(root), remote.Printable)
            ? new DirectoryLoader(fetched, root, build, this, remote)
            : throw new RenderException($"'{remote.Printable}' has no directory '{remote.Path}'");
    }

    private DirectoryLoader EnterLocal(string path)
    {
        if (path.StartsWith('/'))
        {
            throw new RenderException($"new root '{path}' cannot be absolute", Root);
        }

        string named = Guard(() => TreePath.Combine(Root, path), path);
        if (!Guard(() => tree.DirectoryExists(named), named))
        {
            bool file = Guard(() => tree.FileExists(named), named);
            throw new RenderException(file ? $"'{named}': file is not directory" : $"'{Name(named)}': no such file or directory", Name(named));
        }

        string root = Guard(() => tree.Resolve(named), named);
        for (DirectoryLoader? at = this; at is not null && ReferenceEquals(at.tree, tree); at = at.parent)
        {
            if (TreePath.IsWithin(at.Root, root))
            {
                throw new RenderException($"cycle detected: candidate root '{Shown(root)}' contains visited root '{Shown(at.Root)}'", Root);
            }
        }

        return new DirectoryLoader(tree, root, build, this, Remote);
    }

    private byte[] ReadBytes(string path)
    {
        build.Cancellation.ThrowIfCancellationRequested();
        byte[] content = Guard(() => tree.Read(path), path);
        if (Remote is null)
        {
            build.Note(path);
        }

        return content;
    }

    private static T Guard<T>(Func<T> access, string path)
    {
        try
        {
            return access();
        }
        catch (SourceException error)
        {
            throw new RenderException($"security; {error.Message}", error.Path ?? Name(path), inner: error);
        }
    }

    private static string Shown(string root) => root.Length == 0 ? "." : root;

    /// <summary>Inline patches are tried as paths first; a message shows no more than their beginning.</summary>
    private static string Name(string path)
    {
        int end = path.IndexOf('\n', StringComparison.Ordinal);
        string line = end < 0 ? path : path[..end];
        line = line.Contains(":/", StringComparison.Ordinal) ? RemoteReference.WithoutSecrets(line) : line;
        return line.Length <= 120 ? line : $"{line[..120]}…";
    }
}
