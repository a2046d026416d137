using System.Diagnostics;
using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tests.Hosting;

public sealed class HostTests
{
    [Fact]
    public async Task A_warm_host_starts_quickly_and_serves_its_bootstrap_objects()
    {
        await using (await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), default))
        {
        }

        Stopwatch watch = Stopwatch.StartNew();
        await using EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Name = "one" }, default);
        Assert.True(watch.ElapsedMilliseconds < 1500, $"{watch.ElapsedMilliseconds} ms");
        KindInfo namespaces = (await host.Cluster.FindKindAsync(new ResourceKind("", "v1", "Namespace"), default))!;
        ObjectList list = await host.Cluster.ListAsync(namespaces, "", ListOptions.All, default);
        Assert.Contains(list.Items, item => item["metadata"]!["name"]!.AsString() == "kube-system");
    }

    [Fact]
    public async Task The_service_kubernetes_leads_to_the_server_and_comes_back()
    {
        string state = Directory.CreateTempSubdirectory().FullName;
        try
        {
            for (int start = 0; start < 2; start++)
            {
                // The second start is on another port.
                await using EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { StateDirectory = state }, default);
                using Rest admin = Rest.Admin(host);
                await LeadsThereAsync(admin, host);
                foreach (string path in (string[])["/api/v1/namespaces/default/services", "/api/v1/namespaces/default/endpoints", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"])
                {
                    string uid = (await admin.GetAsync($"{path}/kubernetes")).Body.At("metadata", "uid")!.AsString()!;
                    await admin.DeleteAsync($"{path}/kubernetes");
                    await AgainAsync(admin, $"{path}/kubernetes", uid);
                }

                await LeadsThereAsync(admin, host);
            }
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    }

    private static async Task LeadsThereAsync(Rest admin, EmbeddedClusterHost host)
    {
        MapNode endpoints = (await admin.GetAsync("/api/v1/namespaces/default/endpoints/kubernetes")).Body;
        MapNode subset = (MapNode)Assert.Single(endpoints["subsets"]!.AsList()!);
        Assert.Equal(host.Server.Host, Assert.Single(subset["addresses"]!.AsList()!)["ip"]!.AsString());
        Assert.Equal(host.Server.Port, Assert.Single(subset["ports"]!.AsList()!)["port"]!.AsInteger());
        MapNode slice = (MapNode)Assert.Single((await admin.GetAsync("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices")).Body["items"]!.AsList()!);
        Assert.Equal("kubernetes", slice.At("metadata", "labels", "kubernetes.io/service-name")!.AsString());
        Assert.Equal(host.Server.Host, Assert.Single(Assert.Single(slice["endpoints"]!.AsList()!)["addresses"]!.AsList()!).AsString());
        Assert.Equal(host.Server.Port, Assert.Single(slice["ports"]!.AsList()!)["port"]!.AsInteger());
        MapNode service = (await admin.GetAsync("/api/v1/namespaces/default/services/kubernetes")).Body;
        Assert.Equal("10.96.0.1", service.At("spec", "clusterIP")!.AsString());
        MapNode port = (MapNode)Assert.Single(service.At("spec", "ports")!.AsList()!);
        Assert.Equal((443, host.Server.Port), (port["port"]!.AsInteger(), port["targetPort"]!.AsInteger()));
    }

    private static async Task AgainAsync(Rest admin, string path, string uid)
    {
        for (int i = 0; i < 500; i++)
        {
            RestAnswer answer = await admin.GetAsync(path);
            if (answer.Body.At("metadata", "uid")?.AsString() is { } now && now != uid)
            {
                return;
            }

            await Task.Delay(10);
        }

        Assert.Fail($"{path} does not come back");
    }
}
