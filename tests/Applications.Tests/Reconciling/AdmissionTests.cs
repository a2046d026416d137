using System.Text;
using Bowline.Applications.Reconciling;
using Bowline.Cluster.Requests;
using Bowline.EmbeddedCluster.Tests.Admission;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Applications.Tests.Reconciling;

/// <summary>Deliveries to a cluster with admission webhooks: real ones, over HTTPS.</summary>
public sealed class AdmissionTests
{
    private static readonly KindInfo ConfigMaps = new(new ResourceKind(string.Empty, "v1", "ConfigMap"), "configmaps", Namespaced: true);

    [Fact]
    public async Task What_a_webhook_denies_is_named_with_its_words_and_nothing_else_of_the_application_is_changed()
    {
        await using WebhookServer webhook = await WebhookServer.StartAsync();
        webhook.On("/deny", request => request.At("object", "metadata", "name")?.AsString() == "denied" ? WebhookServer.Deny("not on a Friday") : WebhookServer.Allow());
        await using FaultBench bench = await FaultBench.StartAsync();
        await ConfigureAsync(bench, "Validating", webhook, "/deny");
        ApplicationRunner bad = bench.Run("bad", FaultBench.ConfigMap("denied") + FaultBench.ConfigMap("harmless"));
        ApplicationRunner good = await bench.DeliverAsync("good", FaultBench.ConfigMap("one"));
        await FaultBench.UntilAsync(() => bad.Settling.IsSettled, () => bad.Status.Message);
        Assert.Contains("all.yaml:1", bad.Status.Message);
        Assert.Contains("not on a Friday", bad.Status.Message);
        Assert.True(good.Status.IsDelivered);
    }

    [Fact]
    public async Task What_a_webhook_changes_or_adds_is_no_drift()
    {
        await using WebhookServer webhook = await WebhookServer.StartAsync();
        webhook.On("/change", request => WebhookServer.Patch(request.At("object", "data", "value") is null ? "[]"
            : """[{"op":"add","path":"/data/added","value":"by webhook"},{"op":"add","path":"/metadata/labels","value":{"checked":"yes"}}]"""));
        await using FaultBench bench = await FaultBench.StartAsync();
        await ConfigureAsync(bench, "Mutating", webhook, "/change");
        ApplicationRunner runner = await bench.DeliverAsync("a", FaultBench.ConfigMap("one"));
        Assert.Equal("by webhook", await ValueAsync(bench, "added"));
        int asked = webhook.Asked.Count;
        await bench.HealsAsync("one");
        await Task.Delay(500);
        Assert.True(runner.Status.IsDelivered, runner.Status.Message);
        Assert.True(webhook.Asked.Count - asked < 12, $"asked {webhook.Asked.Count - asked} times: it fights");
    }

    [Fact]
    public async Task A_field_of_the_repository_that_a_webhook_overrides_is_no_drift_since_an_apply_would_give_the_same()
    {
        await using WebhookServer webhook = await WebhookServer.StartAsync();
        webhook.On("/override", request => WebhookServer.Patch(request.At("object", "data", "value") is null ? "[]" : """[{"op":"replace","path":"/data/value","value":"overridden"}]"""));
        await using FaultBench bench = await FaultBench.StartAsync();
        await ConfigureAsync(bench, "Mutating", webhook, "/override");
        await bench.DeliverAsync("a", FaultBench.ConfigMap("one"));
        Assert.Equal("overridden", await ValueAsync(bench, "value"));
        int asked = webhook.Asked.Count;
        await Task.Delay(500);
        Assert.Equal(asked, webhook.Asked.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_newer_webhook_would_add_is_drift_only_with_IncludeMutationWebhook(bool included)
    {
        await using WebhookServer webhook = await WebhookServer.StartAsync();
        webhook.On("/label", request => request.At("options", "fieldManager")?.AsString() == "somebody" ? WebhookServer.Allow() : WebhookServer.Patch("""[{"op":"add","path":"/data/added","value":"by webhook"}]"""));
        await using FaultBench bench = await FaultBench.StartAsync();
        string options = included ? "IncludeMutationWebhook=true" : "ServerSideDiff=true";
        ApplicationRunner runner = await bench.DeliverAsync("a", FaultBench.ConfigMap("one").Replace("name: one", $"name: one, annotations: {{argocd.argoproj.io/compare-options: '{options}'}}", StringComparison.Ordinal));
        await ConfigureAsync(bench, "Mutating", webhook, "/label");

        // Only with the next version of the object is there a reason to look; this one gets past the webhook.
        await bench.Server.PatchAsync(new ObjectKey(ConfigMaps, "a", "one"), PatchKind.Merge, new MapNode { ["metadata"] = new MapNode { ["labels"] = new MapNode { ["touched"] = "yes" } } }, new WriteOptions { FieldManager = "somebody" }, CancellationToken.None);
        await Task.Delay(1000);
        Assert.Equal(included ? "by webhook" : null, await ValueAsync(bench, "added"));
        Assert.True(runner.Status.IsDelivered, runner.Status.Message);
    }

    private static async Task<string?> ValueAsync(FaultBench bench, string key) =>
        (await bench.Server.GetAsync(new ObjectKey(ConfigMaps, "a", "one"), CancellationToken.None))?.At("data", key)?.AsString();

    /// <summary>The webhook looks at ConfigMaps everywhere but where Bowline keeps its records.</summary>
    private static async Task ConfigureAsync(FaultBench bench, string type, WebhookServer webhook, string path)
    {
        MapNode configuration = (MapNode)YamlReader.Read(Encoding.UTF8.GetBytes($$"""
            apiVersion: admissionregistration.k8s.io/v1
            kind: {{type}}WebhookConfiguration
            metadata: {name: test}
            webhooks:
            - name: policy.example.com
              clientConfig: {url: "{{webhook.Url(path)}}", caBundle: {{webhook.CaBundle}}}
              rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [configmaps]}]
              namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [bowline-system]}]}
              sideEffects: None
              admissionReviewVersions: [v1]
            """));
        ResourceKind kind = new("admissionregistration.k8s.io", "v1", $"{type}WebhookConfiguration");
        await bench.Server.CreateAsync((await bench.Server.FindKindAsync(kind, CancellationToken.None))!, string.Empty, configuration, new WriteOptions(), CancellationToken.None);
    }
}
