using System.Text;
using Bowline.EmbeddedCluster.ApiServer;
using Bowline.EmbeddedCluster.ApiServer.Bodies;
using Bowline.EmbeddedCluster.Validation;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.EmbeddedCluster.Tests.ApiServer;

public sealed class BodyParserTests
{
    /// <summary>An apply's body is YAML, and most are JSON at the same time: they must come out the same, however they are read.</summary>
    [Theory]
    [InlineData("""{"apiVersion":"v1","data":{"text":"a\nb\t\u003cc\u003e \\","empty":"","no":"no"},"list":[1,-2,true,null,[],{}]}""")]
    [InlineData("""{"whole":1.0,"thousand":1e3,"half":0.5,"big":18446744073709551616}""")]
    [InlineData("""{"twice":1,"twice":2}""")]
    [InlineData("{\"umlaut\":\"\u00e4\",\"emoji\":\"\U0001F600\"}")]
    [InlineData("{\"line\": \"ends\"}\n")]
    [InlineData("{flow: style, is: [no, json]}")]
    [InlineData("{\"comma\": 1,}")]
    public void An_apply_in_JSON_means_what_it_means_in_YAML(string body)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(body);
        Node asYaml = YamlReader.ReadAll(utf8, YamlReadOptions.Kubernetes with { DuplicateKeys = DuplicateKeys.LastWins })[0].Root;
        Assert.Equal(JsonWriter.ToText(asYaml), JsonWriter.ToText(BodyParser.Apply(utf8)));
    }

    [Theory]
    [InlineData("""{"half":"\ud83d"}""")]
    [InlineData("""{"slash":"\/"}""")]
    [InlineData("{\"control\":\"\u0001\"}")]
    [InlineData("{\"open\":")]
    public void What_YAML_refuses_is_refused_in_JSON_too(string body)
    {
        ApiException refused = Assert.Throws<ApiException>(() => BodyParser.Apply(Encoding.UTF8.GetBytes(body)));
        Assert.Equal(400, refused.Code);
        Assert.StartsWith("error decoding YAML", refused.Message, StringComparison.Ordinal);
    }
}
