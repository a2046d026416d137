using Bowline.Applications.Adopting;
using Bowline.Applications.ArgoCd;
using Bowline.Cluster.Http;

namespace Bowline.Server.Composition;

/// <summary>Takes an Argo CD's Applications over, and gives them back: in the cluster that the options name, or that is current.</summary>
public sealed class AdoptSession : IDisposable
{
    private readonly HttpCluster cluster;

    public AdoptSession(UpOptions options, TimeProvider time)
    {
        cluster = new HttpCluster(ClusterFleet.LoadContexts(options).Connection(options.TargetContext), time);
        Adoption = new Adoption(cluster, options.ArgoCdNamespace, new ArgoCdDialect(), time);
    }

    public Adoption Adoption { get; }

    public string Cluster => cluster.Name;

    public void Dispose() => cluster.Dispose();
}
