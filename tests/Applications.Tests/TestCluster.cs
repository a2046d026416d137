using Bowline.Cluster.Http;
using Bowline.Cluster.Kubeconfig;
using Bowline.EmbeddedCluster.Hosting;

namespace Bowline.Applications.Tests;

/// <summary>An embedded API server without controllers, and a client of it.</summary>
internal sealed class TestCluster(EmbeddedClusterHost host, HttpCluster cluster) : IAsyncDisposable
{
    public HttpCluster Cluster => cluster;

    public static async Task<TestCluster> StartAsync(string name = "test")
    {
        EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Name = name, Time = TimeProvider.System }, default(CancellationToken));
        ClusterConnection connection = new(host.Name, host.Server) { CertificateAuthority = host.CertificateAuthority, ClientCertificate = host.ClientCertificate, ClientKey = host.ClientKey };
        return new TestCluster(host, new HttpCluster(connection, TimeProvider.System));
    }

    public async ValueTask DisposeAsync()
    {
        cluster.Dispose();
        await host.DisposeAsync();
    }
}
