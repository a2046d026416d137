using Bowline.Delivery.Health;
using Bowline.Languages.Lua;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Delivery.Tests.Health;

public sealed class ResourceCustomizationsTests
{
    private const string ConfigMap = """
        resource.customizations: |
          example.com/Thing:
            health.lua: |
              hs = {}
              if obj.status ~= nil and obj.status.ok then hs.status = "Healthy" else hs.status = "Progressing" hs.message = "not yet" end
              return hs
          "*.crossplane.io/*":
            health.lua: return {status = "Suspended", message = obj.kind}
        resource.customizations.health.apps_Deployment: return {status = "Degraded", message = "mine"}
        resource.customizations.health.ConfigMap: return nil
        resource.customizations.health.example.com_Broken: return obj.nope.deeper
        resource.customizations.health.example.com_Odd: return {status = "Splendid"}
        resource.customizations.useOpenLibs.apps_Deployment: "true"
        resource.customizations.actions.apps_Deployment: |
          discovery.lua: |
            actions = {}
            actions["pause"] = {disabled = obj.spec.paused == true}
            actions["restart"] = {}
            return actions
          definitions:
          - name: pause
            action.lua: |
              obj.spec.paused = true
              return obj
          - name: copy
            action.lua: |
              return {{operation = "create", resource = {apiVersion = "v1", kind = "ConfigMap", metadata = {name = obj.metadata.name}}}}
        """;

    private static readonly ResourceCustomizations Customizations = ResourceCustomizations.Read((MapNode)YamlReader.Read(ConfigMap), TimeProvider.System);

    [Theory]
    [InlineData("""{"apiVersion":"example.com/v1","kind":"Thing","status":{"ok":true}}""", "Healthy", "")]
    [InlineData("""{"apiVersion":"example.com/v1","kind":"Thing"}""", "Progressing", "not yet")]
    [InlineData("""{"apiVersion":"rds.aws.crossplane.io/v1","kind":"DBInstance"}""", "Suspended", "DBInstance")]
    [InlineData("""{"apiVersion":"apps/v1","kind":"Deployment"}""", "Degraded", "mine")]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap"}""", "Healthy", "")]
    [InlineData("""{"apiVersion":"example.com/v1","kind":"Odd"}""", "Unknown", "Lua returned an invalid health status: Splendid")]
    [InlineData("""{"apiVersion":"other.com/v1","kind":"Thing"}""", "Healthy", "")]
    public void The_scripts_of_argocd_cm_come_first(string live, string status, string message)
    {
        HealthReport report = new HealthAssessor { Custom = Customizations.Health }.Judge((MapNode)JsonReader.Read(live));
        Assert.Equal((status, message), (report.Status.ToString(), report.Message));
    }

    [Fact]
    public void A_script_that_fails_makes_the_health_unknown()
    {
        HealthReport report = Customizations.Health((MapNode)JsonReader.Read("""{"apiVersion":"example.com/v1","kind":"Broken"}"""))!;
        Assert.Equal(HealthStatus.Unknown, report.Status);
        Assert.Contains("attempt to index a nil value", report.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Actions_are_found_and_run()
    {
        MapNode live = (MapNode)JsonReader.Read("""{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","finalizers":[]},"spec":{"template":{}}}""");
        Assert.Equal([("pause", false), ("restart", false)], Customizations.Actions(live).OrderBy(action => action.Name).Select(action => (action.Name, action.Disabled)));
        ActionEffect paused = Assert.Single(Customizations.RunAction("pause", live));
        Assert.Equal("patch", paused.Operation);
        Assert.True(paused.Resource.DeepEquals(JsonReader.Read("""{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","finalizers":[]},"spec":{"template":{},"paused":true}}""")));
        Assert.Equal("create", Assert.Single(Customizations.RunAction("copy", live)).Operation);
        Assert.Throws<LuaException>(() => Customizations.RunAction("none", live));
    }

    [Theory]
    [InlineData("""{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"x"},"spec":{"template":{}}}""", "restart", "patch")]
    [InlineData("""{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"x"},"spec":{"template":{"metadata":{"annotations":{"a":"b"}}}}}""", "restart", "patch")]
    [InlineData("""{"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"x"},"spec":{"template":{"metadata":{}}}}""", "restart", "patch")]
    [InlineData("""{"apiVersion":"batch/v1","kind":"CronJob","metadata":{"name":"x","namespace":"n","uid":"u"},"spec":{"jobTemplate":{"spec":{"template":{}}}}}""", "create-job", "create")]
    [InlineData("""{"apiVersion":"external-secrets.io/v1","kind":"PushSecret","metadata":{"name":"x"}}""", "push", "patch")]
    [InlineData("""{"apiVersion":"helm.toolkit.fluxcd.io/v2","kind":"HelmRelease","metadata":{"name":"x"},"spec":{"suspend":true}}""", "resume", "patch")]
    [InlineData("""{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"x"},"spec":{}}""", "terminate", "patch")]
    [InlineData("""{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{"name":"x"},"spec":{}}""", "toggle-auto-sync", "patch")]
    [InlineData("""{"apiVersion":"argoproj.io/v1alpha1","kind":"AnalysisRun","metadata":{"name":"x"},"spec":{},"status":{"phase":"Running"}}""", "terminate", "patch")]
    [InlineData("""{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","metadata":{"name":"x"},"spec":{},"status":{"currentPodHash":"b","stableRS":"a"}}""", "abort", "patch")]
    [InlineData("""{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","metadata":{"name":"x"},"spec":{"strategy":{"canary":{"steps":[{},{}]}}},"status":{"currentPodHash":"b","stableRS":"a","currentStepIndex":1}}""", "skip-current-step", "patch")]
    [InlineData("""{"apiVersion":"argoproj.io/v1alpha1","kind":"CronWorkflow","metadata":{"name":"x","uid":"u"},"spec":{"workflowSpec":{}}}""", "create-workflow", "create")]
    [InlineData("""{"apiVersion":"argoproj.io/v1alpha1","kind":"WorkflowTemplate","metadata":{"name":"x","uid":"u"}}""", "create-workflow", "create")]
    [InlineData("""{"apiVersion":"keda.sh/v1alpha1","kind":"ScaledObject","metadata":{"name":"x","annotations":{"autoscaling.keda.sh/paused-replicas":"2"}}}""", "resume", "patch")]
    [InlineData("""{"apiVersion":"keda.sh/v1alpha1","kind":"ScaledJob","metadata":{"name":"x"}}""", "pause", "patch")]
    [InlineData("""{"apiVersion":"postgresql.cnpg.io/v1","kind":"Cluster","metadata":{"name":"x"},"status":{"currentPrimary":"x-1","instancesStatus":{"healthy":["x-1","x-2"]}}}""", "promote", "patch")]
    [InlineData("""{"apiVersion":"core.strimzi.io/v1beta2","kind":"StrimziPodSet","metadata":{"name":"x"}}""", "rolling-update", "patch")]
    [InlineData("""{"apiVersion":"numaflow.numaproj.io/v1alpha1","kind":"Pipeline","metadata":{"name":"x"},"spec":{}}""", "pause", "patch")]
    [InlineData("""{"apiVersion":"numaplane.numaproj.io/v1alpha1","kind":"PipelineRollout","metadata":{"name":"x"},"spec":{"pipeline":{"spec":{}}}}""", "allow-data-loss", "patch")]
    public void Actions_that_are_always_there_run(string live, string action, string operation)
    {
        ResourceCustomizations builtIn = ResourceCustomizations.BuiltIn(TimeProvider.System);
        MapNode before = (MapNode)JsonReader.Read(live);
        Assert.Contains((action, false), builtIn.Actions(before).Select(offered => (offered.Name, offered.Disabled)));
        ActionEffect effect = Assert.Single(builtIn.RunAction(action, before));
        Assert.Equal(operation, effect.Operation);
        Assert.False(effect.Resource.DeepEquals(before));
    }

    [Theory]
    [InlineData("3", 3)]
    [InlineData("0", 0)]
    [InlineData("-1", null)]
    [InlineData("2.5", null)]
    [InlineData("many", null)]
    public void Scaling_takes_a_number_of_replicas(string replicas, int? scaled)
    {
        ResourceCustomizations builtIn = ResourceCustomizations.BuiltIn(TimeProvider.System);
        MapNode live = (MapNode)JsonReader.Read("""{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"x"},"spec":{"replicas":2,"template":{}}}""");
        Assert.Equal([("replicas", "2")], builtIn.Actions(live).Single(action => action.Name == "scale").Parameters);
        MapNode parameters = new() { ["replicas"] = replicas };
        if (scaled is null)
        {
            Assert.Contains("--param replicas=3", Assert.Throws<LuaException>(() => builtIn.RunAction("scale", live, parameters)).Message);
            return;
        }

        MapNode changed = Assert.Single(builtIn.RunAction("scale", live, parameters)).Resource;
        Assert.Equal(scaled.Value, Assert.IsType<IntegerNode>(changed.At("spec", "replicas")).Value);
    }
}
