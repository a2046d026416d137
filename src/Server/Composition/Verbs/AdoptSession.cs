using Bowline.Applications.Adopting;
using Bowline.Cluster.Http;
using Bowline.Cluster.Kubeconfig;
using Bowline.Server.Composition.Up;

namespace Bowline.Server.Composition.Verbs;

/// <summary>Takes an Argo CD's Applications over, and gives them back: in the cluster that the options name, or that is current, and in those of its cluster Secrets.</summary>
public sealed class AdoptSession : IDisposable
{
    private readonly List<HttpCluster> open = [];

    public AdoptSession(UpOptions options, TimeProvider time)
    {
        ClusterConnection connection = ClusterFleet.LoadContexts(options).Connection(options.TargetContext);
        HttpCluster hub = Open(connection);
        Cluster = hub.Name;
        Adoption = new Adoption(new AdoptedClusters(hub, connection.Server, secret => Open(secret.Connect(options.AllowedExecPlugins))), options.ArgoCdNamespace, options.ApplicationNamespaces, time);

        HttpCluster Open(ClusterConnection to)
        {
            HttpCluster cluster = new(to, time);
            open.Add(cluster);
            return cluster;
        }
    }

    public Adoption Adoption { get; }

    public string Cluster { get; }

    public void Dispose() => open.ForEach(cluster => cluster.Dispose());
}
