using System.Collections.Frozen;
using Bowline.Applications.ApplicationSets.Templates;
using Bowline.Resources.Model;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.ApplicationSets.Generators;

/// <summary>The kinds of generators by the names that manifests use.</summary>
internal sealed class GeneratorRegistry
{
    private static readonly string[] Combining = ["matrix", "merge"];
    private readonly FrozenDictionary<string, IGenerator> byName;

    public GeneratorRegistry() => byName = new Dictionary<string, IGenerator>
    {
        ["list"] = new ListGenerator(),
        ["clusters"] = new ClusterGenerator(),
        ["git"] = new GitGenerator(),
        ["scmProvider"] = new ScmProviderGenerator(),
        ["pullRequest"] = new PullRequestGenerator(),
        ["plugin"] = new PluginGenerator(),
        ["clusterDecisionResource"] = new ClusterDecisionGenerator(),
        ["matrix"] = new MatrixGenerator(this),
        ["merge"] = new MergeGenerator(this),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>What one entry of a set's <c>generators</c> comes to, with the template of each: an entry may hold several kinds side by side.</summary>
    /// <exception cref="GeneratorException">One of them cannot say what there is.</exception>
    public async Task<IReadOnlyList<(MapNode? Template, IReadOnlyList<MapNode> Parameters)>> GenerateAsync(Node entry, GeneratorRun run, CancellationToken cancellationToken)
    {
        ParameterSelector selector = new(entry["selector"]);
        List<(MapNode?, IReadOnlyList<MapNode>)> results = [];
        foreach ((IGenerator generator, MapNode body) in Parts(entry))
        {
            IReadOnlyList<MapNode> all = await generator.GenerateAsync(body, run, cancellationToken).ConfigureAwait(false);
            GeneratorRun.CheckCount(all.Count);
            results.Add((body["template"] as MapNode, selector.IsEmpty ? all : [.. all.Where(parameters => selector.Matches(Parameters.Flatten(parameters)))]));
        }

        return results;
    }

    /// <summary>What a generator inside of a matrix or a merge comes to; templates there do not count.</summary>
    public async Task<IReadOnlyList<MapNode>> ChildAsync(Node entry, GeneratorRun run, CancellationToken cancellationToken)
    {
        (IGenerator Generator, MapNode Body)[] parts = [.. Parts(entry)];
        if (parts.Length > 1)
        {
            throw new GeneratorException("found more than one generator in an entry of a matrix or a merge");
        }

        if (Combining.Select(name => entry[name]).FirstOrDefault(node => node is MapNode)?["generators"] is ListNode inner
            && inner.Any(child => Combining.Any(name => child[name] is MapNode)))
        {
            throw new GeneratorException("a matrix or merge inside of another one cannot hold a third");
        }

        return (await GenerateAsync(entry, run, cancellationToken).ConfigureAwait(false))[0].Parameters;
    }

    /// <summary>A generator's manifest with parameters of another filled in.</summary>
    /// <exception cref="GeneratorException">A text in it cannot be rendered.</exception>
    public Node Interpolate(Node entry, MapNode parameters, GeneratorRun run, CancellationToken cancellationToken)
    {
        try
        {
            return TemplateTree.Render(entry, run.Language.With(parameters, cancellationToken));
        }
        catch (ApplicationException broken)
        {
            throw new GeneratorException(broken.Message, broken);
        }
    }

    /// <summary>When to ask again; null for never.</summary>
    public TimeSpan? RequeueAfter(Node? entries)
    {
        TimeSpan? shortest = null;
        foreach (Node entry in entries as ListNode ?? [])
        {
            foreach ((string name, Node body) in entry as MapNode ?? [])
            {
                if (body is MapNode map && byName.TryGetValue(name, out IGenerator? generator))
                {
                    shortest = Requeue.Shorter(shortest, generator.RequeueAfter(map));
                }
            }
        }

        return shortest;
    }

    private IEnumerable<(IGenerator Generator, MapNode Body)> Parts(Node entry)
    {
        bool any = false;
        foreach ((string name, Node body) in entry as MapNode ?? [])
        {
            if (name != "selector" && !body.IsNull)
            {
                any = true;
                yield return (byName.GetValueOrDefault(name) ?? throw new GeneratorException($"there is no generator \"{name}\""), body as MapNode ?? throw new GeneratorException($"generator {name} is no map"));
            }
        }

        if (!any)
        {
            throw new GeneratorException("an entry of generators names none");
        }
    }
}
