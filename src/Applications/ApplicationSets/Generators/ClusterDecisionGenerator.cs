using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Generators;

/// <summary><c>clusterDecisionResource</c>: the clusters that somebody else's objects name in their status.</summary>
internal sealed class ClusterDecisionGenerator : IGenerator
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(3);

    public TimeSpan? RequeueAfter(MapNode generator) => Requeue.Of(generator, Interval);

    public async Task<IReadOnlyList<MapNode>> GenerateAsync(MapNode generator, GeneratorRun run, CancellationToken cancellationToken)
    {
        string configMap = Parameters.Text(generator["configMapRef"]);
        MapNode data = await SecretValue.ConfigMapAsync(configMap, run.Sources.Objects, cancellationToken).ConfigureAwait(false);
        string matchKey = Parameters.Text(data["matchKey"]);
        if (matchKey.Length == 0)
        {
            throw new GeneratorException($"ConfigMap {configMap} names no matchKey");
        }

        string list = Parameters.Text(data["statusListKey"]) is { Length: > 0 } named ? named : "clusters";
        IReadOnlyList<KnownCluster> clusters = await run.OnceAsync("clusters", () => KnownCluster.ListAsync(run.Sources.Objects, cancellationToken)).ConfigureAwait(false);
        List<MapNode> found = [];
        foreach (Node decision in (await ResourcesAsync(generator, data, configMap, run, cancellationToken).ConfigureAwait(false)).SelectMany(resource => resource.At("status", list) as ListNode ?? []))
        {
            if (Parameters.Text(decision[matchKey]) is not { Length: > 0 } name || clusters.FirstOrDefault(cluster => cluster.Name == name) is not { } cluster)
            {
                continue;
            }

            MapNode parameters = new() { ["name"] = cluster.Name, ["server"] = cluster.Server };
            foreach ((string key, Node value) in decision as MapNode ?? [])
            {
                parameters.Set(key, Parameters.Text(value));
            }

            Parameters.AddValues(parameters, generator["values"], run, cancellationToken);
            found.Add(parameters);
            GeneratorRun.CheckCount(found.Count);
        }

        return found;
    }

    private static async Task<MapNode[]> ResourcesAsync(MapNode generator, MapNode data, string configMap, GeneratorRun run, CancellationToken cancellationToken)
    {
        ResourceKind kind = ResourceKind.Of(Parameters.Text(data["apiVersion"]), Parameters.Text(data["kind"]));
        if (kind.Kind.Length == 0 || kind.Group.Length == 0)
        {
            throw new GeneratorException($"ConfigMap {configMap} names no apiVersion with a group, or no kind");
        }

        string name = Parameters.Text(generator["name"]);
        ParameterSelector selector = new(generator["labelSelector"]);
        if (name.Length == 0 == selector.IsEmpty)
        {
            throw new GeneratorException("a clusterDecisionResource is chosen by its name or by a labelSelector, one of the two");
        }

        MapNode[] chosen = [.. (await run.Sources.Objects.ListAsync(kind, cancellationToken).ConfigureAwait(false))
            .Where(resource => name.Length > 0 ? resource.At("metadata", "name")?.AsString() == name : selector.Matches(resource.At("metadata", "labels")))];
        return chosen.Length > 0 ? chosen : throw new GeneratorException($"no clusterDecisionResources found: there is no {kind} {(name.Length > 0 ? name : "that the labelSelector selects")}");
    }
}
