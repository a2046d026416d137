using Bowline.Cluster.Requests;
using Bowline.Delivery.Diffing;
using Bowline.Delivery.Planning;
using Bowline.Delivery.Syncing;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Delivery.Tests.Diffing;

/// <summary>What counts as drift and what does not, against a real API.</summary>
public sealed class DriftTests
{
    private const string Deployment = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers:
              - name: main
                image: nginx:1
                ports: [{containerPort: 80}, {containerPort: 81, protocol: TCP}]
                resources: {requests: {cpu: 1000m, memory: 1024Mi}, limits: {cpu: "2.0"}}
                env: [{name: B, value: "1"}, {name: A, value: "2"}]
        """;

    [Fact]
    public async Task Defaults_quantities_and_canonical_forms_are_no_drift()
    {
        await using DeliveryBench bench = await DeliveryBench.StartAsync();
        await bench.DeliverAsync(Deployment);
        SyncPlan again = await bench.PlanAsync(Deployment);
        Assert.True(again.InSync, string.Join("; ", again.Actions.Select(action => action.Reason)));
    }

    [Fact]
    public async Task A_change_by_hand_is_drift_and_one_of_a_field_that_the_repository_does_not_speak_of_is_not()
    {
        await using DeliveryBench bench = await DeliveryBench.StartAsync();
        await bench.DeliverAsync(Deployment);
        await bench.PatchAsync("apps/v1", "Deployment", "web", Json("""{"metadata":{"annotations":{"note":"by hand"}},"spec":{"paused":true}}"""), "kubectl-edit");
        Assert.True((await bench.PlanAsync(Deployment)).InSync);
        await bench.PatchAsync("apps/v1", "Deployment", "web", Json("""{"spec":{"replicas":7}}"""), "kubectl-edit");
        PlannedAction action = Assert.Single((await bench.PlanAsync(Deployment)).Actions);
        Assert.Equal(PlannedChange.Update, action.Change);
        Assert.Equal("spec.replicas", action.Reason);
    }

    [Fact]
    public async Task Replicas_that_an_autoscaler_sets_are_its_own_even_when_something_else_changes()
    {
        await using DeliveryBench bench = await DeliveryBench.StartAsync();
        const string Autoscaler = "\n---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec: {maxReplicas: 9, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]}\n";
        await bench.DeliverAsync(Deployment + Autoscaler);
        DriftRules rules = new([], DriftRules.TargetsOf([("default", await bench.GetAsync("autoscaling/v2", "HorizontalPodAutoscaler", "web"))]));
        await bench.PatchAsync("apps/v1", "Deployment", "web", Json("""{"spec":{"replicas":7}}"""), "kube-controller-manager");
        Assert.True((await bench.PlanAsync(Deployment + Autoscaler, rules)).InSync);
        await bench.DeliverAsync(Deployment.Replace("nginx:1", "nginx:2", StringComparison.Ordinal) + Autoscaler, rules);
        MapNode live = await bench.GetAsync("apps/v1", "Deployment", "web");
        Assert.Equal(7, live.At("spec", "replicas")!.AsInteger());
        Assert.Contains("nginx:2", JsonWriter.ToText(live));
    }

    [Theory]
    [InlineData("pointer")]
    [InlineData("jq")]
    [InlineData("manager")]
    public async Task Ignored_differences_do_not_count_and_a_sync_respects_them_where_asked(string how)
    {
        await using DeliveryBench bench = await DeliveryBench.StartAsync();
        await bench.DeliverAsync(Deployment);
        await bench.PatchAsync("apps/v1", "Deployment", "web", Json("""{"spec":{"replicas":7}}"""), "somebody");
        IgnoreRule rule = new("apps", "Deployment");
        rule = how switch
        {
            "pointer" => rule with { JsonPointers = ["/spec/replicas"] },
            "jq" => rule with { Paths = [JqPath.Parse(".spec.replicas")] },
            _ => rule with { Managers = ["somebody"] },
        };
        DriftRules rules = new([rule], new HashSet<ResourceId>());
        Assert.False((await bench.PlanAsync(Deployment)).InSync);
        Assert.True((await bench.PlanAsync(Deployment, rules)).InSync);
        string changed = Deployment.Replace("nginx:1", "nginx:2", StringComparison.Ordinal);
        await bench.DeliverAsync(changed, rules, "RespectIgnoreDifferences=true");
        Assert.Equal(7, (await bench.GetAsync("apps/v1", "Deployment", "web")).At("spec", "replicas")!.AsInteger());
        await bench.DeliverAsync(Deployment, rules);
        Assert.Equal(2, (await bench.GetAsync("apps/v1", "Deployment", "web")).At("spec", "replicas")!.AsInteger());
    }

    [Theory]
    [InlineData("kubectl-client-side-apply", false)]
    [InlineData("argocd-controller", false)]
    [InlineData("argocd-controller", true)]
    public async Task What_another_applier_brought_and_the_repository_drops_leaves_the_object(string manager, bool serverSide)
    {
        await using DeliveryBench bench = await DeliveryBench.StartAsync();
        KindInfo kind = (await bench.Client.FindKindAsync(new ResourceKind(string.Empty, "v1", "ConfigMap"), CancellationToken.None))!;
        MapNode body = Json("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"default"},"data":{"kept":"1","dropped":"2"}}""");
        WriteOptions options = new() { FieldManager = manager };
        _ = serverSide
            ? await bench.Client.ApplyAsync(new ObjectKey(kind, "default", "a"), body, options, CancellationToken.None)
            : await bench.Client.CreateAsync(kind, "default", body, options, CancellationToken.None);
        const string Wanted = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {kept: \"1\"}\n";
        await bench.DeliverAsync(Wanted);
        Assert.Equal("""{"kept":"1"}""", JsonWriter.ToText((await bench.GetAsync("v1", "ConfigMap", "a"))["data"]!));
        Assert.True((await bench.PlanAsync(Wanted)).InSync);
    }

    [Fact]
    public async Task Client_side_apply_keeps_what_others_added_and_drops_what_left_the_repository()
    {
        await using DeliveryBench bench = await DeliveryBench.StartAsync();
        await bench.DeliverAsync("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {one: \"1\", two: \"2\"}\n", null, "ServerSideApply=false");
        await bench.PatchAsync("v1", "ConfigMap", "a", Json("""{"data":{"three":"3"}}"""), "somebody");
        const string Wanted = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {one: \"1\"}\n";
        await bench.DeliverAsync(Wanted, null, "ServerSideApply=false");
        Assert.Equal("""{"one":"1","three":"3"}""", JsonWriter.ToText((await bench.GetAsync("v1", "ConfigMap", "a"))["data"]!));
        Assert.True((await bench.PlanAsync(Wanted, null, "ServerSideApply=false")).InSync);
    }

    [Fact]
    public async Task What_client_side_apply_cannot_hold_in_its_annotation_fails_with_advice_and_goes_through_without_it()
    {
        await using DeliveryBench bench = await DeliveryBench.StartAsync();
        string large = $"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{v: {new string('x', 300_000)}}}\n";
        SyncResult result = await bench.SyncAsync(await bench.PlanAsync(large, null, "ServerSideApply=false"));
        Assert.Contains("without it only the object's own annotations count", Assert.Single(result.Failures).Message);
        await bench.DeliverAsync(large);
    }

    [Fact]
    public async Task A_Secret_never_gets_its_values_into_an_annotation()
    {
        await using DeliveryBench bench = await DeliveryBench.StartAsync();
        await bench.DeliverAsync("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {key: s3cret-value}\n", null, "ServerSideApply=false");
        MapNode annotations = (MapNode)(await bench.GetAsync("v1", "Secret", "a")).At("metadata", "annotations")!;
        Assert.False(annotations.ContainsKey("kubectl.kubernetes.io/last-applied-configuration"));
    }

    [Fact]
    public async Task Replace_puts_the_whole_object_in_place_of_the_live_one()
    {
        await using DeliveryBench bench = await DeliveryBench.StartAsync();
        await bench.DeliverAsync("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {one: \"1\"}\n");
        await bench.PatchAsync("v1", "ConfigMap", "a", Json("""{"data":{"three":"3"}}"""), "somebody");
        await bench.DeliverAsync("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {one: \"2\"}\n", null, "Replace=true");
        Assert.Equal("""{"one":"2"}""", JsonWriter.ToText((await bench.GetAsync("v1", "ConfigMap", "a"))["data"]!));
    }

    [Fact]
    public async Task An_immutable_field_fails_with_advice_and_with_force_the_object_is_made_anew()
    {
        await using DeliveryBench bench = await DeliveryBench.StartAsync();
        await bench.DeliverAsync(Deployment);
        string relabelled = Deployment.Replace("app: web", "app: other", StringComparison.Ordinal);
        SyncResult refused = await bench.SyncAsync(await bench.PlanAsync(relabelled));
        Assert.Contains("Force=true", Assert.Single(refused.Failures).Message);
        await bench.DeliverAsync(relabelled, null, "Force=true");
        Assert.Equal("other", (await bench.GetAsync("apps/v1", "Deployment", "web")).At("spec", "selector", "matchLabels", "app")!.AsString());
    }

    [Fact]
    public async Task What_would_be_refused_is_known_before_anything_is_changed_and_a_Secret_keeps_its_values_to_itself()
    {
        await using DeliveryBench bench = await DeliveryBench.StartAsync();
        const string Manifests = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {password: 314159265}\n";
        SyncPlan plan = await bench.PlanAsync(Manifests);
        Assert.NotEmpty(plan.Actions.Single(action => action.Id.Kind == "Secret").Refusal);
        SyncResult result = await bench.SyncAsync(plan);
        Assert.Contains("nothing was changed", result.Stopped);
        Assert.DoesNotContain("314159265", Assert.Single(result.Failures).Message);
        Assert.Null(bench.Live.Get(new ResourceId(string.Empty, "ConfigMap", "default", "a")));
    }

    [Fact]
    public async Task What_another_applier_set_on_its_side_is_taken_over_only_when_something_is_to_change_and_then_its_fields_can_go()
    {
        await using DeliveryBench bench = await DeliveryBench.StartAsync();
        const string service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n";
        foreach (string manifest in (string[])[Deployment, service])
        {
            MapNode body = (MapNode)YamlReader.Read(manifest);
            body.EnsureMap("metadata")["namespace"] = "default";
            body.EnsureMap("metadata")["annotations"] = new MapNode { ["argocd.argoproj.io/tracking-id"] = $"app:{(body["kind"]!.AsString() == "Service" ? string.Empty : "apps")}/{body["kind"]}:default/web" };
            string said = JsonWriter.ToText(body);
            body.EnsureMap("metadata").EnsureMap("annotations")["kubectl.kubernetes.io/last-applied-configuration"] = said;
            KindInfo kind = (await bench.Client.FindKindAsync(new Resource(body).Kind, CancellationToken.None))!;
            await bench.Client.CreateAsync(kind, "default", body, new WriteOptions { FieldManager = "argocd-controller" }, CancellationToken.None);
        }

        SyncPlan plan = await bench.PlanAsync($"{Deployment}\n---\n{service}");
        Assert.True(plan.InSync, string.Join("; ", plan.Actions.Select(action => $"{action.Id}: {action.Reason}")));
        string less = Deployment.Replace("env: [{name: B, value: \"1\"}, {name: A, value: \"2\"}]", "env: [{name: B, value: \"1\"}]", StringComparison.Ordinal);
        PlannedAction action = Assert.Single((await bench.PlanAsync($"{less}\n---\n{service}")).Actions, action => action.Change == PlannedChange.Update);
        Assert.Equal("Deployment", action.Id.Kind);
        await bench.DeliverAsync($"{less}\n---\n{service}");
        Assert.Equal("B", Assert.Single((await bench.GetAsync("apps/v1", "Deployment", "web")).At("spec", "template", "spec", "containers")!.AsList()![0]["env"]!.AsList()!)["name"]!.AsString());
        Assert.True((await bench.PlanAsync($"{less}\n---\n{service}")).InSync);
    }

    [Fact]
    public async Task Where_a_custom_resource_holds_Kubernetes_own_types_only_what_they_mean_counts()
    {
        await using DeliveryBench bench = await DeliveryBench.StartAsync();
        await bench.DefineAsync("""
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: rollouts.example.com}
            spec:
              group: example.com
              scope: Namespaced
              names: {kind: Rollout, plural: rollouts, singular: rollout}
              versions:
              - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
            """, ResourceKind.Of("example.com/v1", "Rollout"));
        const string rollout = """
            apiVersion: example.com/v1
            kind: Rollout
            metadata: {name: web}
            spec:
              disks: [{size: 0.5Gi}, {size: 1Gi}]
              wait: 5m
              template: {spec: {containers: [{name: main, resources: {limits: {cpu: 1000m}}}]}}
            """;
        await bench.DeliverAsync(rollout);
        await bench.PatchAsync("example.com/v1", "Rollout", "web", Json("""{"spec":{"disks":[{"size":"512Mi"},{"size":"1Gi"}],"wait":"5m0s","template":{"spec":{"containers":[{"name":"main","resources":{"limits":{"cpu":"1"}}}]}}}}"""), "operator");
        DriftRules rules = new(
            [new IgnoreRule("example.com", "Rollout") { Known = [KnownField.Parse("spec.disks.size", "core/Quantity")!, KnownField.Parse("spec.wait", "meta/v1/Duration")!, KnownField.Parse("spec.template.spec", "core/v1/PodSpec")!] }],
            new HashSet<ResourceId>());
        Assert.Equal(PlannedChange.Update, Assert.Single((await bench.PlanAsync(rollout)).Actions).Change);
        Assert.True((await bench.PlanAsync(rollout, rules)).InSync);
        foreach (string change in (string[])["""{"spec":{"disks":[{"size":"512Mi"},{"size":"2Gi"}]}}""", """{"spec":{"wait":"6m"}}""", """{"spec":{"template":{"spec":{"containers":[{"name":"main","resources":{"limits":{"cpu":"2"}}}]}}}}"""])
        {
            await bench.DeliverAsync(rollout);
            await bench.PatchAsync("example.com/v1", "Rollout", "web", Json(change), "operator");
            Assert.False((await bench.PlanAsync(rollout, rules)).InSync, change);
        }

        Assert.Null(KnownField.Parse("spec.x", "core/v1/Unheard"));
    }

    private static MapNode Json(string text) => (MapNode)JsonReader.Read(text);
}
