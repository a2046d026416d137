using Bowline.Rendering.Globs;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Bowline.Sources.Files;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.ApplicationSets.Generators;

/// <summary>
/// <c>git</c>: one element for each folder of a repository that matches, or for each object in the YAML and JSON files that match.
/// What any <c>exclude</c> matches is left out, whatever includes it.
/// </summary>
internal sealed class GitGenerator : IGenerator
{
    private const long LargestFile = 8 * 1024 * 1024;
    private const long MostBytes = 64 * 1024 * 1024;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(3);

    public TimeSpan? RequeueAfter(MapNode generator) => Requeue.Of(generator, Interval);

    public async Task<IReadOnlyList<MapNode>> GenerateAsync(MapNode generator, GeneratorRun run, CancellationToken cancellationToken)
    {
        string url = Parameters.Text(generator["repoURL"]);
        string revision = Parameters.Text(generator["revision"]);
        if (url.Length == 0)
        {
            throw new GeneratorException("error generating params from git: it names no repoURL");
        }

        try
        {
            FileTree files = await run.OnceAsync($"git {url} {revision}", () => run.Sources.OpenGitAsync(new GitQuery(url, revision, run.Project), cancellationToken)).ConfigureAwait(false);
            return (generator["directories"], generator["files"]) switch
            {
                (ListNode { Count: > 0 } directories, _) => Directories(files, Patterns(directories), generator, run, cancellationToken),
                (_, ListNode { Count: > 0 } patterns) => Files(files, Patterns(patterns), generator, run, cancellationToken),
                _ => throw new GeneratorException("error generating params from git: it names neither directories nor files"),
            };
        }
        catch (Exception unreadable) when (unreadable is SourceException or ApplicationException)
        {
            throw new GeneratorException($"error generating params from git: {unreadable.Message}", unreadable);
        }
    }

    private static (string Path, bool Exclude)[] Patterns(ListNode list) => [.. list.Select(item => (Parameters.Text(item["path"]), item["exclude"]?.AsBool() == true))];

    private static List<MapNode> Directories(FileTree files, (string Path, bool Exclude)[] patterns, MapNode generator, GeneratorRun run, CancellationToken cancellationToken)
    {
        string[][] included = [.. patterns.Where(pattern => !pattern.Exclude).Select(pattern => pattern.Path.Split('/'))];
        GoMatch[] excluded = [.. patterns.Where(pattern => pattern.Exclude).Select(pattern => GoMatch.Compile(pattern.Path)).OfType<GoMatch>()];
        List<MapNode> found = [];
        Stack<(string Path, int Depth)> open = new([(string.Empty, 0)]);
        while (open.TryPop(out (string Path, int Depth) at))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (at.Depth > 0 && included.Any(pattern => pattern.Length == at.Depth && Fits(pattern, at.Path)) && !Array.Exists(excluded, glob => glob.IsMatch(at.Path)))
            {
                MapNode parameters = new();
                PathParameters.Add(parameters, at.Path, file: null, Parameters.Text(generator["pathParamPrefix"]), run.Language.IsStructured);
                Parameters.AddValues(parameters, generator["values"], run, cancellationToken);
                found.Add(parameters);
                GeneratorRun.CheckCount(found.Count);
            }

            // A star stops at slashes, so that a pattern's folders say which folders are worth looking into.
            foreach (FileTreeEntry entry in files.List(at.Path).Reverse().Where(entry => entry.IsDirectory && !entry.Name.StartsWith('.')))
            {
                string path = at.Depth == 0 ? entry.Name : $"{at.Path}/{entry.Name}";
                if (included.Any(pattern => pattern.Length > at.Depth && Fits(pattern.AsSpan(0, at.Depth + 1), path)))
                {
                    open.Push((path, at.Depth + 1));
                }
            }
        }

        return found;
    }

    private static bool Fits(ReadOnlySpan<string> pattern, string path) => GoMatch.IsMatch(string.Join('/', pattern!), path);

    private static List<MapNode> Files(FileTree files, (string Path, bool Exclude)[] patterns, MapNode generator, GeneratorRun run, CancellationToken cancellationToken)
    {
        PathspecGlob[] excluded = [.. patterns.Where(pattern => pattern.Exclude).Select(pattern => new PathspecGlob(pattern.Path))];
        SortedSet<string> paths = new(StringComparer.Ordinal);
        foreach (PathspecGlob glob in patterns.Where(pattern => !pattern.Exclude).Select(pattern => new PathspecGlob(pattern.Path)))
        {
            paths.UnionWith((files.DirectoryExists(glob.Folder) ? files.Walk(glob.Folder) : []).Where(path => glob.IsMatch(path) && !Array.Exists(excluded, other => other.IsMatch(path))));
        }

        List<MapNode> found = [];
        long bytes = 0;
        foreach (string path in paths)
        {
            cancellationToken.ThrowIfCancellationRequested();
            byte[] content = files.Read(path, LargestFile);
            bytes += content.Length;
            if (bytes > MostBytes)
            {
                throw new GeneratorException($"error generating params from git: its files are larger than {MostBytes} bytes together");
            }

            foreach (MapNode read in Objects(path, content))
            {
                MapNode parameters = run.Language.IsStructured ? read : Parameters.Flatten(read);
                int slash = path.LastIndexOf('/');
                PathParameters.Add(parameters, slash < 0 ? string.Empty : path[..slash], path[(slash + 1)..], Parameters.Text(generator["pathParamPrefix"]), run.Language.IsStructured);
                Parameters.AddValues(parameters, generator["values"], run, cancellationToken);
                found.Add(parameters);
                GeneratorRun.CheckCount(found.Count);
            }
        }

        return found;
    }

    /// <summary>One object, or each one of a list; an empty file is an empty object.</summary>
    private static IEnumerable<MapNode> Objects(string path, byte[] content)
    {
        Node root;
        try
        {
            IReadOnlyList<YamlDocument> documents = YamlReader.ReadAll(content, YamlReadOptions.HelmValues with { FileName = path, MaxDepth = 100, MaxNodes = 1_000_000 });
            root = documents.Count == 0 ? Node.Null : documents[0].Root;
        }
        catch (YamlException broken)
        {
            throw new GeneratorException($"error generating params from git: unable to process file '{path}': {broken.Message}", broken);
        }

        return root switch
        {
            MapNode map => [map],
            NullNode => [new MapNode()],
            ListNode list when list.All(item => item is MapNode) => list.Cast<MapNode>(),
            _ => throw new GeneratorException($"error generating params from git: unable to process file '{path}': it holds neither an object nor a list of objects"),
        };
    }
}
