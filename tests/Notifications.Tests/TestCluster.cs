using Bowline.Cluster.Http;
using Bowline.Cluster.Kubeconfig;
using Bowline.Cluster.Requests;
using Bowline.Cluster.Watching;
using Bowline.EmbeddedCluster.Hosting;
using Bowline.Notifications.Notifying;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Notifications.Tests;

/// <summary>An embedded API server that knows Applications and projects, and a controller that watches them.</summary>
internal sealed class TestCluster(EmbeddedClusterHost host, HttpCluster cluster) : IAsyncDisposable
{
    private static readonly KindInfo Namespaces = new(ResourceKind.Of("v1", "Namespace"), "namespaces", Namespaced: false);
    private static readonly KindInfo Definitions = new(ResourceKind.Of("apiextensions.k8s.io/v1", "CustomResourceDefinition"), "customresourcedefinitions", Namespaced: false);

    public HttpCluster Cluster => cluster;

    public static async Task<TestCluster> StartAsync()
    {
        EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Name = "test", Time = TimeProvider.System }, default(CancellationToken));
        ClusterConnection connection = new(host.Name, host.Server) { CertificateAuthority = host.CertificateAuthority, ClientCertificate = host.ClientCertificate, ClientKey = host.ClientKey };
        TestCluster test = new(host, new HttpCluster(connection, TimeProvider.System));
        await test.WriteAsync(Namespaces, "", "apiVersion: v1\nkind: Namespace\nmetadata: {name: argocd}");
        await test.DefineAsync("Application", "applications");
        await test.DefineAsync("AppProject", "appprojects");
        return test;
    }

    public Task<MapNode> ApplyAsync(KindInfo kind, string yaml, string @namespace = "argocd") => WriteAsync(kind, @namespace, yaml);

    public Task AddNamespaceAsync(string name) => WriteAsync(Namespaces, "", $"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}");

    /// <summary>Writes the two objects of a configuration.</summary>
    public async Task ConfigureAsync(string data, string secret = "{}", string @namespace = "argocd")
    {
        await ApplyAsync(Applications.ConfigMaps, $"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: argocd-notifications-cm, namespace: {@namespace}}}\ndata:\n{Indent(data)}", @namespace);
        await ApplyAsync(Applications.Secrets, $"apiVersion: v1\nkind: Secret\nmetadata: {{name: argocd-notifications-secret, namespace: {@namespace}}}\nstringData: {secret}", @namespace);
    }

    public async Task<string?> NotifiedAsync(string application, string @namespace = "argocd") =>
        (await cluster.GetAsync(new ObjectKey(Applications.Kind, @namespace, application), default))?.At("metadata", "annotations", NotifiedState.Annotation)?.AsString();

    public async ValueTask DisposeAsync()
    {
        cluster.Dispose();
        await host.DisposeAsync();
    }

    private async Task<MapNode> WriteAsync(KindInfo kind, string @namespace, string yaml)
    {
        MapNode body = (MapNode)YamlReader.Read(yaml);
        return await cluster.ApplyAsync(new ObjectKey(kind, @namespace, body.At("metadata", "name")!.AsString()!), body, new WriteOptions { FieldManager = "test", Force = true }, default);
    }

    private async Task DefineAsync(string kind, string plural)
    {
        await WriteAsync(Definitions, "", $$"""
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: {{plural}}.argoproj.io}
            spec:
              group: argoproj.io
              scope: Namespaced
              names: {kind: {{kind}}, plural: {{plural}}, singular: {{kind.ToLowerInvariant()}}}
              versions:
              - name: v1alpha1
                served: true
                storage: true
                schema:
                  openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
            """);
        for (int i = 0; i < 100 && await cluster.FindKindAsync(ResourceKind.Of("argoproj.io/v1alpha1", kind), default) is null; i++)
        {
            cluster.ForgetDiscovery();
            await Task.Delay(50);
        }
    }

    private static string Indent(string text) => "  " + text.ReplaceLineEndings("\n").Replace("\n", "\n  ", StringComparison.Ordinal);
}

/// <summary>A running controller with the sentences that it said.</summary>
internal sealed class TestController : IAsyncDisposable
{
    private readonly ClusterCache cache;
    private readonly NotificationController controller;

    private TestController(ClusterCache cache, NotificationController controller, List<string> notes)
    {
        this.cache = cache;
        this.controller = controller;
        Notes = notes;
    }

    public List<string> Notes { get; }

    public static async Task<TestController> StartAsync(TestCluster cluster, NotificationOptions? options = null)
    {
        List<string> notes = [];
        ClusterCache cache = new(cluster.Cluster, TimeProvider.System);
        cache.Watch(Applications.Kind, options is { LooksElsewhere: true } ? string.Empty : "argocd");
        cache.Watch(Applications.Projects, "argocd");
        await cache.WaitForSyncAsync(default);
        NotificationController controller = new(cache, TimeProvider.System, (options ?? new NotificationOptions()) with
        {
            Note = sentence =>
            {
                lock (notes)
                {
                    notes.Add(sentence);
                }
            },
        });
        await controller.StartAsync(default);
        return new TestController(cache, controller, notes);
    }

    public Task IdleAsync() => controller.WaitUntilIdleAsync(TimeSpan.FromSeconds(30), default);

    public async Task UntilAsync(Func<bool> holds)
    {
        for (int i = 0; i < 600 && !holds(); i++)
        {
            await Task.Delay(50);
        }

        string[] said;
        lock (Notes)
        {
            said = [.. Notes];
        }

        Assert.True(holds(), "waited 30 s; said: " + string.Join(" | ", said));
    }

    public async ValueTask DisposeAsync()
    {
        await controller.DisposeAsync();
        await cache.DisposeAsync();
    }
}
