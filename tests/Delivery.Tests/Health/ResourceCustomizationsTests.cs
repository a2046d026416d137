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
    [InlineData("""{"apiVersion":"external-secrets.io/v1","kind":"PushSecret","metadata":{"name":"x"}}""", "refresh", "patch")]
    [InlineData("""{"apiVersion":"helm.toolkit.fluxcd.io/v2","kind":"HelmRelease","metadata":{"name":"x"},"spec":{"suspend":true}}""", "resume", "patch")]
    public void Actions_that_are_always_there_run(string live, string action, string operation)
    {
        ResourceCustomizations builtIn = ResourceCustomizations.BuiltIn(TimeProvider.System);
        MapNode before = (MapNode)JsonReader.Read(live);
        Assert.Contains(new ResourceAction(action, Disabled: false), builtIn.Actions(before));
        ActionEffect effect = Assert.Single(builtIn.RunAction(action, before));
        Assert.Equal(operation, effect.Operation);
        Assert.False(effect.Resource.DeepEquals(before));
    }
}
