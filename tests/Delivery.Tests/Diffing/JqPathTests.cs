using Bowline.Delivery.Diffing;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Tests.Diffing;

public sealed class JqPathTests
{
    private const string Pod = """{"spec":{"replicas":2,"containers":[{"name":"a","image":"x"},{"name":"istio","image":"y","env":[{"name":"E"}]}]},"data":{"a.b":1,"c":2}}""";

    [Theory]
    [InlineData(".spec.replicas", """{"spec":{"containers":[{"name":"a","image":"x"},{"name":"istio","image":"y","env":[{"name":"E"}]}]},"data":{"a.b":1,"c":2}}""")]
    [InlineData(".spec.containers[].image", """{"spec":{"replicas":2,"containers":[{"name":"a"},{"name":"istio","env":[{"name":"E"}]}]},"data":{"a.b":1,"c":2}}""")]
    [InlineData(".spec.containers[]?.image", """{"spec":{"replicas":2,"containers":[{"name":"a"},{"name":"istio","env":[{"name":"E"}]}]},"data":{"a.b":1,"c":2}}""")]
    [InlineData(".spec.containers[] | select(.name == \"istio\")", """{"spec":{"replicas":2,"containers":[{"name":"a","image":"x"}]},"data":{"a.b":1,"c":2}}""")]
    [InlineData(".spec.containers[] | select(.name == \"istio\") | .env[0]", """{"spec":{"replicas":2,"containers":[{"name":"a","image":"x"},{"name":"istio","image":"y","env":[]}]},"data":{"a.b":1,"c":2}}""")]
    [InlineData(".spec.containers[] | select((.name | startswith(\"is\")) and .env != null)", """{"spec":{"replicas":2,"containers":[{"name":"a","image":"x"}]},"data":{"a.b":1,"c":2}}""")]
    [InlineData(".spec.containers[-1]", """{"spec":{"replicas":2,"containers":[{"name":"a","image":"x"}]},"data":{"a.b":1,"c":2}}""")]
    [InlineData(".data.\"a.b\"", """{"spec":{"replicas":2,"containers":[{"name":"a","image":"x"},{"name":"istio","image":"y","env":[{"name":"E"}]}]},"data":{"c":2}}""")]
    [InlineData(".data[\"a.b\"], .data.c", """{"spec":{"replicas":2,"containers":[{"name":"a","image":"x"},{"name":"istio","image":"y","env":[{"name":"E"}]}]},"data":{}}""")]
    [InlineData(".data[]", """{"spec":{"replicas":2,"containers":[{"name":"a","image":"x"},{"name":"istio","image":"y","env":[{"name":"E"}]}]},"data":{}}""")]
    [InlineData(".none.such[3].field", Pod)]
    public void Places_are_taken_out_as_jq_would(string path, string expected)
    {
        Node node = JsonReader.Read(Pod);
        JqPath.Parse(path).Delete(node);
        Assert.Equal(expected, JsonWriter.ToText(node));
    }

    [Theory]
    [InlineData("")]
    [InlineData("spec.replicas")]
    [InlineData("..")]
    [InlineData(".a | map(.b)")]
    [InlineData(".a[")]
    [InlineData(".a | select(.b == )")]
    [InlineData("env.SECRET")]
    [InlineData(".a | input")]
    public void What_is_no_path_is_refused(string path) => Assert.Throws<PathException>(() => JqPath.Parse(path));

    [Fact]
    public void Deep_nesting_is_refused_instead_of_overflowing() =>
        Assert.Throws<PathException>(() => JqPath.Parse($".a | select({new string('(', 100_000)}"));
}
