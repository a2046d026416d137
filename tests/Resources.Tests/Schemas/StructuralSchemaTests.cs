using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Tests.Schemas;

public sealed class StructuralSchemaTests
{
    private static Schema From(string json) => StructuralSchema.FromOpenApi(JsonReader.Read(json));

    [Fact]
    public void Every_custom_resource_has_kubernetes_own_metadata()
    {
        Schema schema = From("""{"type":"object","properties":{"metadata":{"type":"object","properties":{"name":{"maxLength":5}}}}}""");
        Assert.Equal(ListType.Set, schema.Field("metadata")!.Field("finalizers")!.ListType);
        Assert.Equal("string", schema.Field("apiVersion")!.Type);
    }

    [Fact]
    public void An_embedded_resource_has_metadata_too()
    {
        Schema template = From("""{"type":"object","properties":{"template":{"type":"object","x-kubernetes-embedded-resource":true}}}""").Field("template")!;
        Assert.True(template.EmbeddedResource);
        Assert.NotNull(template.Field("metadata")!.Field("labels"));
    }

    [Fact]
    public void Extensions_and_defaults_are_read()
    {
        Schema items = From("""
            {"type":"object","properties":{"ports":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["port","proto"],"items":{"type":"object","required":["port"],
            "properties":{"port":{"x-kubernetes-int-or-string":true},"proto":{"type":"string","default":"TCP","enum":["TCP","UDP"]},"any":{"type":"object","x-kubernetes-preserve-unknown-fields":true},
            "labels":{"type":"object","x-kubernetes-map-type":"atomic","additionalProperties":{"type":"string"}},"open":{"type":"object","additionalProperties":true},"closed":{"type":"object","additionalProperties":false}}}}}}
            """).Field("ports")!;
        Assert.Equal(["port", "proto"], items.ListMapKeys);
        Assert.Equal(["port"], items.Items!.Required);
        Assert.True(items.Items.Field("port")!.IntOrString);
        Assert.Equal("TCP", items.Items.Field("proto")!.Default!.AsString());
        Assert.Equal(["TCP", "UDP"], items.Items.Field("proto")!.Enum);
        Assert.True(items.Items.Field("any")!.PreservesUnknown);
        Assert.True(items.Items.Field("labels")!.AtomicMap);
        Assert.Equal("string", items.Items.Field("labels")!.Field("x")!.Type);
        Assert.True(items.Items.Field("open")!.AdditionalProperties!.PreservesUnknown);
        Assert.Null(items.Items.Field("closed")!.AdditionalProperties);
        Assert.Null(items.Items.Field("bogus"));
    }

    [Fact]
    public void A_schema_that_is_no_object_is_an_empty_one() => Assert.Equal(["apiVersion", "kind", "metadata"], StructuralSchema.FromOpenApi(Node.Null).Properties.Keys.Order());
}
