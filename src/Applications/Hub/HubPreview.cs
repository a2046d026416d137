using Bowline.Applications.ArgoCd;
using Bowline.Applications.Model;
using Bowline.Cluster.Requests;
using Bowline.Resources.Model;

namespace Bowline.Applications.Hub;

/// <summary>What a hub will declare when a repository's files are in it, for those who only look: nothing is written.</summary>
public static class HubPreview
{
    /// <param name="found">What the files declare, which goes before what the hub holds under the same names.</param>
    /// <returns>Null where the cluster holds no Applications, or does not let them be read.</returns>
    /// <exception cref="ClusterException">The cluster does not answer.</exception>
    public static async Task<HubView?> ReadAsync(ICluster cluster, ApplicationNamespaces namespaces, FoundApplications found, CancellationToken cancellationToken)
    {
        string scope = namespaces.AreSeveral ? string.Empty : namespaces.Home;
        if (await ListAsync(cluster, ArgoDefinitions.Applications, scope, cancellationToken).ConfigureAwait(false) is not { } applications)
        {
            return null;
        }

        ArgoCdDialect dialect = new(namespaces);
        IReadOnlyList<MapNode> projects = await ListAsync(cluster, ArgoDefinitions.Projects, namespaces.Home, cancellationToken).ConfigureAwait(false) ?? [];
        HashSet<(string Kind, string Name)> declared = [.. found.Manifests.Select(manifest => (manifest.Id.Kind, dialect.NameOf(new Resource(manifest.Body))))];
        // What a repository wrote is that repository's to say: of this one it is gone with the next delivery, of others it is theirs.
        bool IsOfNobody(MapNode item) => item.At("metadata", "annotations", ApplicationHub.RepositoryAnnotation) is null && !ApplicationHub.IsLeftAlone(item);
        bool IsOfNoFile(KindInfo kind, MapNode item) => !declared.Contains((kind.Kind.Kind, dialect.NameOf(new Resource(item))));
        MapNode[] others = [.. applications.Where(item => namespaces.Allows(item.At("metadata", "namespace")?.AsString() ?? string.Empty) && IsOfNobody(item) && IsOfNoFile(ArgoDefinitions.Applications, item))];
        HubView view = new DeclaredReader(dialect).Read(others, found.Manifests, refused: []);
        return view with
        {
            Applications = [.. found.Applications, .. view.Applications],
            Projects = [.. projects.Where(item => IsOfNoFile(ArgoDefinitions.Projects, item))],
        };
    }

    private static async Task<IReadOnlyList<MapNode>?> ListAsync(ICluster cluster, KindInfo kind, string @namespace, CancellationToken cancellationToken)
    {
        try
        {
            return await cluster.FindKindAsync(kind.Kind, cancellationToken).ConfigureAwait(false) is null ? null
                : (await cluster.ListAsync(kind, @namespace, ListOptions.All, cancellationToken).ConfigureAwait(false)).Items;
        }
        catch (ClusterException refused) when (refused.Status is 401 or 403 or 404)
        {
            return null;
        }
    }
}
