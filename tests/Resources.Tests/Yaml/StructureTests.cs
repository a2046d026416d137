using System.Text;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Resources.Tests.Yaml;

public class StructureTests
{
    [Theory]
    [InlineData("a: 1\nb:\n  c: 2\n", """{"a":1,"b":{"c":2}}""")]
    [InlineData("a:\n- 1\n- - 2\n  - 3\n-\n- b: 4\n  c: 5\n", """{"a":[1,[2,3],null,{"b":4,"c":5}]}""")]
    [InlineData("a:\n  - 1\n", """{"a":[1]}""")]
    [InlineData("{a: [1, {b: c}], \"d\": 'e', f: , g}", """{"a":[1,{"b":"c"}],"d":"e","f":null,"g":null}""")]
    [InlineData("[a: 1, b]", """[{"a":1},"b"]""")]
    [InlineData("{\"a\":1,\"b\":[true,null]}", """{"a":1,"b":[true,null]}""")]
    [InlineData("{a:b}", """{"a:b":null}""")]
    [InlineData("? a\n: b\n? c\n", """{"a":"b","c":null}""")]
    [InlineData("a:\nb: &x\nc: !!str\n", """{"a":null,"b":null,"c":""}""")]
    [InlineData("# only\n# comments\n", "null")]
    [InlineData("", "null")]
    [InlineData("%YAML 1.1\n---\na: 1\n...\n", """{"a":1}""")]
    [InlineData("%TAG !y! tag:yaml.org,2002:\n---\na: !y!str 1\n", """{"a":"1"}""")]
    [InlineData("a: !<tag:yaml.org,2002:str> 1\n", """{"a":"1"}""")]
    [InlineData("\uFEFFa: 1", """{"a":1}""")]
    [InlineData("a: 1\r\nb: |\r\n  x\r\n  y\r\n", """{"a":1,"b":"x\ny\n"}""")]
    [InlineData("a:\t1\nb: [1,\t2]", """{"a":1,"b":[1,2]}""")]
    [InlineData("a: \"x\": y", null)]
    public void Structure(string yaml, string? json)
    {
        if (json is null)
        {
            Assert.Throws<YamlException>(() => YamlReader.Read(yaml));
            return;
        }

        Assert.Equal(json, JsonWriter.ToText(YamlReader.Read(yaml)));
        Assert.Equal(json, JsonWriter.ToText(YamlReader.Read(Encoding.UTF8.GetBytes(yaml))));
    }

    [Fact]
    public void Documents_are_read_with_the_line_they_start_at()
    {
        IReadOnlyList<YamlDocument> documents = YamlReader.ReadAll("# first\na: 1\n---\n---\n# third\n\nb: 2\n...\n---\nc\n");
        Assert.Equal(["{\"a\":1}", "null", "{\"b\":2}", "\"c\""], documents.Select(document => JsonWriter.ToText(document.Root)));
        Assert.Equal([2, 4, 7, 10], documents.Select(document => document.Line));
    }

    [Fact]
    public void A_second_document_is_refused_where_one_is_expected() =>
        Assert.StartsWith("f.yaml:3:1: ", Assert.Throws<YamlException>(() => YamlReader.Read("a: 1\n---\nb: 2", new YamlReadOptions { FileName = "f.yaml" })).Message, StringComparison.Ordinal);

    [Fact]
    public void Helm_values_end_with_their_first_document() =>
        Assert.Equal("""{"a":1}""", JsonWriter.ToText(YamlReader.Read("a: 1\n---\n}{ not yaml", YamlReadOptions.HelmValues)));

    [Fact]
    public void Utf_16_is_read_when_it_is_marked()
    {
        byte[] bytes = [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("a: é")];
        Assert.Equal("é", YamlReader.Read(bytes)["a"]?.AsString());
    }

    [Fact]
    public void Nodes_know_their_lines()
    {
        Node root = YamlReader.Read("a: x\nb:\n  - z\n  - c: |\n      z\nd: {e: f}\n");
        Assert.Equal(1, root.Line);
        Assert.Equal(1, root["a"]!.Line);
        ListNode list = (ListNode)root["b"]!;
        Assert.Equal(3, list.Line);
        Assert.Equal(3, list[0].Line);
        Assert.Equal(4, list[1].Line);
        Assert.Equal(4, list[1]["c"]!.Line);
        Assert.Equal(6, root["d"]!.Line);
    }

    [Fact]
    public void An_alias_is_a_copy()
    {
        Node root = YamlReader.Read("a: &x {l: [1]}\nb: *x\ns: &s yes\nt: *s\n*s : key\n", YamlReadOptions.HelmValues);
        Assert.True(root["a"]!.DeepEquals(root["b"]));
        ((MapNode)root["a"]!)["l"] = "changed";
        Assert.IsType<ListNode>(root["b"]!["l"]);
        Assert.True(root["t"]!.AsBool());
        Assert.Equal("key", root["true"]?.AsString());
    }

    [Theory]
    [InlineData("b: &b {x: 1, z: 2}\nm:\n  <<: *b\n  x: 3", """{"x":3,"z":2}""")]
    [InlineData("b: &b {x: 1, z: 2}\nm:\n  x: 3\n  <<: *b", """{"x":1,"z":2}""")]
    [InlineData("b: &b {x: 1}\nm:\n  <<: [*b, {x: 2, q: 1}]", """{"x":1,"q":1}""")]
    [InlineData("m:\n  '<<': {x: 1}", """{"<<":{"x":1}}""")]
    [InlineData("m:\n  !!merge <<: {x: 1}", """{"x":1}""")]
    public void Merge_keys_are_carried_out_where_they_stand_as_in_go_yaml_v2(string yaml, string expected) =>
        Assert.True(JsonReader.Read(expected).DeepEquals(YamlReader.Read(yaml)["m"]), JsonWriter.ToText(YamlReader.Read(yaml)["m"]!));

    [Theory]
    [InlineData("b: &b {x: 1, y: 2}\nm:\n  x: 3\n  <<: *b", """{"x":3,"y":2}""")]
    [InlineData("m:\n  <<: [{x: 1}, {x: 2, q: 1}]", """{"x":1,"q":1}""")]
    public void Explicit_members_win_over_merged_ones_in_go_yaml_v3(string yaml, string expected) =>
        Assert.Equal(expected, JsonWriter.ToText(YamlReader.Read(yaml, YamlReadOptions.Kustomize)["m"]!));

    [Fact]
    public void Duplicate_keys_are_refused_or_the_last_wins()
    {
        Assert.Throws<YamlException>(() => YamlReader.Read("a: 1\nb: 2\na: 3"));
        Assert.Throws<YamlException>(() => YamlReader.Read("{y: 1, true: 2}"));
        Assert.Equal("""{"a":3,"b":2}""", JsonWriter.ToText(YamlReader.Read("a: 1\nb: 2\na: 3", YamlReadOptions.HelmValues)));
    }
}
