using Bowline.EmbeddedCluster.Storage;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Tests.Storage;

public sealed class SharedPartsTests
{
    [Fact]
    public void Objects_share_the_parts_in_which_they_are_alike()
    {
        SharedParts parts = new();
        MapNode one = Tree("""{"metadata": {"name": "a"}, "spec": {"tolerations": [{"key": "x", "seconds": 300}], "flag": true}}""");
        MapNode two = Tree("""{"metadata": {"name": "b"}, "spec": {"tolerations": [{"key": "x", "seconds": 300}], "flag": true}}""");
        parts.Share(one);
        parts.Share(two);
        Assert.Same(one["spec"], two["spec"]);
        Assert.NotSame(one["metadata"], two["metadata"]);
        Assert.True(((MapNode)one["spec"]!).IsFrozen);
        Assert.False(one.IsFrozen);
    }

    [Fact]
    public void A_part_around_frozen_parts_is_shared_too()
    {
        SharedParts parts = new();
        Node leaf = new MapNode().Freeze();
        MapNode Fields() => new() { ["fields"] = new MapNode { ["f:a"] = leaf, ["f:b"] = new MapNode { ["."] = leaf } } };
        (MapNode one, MapNode two) = (Fields(), Fields());
        parts.Share(one);
        parts.Share(two);
        Assert.Same(one["fields"], two["fields"]);
    }

    [Theory]
    [InlineData("""{"a": {"x": 1, "y": 2}}""", """{"a": {"y": 2, "x": 1}}""")]
    [InlineData("""{"a": {"x": 1}}""", """{"a": {"x": 1.0}}""")]
    [InlineData("""{"a": {"x": "1"}}""", """{"a": {"x": 1}}""")]
    [InlineData("""{"a": []}""", """{"a": {}}""")]
    [InlineData("""{"a": {"x": null}}""", """{"a": {"x": false}}""")]
    [InlineData("""{"a": [1, 2]}""", """{"a": [2, 1]}""")]
    public void What_reads_differently_is_not_shared(string left, string right)
    {
        SharedParts parts = new();
        MapNode one = Tree(left);
        MapNode two = Tree(right);
        parts.Share(one);
        parts.Share(two);
        Assert.Equal(JsonWriter.ToText(Tree(left)), JsonWriter.ToText(one));
        Assert.Equal(JsonWriter.ToText(Tree(right)), JsonWriter.ToText(two));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Sharing_never_changes_what_a_tree_says(int seed)
    {
        Random random = new(seed);
        SharedParts parts = new();
        for (int i = 0; i < 3000; i++)
        {
            MapNode tree = new() { ["root"] = Made(random, 4) };
            string before = JsonWriter.ToText(tree);
            parts.Share(tree);
            Assert.Equal(before, JsonWriter.ToText(tree));
        }
    }

    private static MapNode Tree(string json) => (MapNode)JsonReader.Read(json);

    private static Node Made(Random random, int depth) => random.Next(depth == 0 ? 4 : 6) switch
    {
        0 => StringNode.Of(new string((char)('a' + random.Next(3)), random.Next(3))),
        1 => IntegerNode.Of(random.Next(3) * 1000),
        2 => new FloatNode(random.Next(3) / 2.0),
        3 => random.Next(2) == 0 ? Node.Null : BoolNode.Of(random.Next(2) == 0),
        4 => new ListNode(Enumerable.Range(0, random.Next(4)).Select(_ => Made(random, depth - 1))),
        _ => Map(random, depth),
    };

    private static MapNode Map(Random random, int depth)
    {
        MapNode map = new();
        for (int i = random.Next(4); i > 0; i--)
        {
            map[new string((char)('k' + random.Next(3)), random.Next(1, 3))] = Made(random, depth - 1);
        }

        return map;
    }
}
