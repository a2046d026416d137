using Bowline.EmbeddedCluster.Controllers;
using Bowline.Resources.Model;

namespace Bowline.Tests.Controllers;

public sealed class RunningCustomResourceTests
{
    /// <param name="pause">Zero: the owner may be gone before the controllers have heard of its kind.</param>
    [Theory]
    [InlineData(200)]
    [InlineData(0)]
    public async Task Dependents_of_a_deleted_custom_resource_are_collected(int pause)
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.CreateAsync("""
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: widgets.example.com}
            spec:
              group: example.com
              scope: Namespaced
              names: {plural: widgets, singular: widget, kind: Widget}
              versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
            """);
        await cluster.WaitAsync("apiextensions.k8s.io/v1", "CustomResourceDefinition", "widgets.example.com", node => node.Status().ConditionIs("Established", "True"), string.Empty);
        await cluster.CreateAsync("{apiVersion: example.com/v1, kind: Widget, metadata: {name: w, namespace: default}}");
        MapNode widget = (await cluster.GetAsync("example.com/v1", "Widget", "w"))!;
        await cluster.CreateAsync($$"""
            apiVersion: v1
            kind: ConfigMap
            metadata:
              name: child
              namespace: default
              ownerReferences: [{apiVersion: example.com/v1, kind: Widget, name: w, uid: '{{widget.Uid()}}'}]
            """);
        await Task.Delay(TimeSpan.FromMilliseconds(pause), TimeProvider.System);
        Assert.NotNull(await cluster.GetAsync("v1", "ConfigMap", "child"));
        await cluster.DeleteAsync("example.com/v1", "Widget", "w");
        await cluster.WaitGoneAsync("v1", "ConfigMap", "child");
    }
}
