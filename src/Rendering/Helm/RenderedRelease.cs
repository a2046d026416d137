using Bowline.Rendering.Globs;
using Bowline.Rendering.Helm.Charts;
using Bowline.Rendering.Helm.Manifests;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Helm;

/// <summary>What a render leaves: the documents in printed order, as text and as resources that know their template.</summary>
internal sealed class RenderedRelease(ChartInstance chart, ManifestSet set, HelmOptions options, IReadOnlyDictionary<string, ChartFile> templates)
{
    private readonly (string Path, ChartFile File)[] crds = options.IncludeCrds ? [.. chart.Crds()] : [];
    private readonly Manifest[] hooks = options.NoHooks ? [] : [.. set.Hooks.Where(hook => !options.SkipTests || !hook.Hook!.IsTest)];
    private readonly Dictionary<Manifest, Resource[]> resources = new(ReferenceEqualityComparer.Instance);

    /// <summary>The first file of crds/ that is no YAML; set by <see cref="Resources"/>.</summary>
    public RenderException? Unreadable { get; private set; }

    /// <summary>Checked at once, so that <c>--show-only</c> of a missing template fails the render; printed when asked for.</summary>
    public Func<string> Text()
    {
        if (options.ShowOnly.Count > 0)
        {
            string shown = Print();
            return () => shown;
        }

        return Print;
    }

    public IReadOnlyList<Resource> Resources() =>
    [
        .. crds.Where(crd => IsShown(crd.Path)).SelectMany(crd => OfCrd(crd.Path, crd.File)),
        .. set.Manifests.Concat(hooks).Where(manifest => IsShown(manifest.Source)).SelectMany(Of),
    ];

    public IReadOnlyList<HelmHook> Hooks() =>
    [
        .. hooks.Where(manifest => IsShown(manifest.Source))
            .SelectMany(manifest => Of(manifest).Select(resource => new HelmHook(resource, manifest.Hook!.Events, manifest.Hook.Weight, manifest.Hook.DeletePolicies))),
    ];

    private string Print() => TemplateOutput.Print(
        crds.Select(crd => (crd.Path, crd.File.Text)).Concat(set.Manifests.Select(manifest => (manifest.Source, manifest.Text))),
        hooks.Select(hook => (hook.Source, hook.Text)),
        options.ShowOnly);

    private bool IsShown(string source) =>
        options.ShowOnly.Count == 0 || options.ShowOnly.Any(pattern => GoMatch.IsMatch(pattern, TemplateOutput.PathInChart(source)));

    private Resource[] Of(Manifest manifest)
    {
        if (!resources.TryGetValue(manifest, out Resource[]? known))
        {
            ChartFile file = templates[manifest.Source];
            Origin origin = new(file.Path, LineInTemplate(file, manifest)) { Through = [manifest.Source] };
            resources[manifest] = known = [.. Expand(manifest.Root).Select(node => new Resource(node, origin))];
        }

        return known;
    }

    private IEnumerable<Resource> OfCrd(string path, ChartFile file)
    {
        IReadOnlyList<YamlDocument> documents;
        try
        {
            documents = YamlReader.ReadAll(file.Data, YamlReadOptions.Kubernetes with { FileName = path, DuplicateKeys = DuplicateKeys.LastWins });
        }
        catch (YamlException error)
        {
            Unreadable ??= new RenderException(error.Reason, file.Path, error.Line, error.Column, error);
            return [];
        }

        return documents.SelectMany(document => Expand(document.Root).Select(node => new Resource(node, new Origin(file.Path, document.Line) { Through = [path] })));
    }

    /// <summary>A list of objects counts as its items, as it does for whoever applies it.</summary>
    private static IEnumerable<MapNode> Expand(Node root)
    {
        if (root is not MapNode map)
        {
            return [];
        }

        bool isList = map["items"] is ListNode && map["kind"]?.AsString()?.EndsWith("List", StringComparison.Ordinal) == true;
        return isList ? ((ListNode)map["items"]!).OfType<MapNode>() : [map];
    }

    /// <summary>The line of the template that names the document's kind: the one of the same rank among such lines, as far as there are that many.</summary>
    private static int LineInTemplate(ChartFile file, Manifest manifest)
    {
        string[] lines = file.Text.Split('\n');
        List<int> kinds = [];
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
            if (line.StartsWith("kind:", StringComparison.Ordinal) && lines[i].StartsWith("kind", StringComparison.Ordinal)
                && (line[5..].Trim().Trim('"', '\'') == manifest.Head.Kind || line.Contains("{{", StringComparison.Ordinal)))
            {
                kinds.Add(i + 1);
            }
        }

        return kinds.Count == 0 ? 1 : kinds[Math.Min(manifest.Document, kinds.Count - 1)];
    }
}
