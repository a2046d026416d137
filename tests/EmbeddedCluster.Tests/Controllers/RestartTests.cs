using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Bowline.EmbeddedCluster.Controllers;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Model;

namespace Bowline.Tests.Controllers;

public sealed class RestartTests
{
    [Fact]
    public async Task Controllers_that_start_again_on_the_same_state_make_nothing_twice()
    {
        string directory = Directory.CreateTempSubdirectory("bowline-restart").FullName;
        try
        {
            await using (RunningCluster first = await RunningCluster.StartAsync(host: new EmbeddedClusterOptions { StateDirectory = directory }))
            {
                await first.CreateAsync("""
                    apiVersion: apps/v1
                    kind: Deployment
                    metadata: {name: web, namespace: default}
                    spec:
                      replicas: 5
                      selector: {matchLabels: {app: web}}
                      template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: web}]}}
                    """);
                // Stopped in the middle of it.
                await first.WaitAsync("apps/v1", "Deployment", "web", node => node.Status().Int("observedGeneration") == 1);
            }

            await using RunningCluster second = await RunningCluster.StartAsync(host: new EmbeddedClusterOptions { StateDirectory = directory });
            await second.WaitAsync("apps/v1", "Deployment", "web", node => node.Status().Int("availableReplicas") == 5);
            Assert.Equal(5, (await second.ListAsync("v1", "Pod")).Count);
            Assert.Equal(5, (await second.ListAsync("v1", "Pod")).Select(pod => pod.Status().Text("podIP")).Distinct().Count());
            Assert.Single(await second.ListAsync("apps/v1", "ReplicaSet"));
            Assert.Equal(3, (await second.ListAsync("v1", "Node", string.Empty)).Count);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1.5)]
    public async Task A_clock_goes_on_where_the_state_was_left_and_says_so(double speed)
    {
        string directory = Directory.CreateTempSubdirectory("bowline-restart").FullName;
        try
        {
            string left;
            await using (RunningCluster first = await RunningCluster.StartAsync(host: new EmbeddedClusterOptions { StateDirectory = directory, Time = new FasterTime(TimeProvider.System, 50_000) }))
            {
                string began = DateTimeOffset.UtcNow.AddHours(2).ToString("yyyy-MM-dd'T'HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture);
                MapNode lease = await first.WaitAsync("coordination.k8s.io/v1", "Lease", "bowline-1", node => string.CompareOrdinal(node.Spec().Text("renewTime"), began) > 0, "kube-node-lease");
                left = lease.Spec().Text("renewTime");
            }

            FasterTime time = new(TimeProvider.System, speed);
            await using EmbeddedClusterHost second = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { StateDirectory = directory, Time = time }, default);
            Assert.True(time.GetUtcNow() >= DateTimeOffset.Parse(left, System.Globalization.CultureInfo.InvariantCulture));
            Assert.Matches("^the cluster's clock goes on at [0-9TZ:-]+, where it was left: it is [0-9]+h[0-9]+m[0-9]+s ahead of this machine's$", Assert.Single(second.Notes));

            // Its certificate is of today.
            using X509Certificate2 serving = await ServingAsync(second);
            Assert.True(serving.NotBefore.ToUniversalTime() < DateTime.UtcNow);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<X509Certificate2> ServingAsync(EmbeddedClusterHost host)
    {
        using TcpClient client = new(host.Server.Host, host.Server.Port);
        await using SslStream stream = new(client.GetStream(), false, static (_, _, _, _) => true);
        await stream.AuthenticateAsClientAsync(host.Server.Host);
        return new X509Certificate2(stream.RemoteCertificate!);
    }
}
