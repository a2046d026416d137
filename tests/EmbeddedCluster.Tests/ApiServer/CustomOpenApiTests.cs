using Bowline.EmbeddedCluster.Hosting;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.EmbeddedCluster.Tests.ApiServer;

/// <summary>What OpenAPI says of custom resources.</summary>
public sealed class CustomOpenApiTests
{
    [Theory]
    [InlineData("/openapi/v3/apis/g.io/v1", "components", "schemas", "allOf")]
    [InlineData("/openapi/v2", "definitions", null, "$ref")]
    public async Task An_object_inside_of_an_object_has_a_header_and_names_its_kind(string path, string first, string? second, string reference)
    {
        await using EmbeddedClusterHost host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), default);
        using Rest admin = Rest.Admin(host);
        await admin.MadeAsync("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", """
            {metadata: {name: foos.g.io}, spec: {group: g.io, scope: Namespaced, names: {plural: foos, kind: Foo}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {
              port: {x-kubernetes-int-or-string: true}, templates: {type: array, items: {type: object, required: [spec], x-kubernetes-embedded-resource: true, properties: {spec: {type: object}}}}}}}}}}]}}
            """);
        MapNode document = (await admin.GetAsync(path)).Body;
        Node schemas = second is null ? document[first]! : document[first]![second]!;
        Node spec = schemas["io.g.v1.Foo"]!.At("properties", "spec", "properties")!;
        Node template = spec.At("templates", "items")!;
        Assert.Equal(["spec", "apiVersion", "kind"], template["required"]!.AsList()!.Select(name => name.AsString()));
        Assert.Equal(["spec", "apiVersion", "kind", "metadata"], ((MapNode)template["properties"]!).Keys);
        Assert.NotNull(template.At("properties", "metadata")![reference]);
        Assert.True(spec["port"]!.DeepEquals(YamlReader.Read("{x-kubernetes-int-or-string: true}")));
    }
}
