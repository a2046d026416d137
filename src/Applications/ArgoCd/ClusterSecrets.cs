using Bowline.Applications.Model;
using Bowline.Resources.Model;
using Bowline.Sources.Git;
using ApplicationException = Bowline.Applications.Model.ApplicationException;

namespace Bowline.Applications.ArgoCd;

/// <summary>The clusters that Argo CD's cluster Secrets describe, and which of them a destination means.</summary>
public sealed class ClusterSecrets
{
    private readonly List<ClusterSecret> all = [];
    private readonly Dictionary<string, ClusterSecret> byServer = new(StringComparer.Ordinal);
    private readonly bool hasLocal;

    private ClusterSecrets(IEnumerable<MapNode> objects, bool hasLocal)
    {
        this.hasLocal = hasLocal;
        foreach (MapNode secret in objects.Where(ClusterSecret.IsOne).OrderBy(secret => secret.At("metadata", "name")?.AsString(), StringComparer.Ordinal))
        {
            ClusterSecret read = ClusterSecret.Read(secret);
            if (read.Server.Length > 0 && byServer.TryAdd(read.Server, read))
            {
                all.Add(read);
            }
        }
    }

    /// <summary>In the order of their Secrets' names; of two for one server the first counts.</summary>
    public IReadOnlyList<ClusterSecret> All => all;

    /// <param name="objects">In any order; objects that are no cluster Secrets are passed over.</param>
    /// <param name="hasLocal">Whether the cluster that holds the Applications is one of the destinations (argocd-cm's <c>cluster.inClusterEnabled</c>).</param>
    public static ClusterSecrets Read(IEnumerable<MapNode> objects, bool hasLocal = true) => new(objects, hasLocal);

    public ClusterSecret? Find(string server) => byServer.GetValueOrDefault(server.TrimEnd('/'));

    /// <summary>The cluster that a destination means: its Secret, or null for the one that holds the Applications.</summary>
    /// <param name="own">The address of that cluster as this process reaches it, which means the same as <see cref="ClusterSecret.LocalServer"/>.</param>
    /// <exception cref="ApplicationException">There is no such cluster, or more than one of that name.</exception>
    public ClusterSecret? Resolve(Destination destination, Uri? own)
    {
        (string server, string name) = (destination.Server.TrimEnd('/'), destination.Name);
        if (server.Length > 0 && name.Length > 0)
        {
            throw new ApplicationException($"application destination can't have both name and server defined: {name} {server}");
        }

        if (name.Length > 0)
        {
            ClusterSecret[] named = [.. all.Where(cluster => cluster.Name == name)];
            if (named.Length > 1)
            {
                throw new ApplicationException($"there are {named.Length} clusters with the same name: [{string.Join(' ', named.Select(cluster => cluster.ShownServer))}]");
            }

            if (named.Length == 0 && name != ClusterSecret.LocalName)
            {
                throw new ApplicationException($"there are no clusters with this name: {name}{Known()}");
            }

            server = named.Length == 0 ? ClusterSecret.LocalServer : named[0].Server;
        }

        if (server is "" or ClusterSecret.LocalServer)
        {
            return hasLocal || server.Length == 0 ? null : throw new ApplicationException($"cluster {ClusterSecret.LocalServer} is disabled in argocd-cm (cluster.inClusterEnabled)");
        }

        return Find(server)
            ?? (own is not null && Uri.TryCreate(server, UriKind.Absolute, out Uri? meant) && meant == own ? null
                : throw new ApplicationException($"error getting cluster by server \"{RepositoryUrl.Redact(server)}\": no cluster Secret describes it{Known()}"));
    }

    /// <summary>A destination with both the name and the server of its cluster, as far as they are known.</summary>
    public Destination Describe(Destination destination)
    {
        ClusterSecret? local = Find(ClusterSecret.LocalServer);
        if (destination.Server.TrimEnd('/') == ClusterSecret.LocalServer || (destination.Server.Length == 0 && (destination.Name == ClusterSecret.LocalName || (local is not null && destination.Name == local.Name))))
        {
            return destination with { Server = ClusterSecret.LocalServer, Name = local?.Name ?? ClusterSecret.LocalName };
        }

        ClusterSecret? meant = destination.Server.Length > 0 ? Find(destination.Server) : all.Find(cluster => cluster.Name == destination.Name);
        return meant is null ? destination : destination with { Server = meant.Server, Name = meant.Name };
    }

    /// <summary>Whether a destination is a cluster of a project's own.</summary>
    public bool IsOf(string project, Destination destination)
    {
        Destination described = Describe(destination);
        return Find(described.Server)?.Project == project;
    }

    private string Known() => all.Count == 0 ? $"; there is no cluster Secret at all (label {RepositorySecrets.TypeLabel}: cluster)"
        : $"; there are {string.Join(", ", all.Select(cluster => $"{cluster.Name} ({cluster.ShownServer})"))}";
}
