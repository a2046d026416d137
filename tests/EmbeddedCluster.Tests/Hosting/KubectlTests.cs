using System.Diagnostics;
using Bowline.EmbeddedCluster.Hosting;

namespace Bowline.EmbeddedCluster.Tests.Hosting;

/// <summary>The real kubectl against the embedded server.</summary>
public sealed class KubectlTests : IAsyncLifetime
{
    private const string Manifest = """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings, namespace: shop}
        data: {colour: blue}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, namespace: shop, labels: {app: web}}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: c, image: "nginx:1.27", ports: [{containerPort: 80}]}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: shop}
        spec: {selector: {app: web}, ports: [{port: 80}]}
        """;

    private readonly string directory = Directory.CreateTempSubdirectory("bowline-kubectl").FullName;
    private EmbeddedClusterHost host = null!;

    public async Task InitializeAsync()
    {
        host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Name = "laptop", StateDirectory = Path.Combine(directory, "state") }, default);
        await File.WriteAllTextAsync(Path.Combine(directory, "config"), host.Kubeconfig);
        await File.WriteAllTextAsync(Path.Combine(directory, "app.yaml"), Manifest);
        await Run("create namespace shop");
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    [KubectlFact]
    public async Task Apply_is_idempotent_and_get_prints_the_usual_columns()
    {
        Assert.Contains("deployment.apps/web created", await Run("apply -f app.yaml"), StringComparison.Ordinal);
        string again = await Run("apply -f app.yaml");
        Assert.Contains("deployment.apps/web unchanged", again, StringComparison.Ordinal);
        Assert.Contains("service/web unchanged", again, StringComparison.Ordinal);
        string wide = await Run("get deploy,svc,cm -n shop -o wide");
        Assert.Contains("UP-TO-DATE", wide, StringComparison.Ordinal);
        Assert.Contains("nginx:1.27", wide, StringComparison.Ordinal);
        Assert.Contains("80/TCP", wide, StringComparison.Ordinal);
        Assert.Contains("image: nginx:1.27", await Run("get deploy web -n shop -o yaml"), StringComparison.Ordinal);
        Assert.Contains("StrategyType:           RollingUpdate", await Run("describe deploy web -n shop"), StringComparison.Ordinal);
    }

    [KubectlFact]
    public async Task Server_side_apply_reports_conflicts_and_takes_over_when_forced()
    {
        await Run("apply --server-side --field-manager=one -f app.yaml");
        await Run("scale deploy web -n shop --replicas=5");
        string refused = await Run("apply --server-side --field-manager=one -f app.yaml", expected: 1);
        Assert.Contains("conflict", refused, StringComparison.Ordinal);
        Assert.Contains("serverside-applied", await Run("apply --server-side --field-manager=one --force-conflicts -f app.yaml"), StringComparison.Ordinal);
        Assert.Contains("replicas: 2", await Run("get deploy web -n shop -o yaml"), StringComparison.Ordinal);
    }

    [KubectlFact]
    public async Task Labels_waits_deletes_and_explanations_work()
    {
        await Run("apply -f app.yaml");
        Assert.Contains("labeled", await Run("label cm settings -n shop tier=front"), StringComparison.Ordinal);
        Assert.Contains("settings", await Run("get cm -n shop -l tier=front -o name"), StringComparison.Ordinal);
        Assert.Contains("condition met", await Run("wait cm/settings -n shop --for=jsonpath={.data.colour}=blue --timeout=5s"), StringComparison.Ordinal);
        Assert.Contains("deleted", await Run("delete -f app.yaml --timeout=10s"), StringComparison.Ordinal);
        Assert.Contains("rollingUpdate", await Run("explain deployment.spec.strategy"), StringComparison.Ordinal);
        Assert.Contains("customresourcedefinitions", await Run("api-resources"), StringComparison.Ordinal);
        Assert.Contains("admin", await Run("auth whoami"), StringComparison.Ordinal);
    }

    [KubectlFact]
    public async Task Unknown_fields_are_refused_and_custom_resources_are_served()
    {
        await File.WriteAllTextAsync(Path.Combine(directory, "bad.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: shop}\ndatum: {a: b}\n");
        Assert.Contains("unknown field \"datum\"", await Run("apply -f bad.yaml", expected: 1), StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(directory, "crd.yaml"), """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: widgets.example.com}
            spec:
              group: example.com
              scope: Namespaced
              names: {plural: widgets, kind: Widget, shortNames: [wd]}
              versions:
              - name: v1
                served: true
                storage: true
                additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
                schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}
            """);
        await File.WriteAllTextAsync(Path.Combine(directory, "widget.yaml"), "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w, namespace: shop}\nspec: {size: 3}\n");
        await Run("apply -f crd.yaml");
        await Run("wait --for=condition=Established crd/widgets.example.com --timeout=5s");
        await Run("apply -f widget.yaml");
        Assert.Contains("unchanged", await Run("apply -f widget.yaml"), StringComparison.Ordinal);
        string table = await Run("get wd -n shop");
        Assert.Contains("SIZE", table, StringComparison.Ordinal);
        Assert.Contains("3", table, StringComparison.Ordinal);
        await Run("delete crd widgets.example.com --timeout=10s");
        Assert.Contains("rror", await Run("get widgets -n shop", expected: 1), StringComparison.Ordinal);
    }

    [KubectlFact]
    public async Task A_kubeconfig_stays_valid_and_objects_stay_across_restarts()
    {
        await Run("apply -f app.yaml");
        EmbeddedClusterOptions options = host.Options with { Port = host.Server.Port };
        await host.DisposeAsync();
        host = await EmbeddedClusterHost.StartAsync(options, default);
        Assert.Contains("blue", await Run("get cm settings -n shop -o yaml"), StringComparison.Ordinal);
    }

    private async Task<string> Run(string arguments, int expected = 0)
    {
        ProcessStartInfo start = new(Kubectl.File!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = directory };
        start.Environment["KUBECONFIG"] = Path.Combine(directory, "config");
        start.Environment["HOME"] = directory;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));
        await process.WaitForExitAsync(patience.Token);
        string all = await output + await error;
        Assert.True(process.ExitCode == expected, $"kubectl {arguments} ended with {process.ExitCode}:\n{all}");
        return all;
    }
}
