using Bowline.Resources.Model;
using Bowline.Resources.Yaml;
using Bowline.Tests;

namespace Bowline.Cli.Tests.EndToEnd;

/// <summary>What <c>deploy/</c> installs: the same by chart and by kustomization, and fit for a namespace that enforces <c>restricted</c>.</summary>
public sealed class DeployTests
{
    private static readonly string Deploy = Path.Combine(SharedFolder.Checkout, "deploy");

    [Fact]
    public async Task The_chart_and_the_kustomization_render_the_same_objects()
    {
        using Scratch scratch = new();
        Assert.Equal(await RenderAsync(scratch, "manifests"), await RenderAsync(scratch, "chart", "--release", "bowline", "--namespace", "argocd"));
    }

    [Fact]
    public async Task A_service_monitor_comes_when_it_is_asked_for_and_replicas_are_a_value()
    {
        using Scratch scratch = new();
        SortedDictionary<string, string> objects = await RenderAsync(scratch, "chart", "--release", "bowline", "--namespace", "argocd", "--set", "serviceMonitor.enabled=true", "--set", "replicas=3", "--set", "image.tag=1.2.3");
        Assert.Contains("endpoints", objects["monitoring.coreos.com/ServiceMonitor argocd/bowline-controller"]);
        Assert.Contains("\"replicas\":3", objects["apps/Deployment argocd/bowline-controller"]);
        Assert.Contains("bowline:1.2.3", objects["apps/Deployment argocd/bowline-controller"]);
    }

    [Fact]
    public async Task A_cluster_takes_all_of_it_and_restricted_pod_security_lets_the_pods_in()
    {
        using Scratch scratch = new();
        await using Bowline cluster = Bowline.Start(scratch.Home, "cluster", "start", "--port", "0", "--write-kubeconfig", Path.Combine(scratch.Root, "config"));
        await cluster.WaitForOutputAsync("Ctrl-C ends it.", TimeSpan.FromSeconds(60));
        Kubectl kubectl = new(Path.Combine(scratch.Root, "config"));
        await kubectl.RunAsync("create", "namespace", "argocd");
        await kubectl.RunAsync("label", "namespace", "argocd", "pod-security.kubernetes.io/enforce=restricted");
        (int denied, _, string why) = await kubectl.TryAsync("run", "careless", "--image=nginx", "-n", "argocd");
        Assert.True(denied != 0 && why.Contains("violates PodSecurity \"restricted", StringComparison.Ordinal), why);
        string applied = await kubectl.RunAsync("apply", "--server-side", "-k", Path.Combine(Deploy, "manifests"));
        Assert.Equal(15, applied.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        await kubectl.RunAsync("rollout", "status", "-n", "argocd", "deployment/bowline-controller", "--timeout=30s");

        const string account = "--as=system:serviceaccount:argocd:bowline-controller";
        Assert.Equal("yes", (await kubectl.TryAsync("auth", "can-i", "create", "leases.coordination.k8s.io", "-n", "argocd", account)).Output.Trim());
        // Without the part that says what may be delivered, it may do its own work and nothing else.
        await kubectl.RunAsync("delete", "clusterrolebinding", "bowline-controller-delivery");
        Assert.Equal("yes", (await kubectl.TryAsync("auth", "can-i", "delete", "leases.coordination.k8s.io", "-n", "argocd", account)).Output.Trim());
        Assert.Equal("yes", (await kubectl.TryAsync("auth", "can-i", "create", "configmaps", "-n", "bowline-system", account)).Output.Trim());
        foreach (string looked in (string[])["namespaces", "configmaps", "pods", "replicasets.apps", "horizontalpodautoscalers.autoscaling"])
        {
            Assert.Equal("yes", (await kubectl.TryAsync("auth", "can-i", "watch", looked, "-n", "default", account)).Output.Trim());
        }

        Assert.Equal("no", (await kubectl.TryAsync("auth", "can-i", "get", "secrets", "-n", "default", account)).Output.Trim());
        Assert.Equal("no", (await kubectl.TryAsync("auth", "can-i", "create", "deployments.apps", "-n", "default", account)).Output.Trim());
    }

    private static async Task<SortedDictionary<string, string>> RenderAsync(Scratch scratch, string folder, params string[] flags)
    {
        (int exit, string output, string errors) = await Bowline.RunAsync(scratch.Home, ["render", Path.Combine(Deploy, folder), .. flags]);
        Assert.True(exit == 0, errors);
        SortedDictionary<string, string> objects = new(StringComparer.Ordinal);
        foreach (MapNode item in YamlReader.ReadAll(output, YamlReadOptions.Kubernetes).Select(document => document.Root).OfType<MapNode>())
        {
            ResourceId id = new Resource(item).Id;
            objects.Add($"{id.Group}/{id.Kind} {id.Namespace}/{id.Name}", Sorted(item));
        }

        return objects;
    }

    /// <summary>As JSON with the keys in order, since two renderers may write them in any.</summary>
    private static string Sorted(Node node) => node switch
    {
        MapNode map => $"{{{string.Join(',', map.OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => $"\"{member.Key}\":{Sorted(member.Value)}"))}}}",
        ListNode list => $"[{string.Join(',', list.Select(Sorted))}]",
        _ => Resources.Json.JsonWriter.ToText(node),
    };
}
