using Bowline.Delivery.Diffing;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Delivery.Tests.Diffing;

public sealed class KeyedListsTests
{
    [Theory]
    [InlineData("Service", """{"spec":{"ports":[{"port":80},{"port":53,"protocol":"UDP"}]}}""", """{"spec":{"ports":[{"port":80,"protocol":"TCP"},{"port":53,"protocol":"UDP"}]}}""")]
    [InlineData("Pod", """{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80}],"env":[{"name":"x"}]}]}}""", """{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"protocol":"TCP"}],"env":[{"name":"x"}]}]}}""")]
    public void Keys_with_a_default_are_spelt_out_and_nothing_else_is(string kind, string body, string expected) =>
        Assert.Equal(expected, JsonWriter.ToText(KeyedLists.Complete((MapNode)JsonReader.Read(body), KubernetesKinds.Find(new ResourceKind(string.Empty, "v1", kind))!.Schema!)));
}
