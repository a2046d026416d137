using Bowline.Applications.ApplicationSets.Templates;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Applications.ApplicationSets.Generators;

/// <summary><c>clusters</c>: one element for each cluster Secret that the selector matches; the hub's own cluster only when nothing is selected by.</summary>
internal sealed class ClusterGenerator : IGenerator
{
    public TimeSpan? RequeueAfter(MapNode generator) => null;

    public async Task<IReadOnlyList<MapNode>> GenerateAsync(MapNode generator, GeneratorRun run, CancellationToken cancellationToken)
    {
        ParameterSelector selector = new(generator["selector"]);
        IReadOnlyList<KnownCluster> clusters = await run.OnceAsync("clusters", () => KnownCluster.ListAsync(run.Sources.Objects, cancellationToken)).ConfigureAwait(false);
        List<MapNode> found = [];
        foreach (KnownCluster cluster in clusters.OrderBy(cluster => cluster.Secret is not null))
        {
            // The hub's own cluster has no Secret and so no labels to be selected by.
            if (cluster.Secret is null ? !selector.IsEmpty : !selector.Matches(cluster.Secret.At("metadata", "labels")))
            {
                continue;
            }

            MapNode parameters = new() { ["name"] = cluster.Name, ["nameNormalized"] = Naming.Normalize(cluster.Name), ["server"] = cluster.Server, ["project"] = cluster.Project };
            AddMetadata(parameters, cluster, run.Language.IsStructured);
            Parameters.AddValues(parameters, generator["values"], run, cancellationToken);
            found.Add(parameters);
        }

        return generator["flatList"]?.AsBool() == true ? [new MapNode { ["clusters"] = new ListNode(found) }] : found;
    }

    private static void AddMetadata(MapNode parameters, KnownCluster cluster, bool structured)
    {
        MapNode metadata = new();
        foreach (string member in (string[])["annotations", "labels"])
        {
            if (cluster.Secret?.At("metadata", member) is MapNode { Count: > 0 } pairs)
            {
                metadata.Set(member, structured ? new GoMap(GoType.StringMap, (MapNode)pairs.DeepClone()) : pairs);
            }
        }

        if (structured)
        {
            if (cluster.Secret is not null)
            {
                parameters.Set("metadata", metadata);
            }

            return;
        }

        foreach ((string member, Node pairs) in metadata)
        {
            foreach ((string key, Node value) in (MapNode)pairs)
            {
                parameters.Set($"metadata.{member}.{key}", Parameters.Text(value));
            }
        }
    }
}
