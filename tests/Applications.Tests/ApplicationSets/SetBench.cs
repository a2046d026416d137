using Bowline.Applications.ApplicationSets;
using Bowline.Applications.ArgoCd;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Bowline.Sources.Downloads;
using Bowline.Sources.Files;

namespace Bowline.Applications.Tests.ApplicationSets;

/// <summary>Expands sets over a repository and objects held in memory.</summary>
internal sealed class SetBench : IDisposable
{
    private readonly HttpDownloads web = new(TimeProvider.System);
    private readonly Dictionary<string, string> files = new(StringComparer.Ordinal);
    private readonly MemoryObjects objects = new();

    public int Opened { get; private set; }

    public string? GitFault { get; set; }

    public ApplicationSetExpander Expander => new(new GeneratorSources(OpenAsync, objects, web, TimeProvider.System) { Settings = () => Settings });

    public SetSettings Settings { get; set; } = new();

    public SetBench File(string path, string text = "")
    {
        files[path] = text;
        return this;
    }

    public SetBench Object(string yaml)
    {
        objects.Items.Add((MapNode)YamlReader.Read(yaml));
        return this;
    }

    public async Task<Expansion> ExpandAsync(string spec) => await Expander.ExpandAsync(Set(spec), CancellationToken.None);

    public static MapNode Set(string spec, string name = "demo") =>
        (MapNode)YamlReader.Read($"apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n{Indent(spec)}");

    /// <summary>The names of the applications, none of which may have failed.</summary>
    public async Task<string[]> NamesAsync(string spec)
    {
        Expansion expansion = await ExpandAsync(spec);
        Assert.Empty(expansion.Problems);
        return [.. expansion.Applications.Select(application => application.At("metadata", "name")!.AsString()!)];
    }

    public async Task<MapNode> SingleAsync(string spec)
    {
        Expansion expansion = await ExpandAsync(spec);
        Assert.Empty(expansion.Problems);
        return Assert.Single(expansion.Applications);
    }

    public async Task<string> ProblemAsync(string spec) => Assert.Single((await ExpandAsync(spec)).Problems).Message;

    public void Dispose() => web.Dispose();

    private Task<FileTree> OpenAsync(GitQuery query, CancellationToken cancellationToken)
    {
        Opened++;
        return GitFault is { } fault ? throw new SourceException(fault) : Task.FromResult<FileTree>(MemoryTree.FromText(files));
    }

    private static string Indent(string text) => string.Join('\n', text.Split('\n').Select(line => "  " + line));

    private sealed class MemoryObjects : IObjectSource
    {
        public List<MapNode> Items { get; } = [];

        public Task<MapNode?> FindAsync(ResourceKind kind, string name, CancellationToken cancellationToken) =>
            Task.FromResult(Items.FirstOrDefault(item => item["kind"]?.AsString() == kind.Kind && item.At("metadata", "name")?.AsString() == name));

        public Task<IReadOnlyList<MapNode>> ListAsync(ResourceKind kind, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<MapNode>>([.. Items.Where(item => item["kind"]?.AsString() == kind.Kind)]);
    }
}
