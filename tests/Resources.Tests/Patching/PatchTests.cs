using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Patching;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Tests.Patching;

public sealed class PatchTests
{
    private static readonly Schema Pod = KubernetesKinds.Find("", "Pod")!.Schema!;

    [Theory]
    [InlineData("""{"a":1}""", """[{"op":"replace","path":"/b","value":2}]""", """{"a":1,"b":2}""")]
    [InlineData("""{"a":[1,2,3]}""", """[{"op":"remove","path":"/a/-1"}]""", """{"a":[1,2]}""")]
    [InlineData("""{"a":[1,2]}""", """[{"op":"add","path":"/a/1","value":9},{"op":"add","path":"/a/-","value":8}]""", """{"a":[1,9,2,8]}""")]
    [InlineData("""{"a":{"b":1}}""", """[{"op":"move","from":"/a/b","path":"/c"},{"op":"copy","from":"/c","path":"/a/d"}]""", """{"a":{"d":1},"c":1}""")]
    [InlineData("""{"a":[{"x":1},{"x":2}]}""", """[{"op":"replace","path":"/a/-1/x","value":3},{"op":"copy","from":"/none","path":"/b"}]""", """{"a":[{"x":1},{"x":3}],"b":null}""")]
    [InlineData("""{"a/b":1,"m~n":2}""", """[{"op":"replace","path":"/a~1b","value":3},{"op":"remove","path":"/m~0n"}]""", """{"a/b":3}""")]
    [InlineData("""{"a":1}""", """[{"op":"test","path":"/x","value":null},{"op":"add","path":"/x","value":null}]""", """{"a":1,"x":null}""")]
    public void A_json_patch_applies_its_operations_in_order(string target, string patch, string expected)
    {
        Node result = JsonPatch.Apply(JsonReader.Read(target), (ListNode)JsonReader.Read(patch));
        Assert.Equal(expected, JsonWriter.ToText(result));
    }

    [Theory]
    [InlineData("""[{"op":"remove","path":"/none"}]""")]
    [InlineData("""[{"op":"add","path":"/none/x","value":1}]""")]
    [InlineData("""[{"op":"add","path":"/list/9","value":1}]""")]
    [InlineData("""[{"op":"replace","path":"/list/2","value":1}]""")]
    [InlineData("""[{"op":"test","path":"/list","value":[1]}]""")]
    [InlineData("""[{"op":"explode","path":"/list"}]""")]
    [InlineData("""[{"op":"add","path":"list","value":1}]""")]
    [InlineData("""[{"op":"move","from":"/none","path":"/x"}]""")]
    [InlineData("""[{"op":"copy","from":"/none/y","path":"/x"}]""")]
    [InlineData("""[7]""")]
    public void A_json_patch_that_leads_nowhere_is_refused(string patch)
    {
        Node target = JsonReader.Read("""{"list":[1,2]}""");
        Assert.Throws<PatchException>(() => JsonPatch.Apply(target, (ListNode)JsonReader.Read(patch)));
        Assert.Equal("""{"list":[1,2]}""", JsonWriter.ToText(target));
    }

    [Fact]
    public void Copies_that_double_the_document_are_refused_before_they_fill_the_memory()
    {
        ListNode bomb = new(Enumerable.Range(0, 60).Select(i => (Node)new MapNode { ["op"] = "copy", ["from"] = "", ["path"] = $"/c{i}" }));
        Assert.Throws<PatchException>(() => JsonPatch.Apply(new MapNode { ["a"] = 1 }, bomb));
    }

    [Fact]
    public void Moves_that_nest_the_document_too_deep_are_refused()
    {
        ListNode bomb = new(Enumerable.Range(0, 2000).SelectMany(_ => new Node[]
        {
            new MapNode { ["op"] = "add", ["path"] = "/b", ["value"] = new MapNode() },
            new MapNode { ["op"] = "move", ["from"] = "/a", ["path"] = "/b/x" },
            new MapNode { ["op"] = "move", ["from"] = "/b", ["path"] = "/a" },
        }));
        Assert.Throws<PatchException>(() => JsonPatch.Apply(new MapNode { ["a"] = new MapNode() }, bomb));
    }

    [Theory]
    [InlineData("""{"a":"b"}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":{"b":"c","d":1}}""", """{"a":{"b":"x","c":null,"d":null}}""", """{"a":{"b":"x"}}""")]
    [InlineData("""{"a":[{"b":"c"}]}""", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("""{}""", """{"a":{"bb":{"ccc":null}}}""", """{"a":{"bb":{}}}""")]
    [InlineData("""{"e":null}""", """{"a":1}""", """{"e":null,"a":1}""")]
    [InlineData("""["a"]""", """{"b":1}""", """{"b":1}""")]
    public void A_merge_patch_follows_its_specification(string target, string patch, string expected) =>
        Assert.Equal(expected, JsonWriter.ToText(MergePatch.Apply(JsonReader.Read(target), JsonReader.Read(patch))));

    [Theory]
    [InlineData("""{"containers":[{"name":"a","image":"1"},{"name":"b","image":"1"}]}""", """{"containers":[{"name":"b","image":"2"}]}""", """{"containers":[{"name":"a","image":"1"},{"name":"b","image":"2"}]}""")]
    [InlineData("""{"containers":[{"name":"a"},{"name":"b"}]}""", """{"containers":[{"name":"x"}]}""", """{"containers":[{"name":"x"},{"name":"a"},{"name":"b"}]}""")]
    [InlineData("""{"containers":[{"name":"a"},{"name":"b"}]}""", """{"containers":[{"name":"a","$patch":"delete"}]}""", """{"containers":[{"name":"b"}]}""")]
    [InlineData("""{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]}""", """{"$setElementOrder/containers":[{"name":"c"},{"name":"a"}]}""", """{"containers":[{"name":"b"},{"name":"c"},{"name":"a"}]}""")]
    [InlineData("""{"tolerations":[{"key":"a"}]}""", """{"tolerations":[{"key":"b"}]}""", """{"tolerations":[{"key":"b"}]}""")]
    [InlineData("""{"nodeSelector":{"a":"1"}}""", """{"nodeSelector":{"$patch":"replace","b":"2"}}""", """{"nodeSelector":{"b":"2"}}""")]
    [InlineData("""{}""", """{"containers":[{"name":"a","$patch":"delete"},{"name":"b","env":null}]}""", """{"containers":[{"name":"b"}]}""")]
    public void A_strategic_patch_merges_as_the_schema_says(string spec, string patch, string expected)
    {
        MapNode target = new() { ["spec"] = JsonReader.Read(spec) };
        MapNode result = StrategicMergePatch.Apply(target, new MapNode { ["spec"] = JsonReader.Read(patch) }, Pod);
        Assert.Equal(expected, JsonWriter.ToText(result["spec"]!));
    }

    [Fact]
    public void An_element_without_its_merge_key_is_refused_in_the_servers_words()
    {
        MapNode target = (MapNode)JsonReader.Read("""{"spec":{"containers":[{"name":"a"}]}}""");
        MapNode patch = (MapNode)JsonReader.Read("""{"spec":{"containers":[{"image":"x"}]}}""");
        PatchException refused = Assert.Throws<PatchException>(() => StrategicMergePatch.Apply(target, patch, Pod));
        Assert.Equal("map: map[image:x] does not contain declared merge key: name", refused.Message);
    }

    [Fact]
    public void An_unknown_kind_merges_maps_and_replaces_lists()
    {
        MapNode target = (MapNode)JsonReader.Read("""{"a":{"x":1},"l":[{"name":"a"}]}""");
        MapNode patch = (MapNode)JsonReader.Read("""{"a":{"y":2},"l":[{"name":"b"}]}""");
        Assert.Equal("""{"a":{"x":1,"y":2},"l":[{"name":"b"}]}""", JsonWriter.ToText(StrategicMergePatch.Apply(target, patch, null)));
    }

    [Theory]
    [InlineData("""{"a":{"x":1,"y":2},"l":[1]}""", """{"a":{"x":1,"y":3},"l":[1]}""", """{"a":{"y":3}}""")]
    [InlineData("""{"a":{"x":1},"b":1}""", """{"a":{"x":1}}""", """{"b":null}""")]
    [InlineData("""{"a":{"x":1}}""", """{"a":5,"c":{"d":[]}}""", """{"a":5,"c":{"d":[]}}""")]
    [InlineData("""{"a":{"x":1},"l":[1]}""", """{"a":{"x":1},"l":[1]}""", "{}")]
    public void The_merge_patch_between_two_trees_makes_the_one_into_the_other(string before, string after, string expected)
    {
        MapNode from = (MapNode)JsonReader.Read(before);
        MapNode to = (MapNode)JsonReader.Read(after);
        MapNode patch = MergePatch.Between(from, to);
        Assert.Equal(expected, JsonWriter.ToText(patch));
        Assert.True(MergePatch.Apply(from, patch).DeepEquals(to));
    }
}
