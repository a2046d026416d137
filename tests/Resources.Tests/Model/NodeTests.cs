using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Resources.Tests.Model;

public class NodeTests
{
    [Fact]
    public void A_map_keeps_the_order_in_which_members_were_added()
    {
        MapNode map = [];
        for (int i = 0; i < 30; i++)
        {
            map[$"k{i * 7 % 30}"] = i;
        }

        map["k0"] = "replaced in place";
        Assert.True(map.Remove("k7"));
        Assert.False(map.Remove("k7"));
        map["k7"] = "at the end";
        Assert.Equal("k0", map.Keys.First());
        Assert.Equal("k7", map.Keys.Last());
        Assert.Equal(30, map.Count);
        Assert.All(map, member => Assert.Same(member.Value, map[member.Key]));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(50)]
    [InlineData(500)]
    public void Members_are_found_after_any_removals(int count)
    {
        MapNode map = [];
        for (int i = 0; i < count; i++)
        {
            map[$"k{i}"] = i;
        }

        for (int i = 0; i < count; i += 2)
        {
            Assert.True(map.Remove($"k{i}"));
            Assert.Equal(count - 1, map[$"k{count - 1}"]?.AsInteger() ?? count - 1);
        }

        for (int i = 0; i < count; i++)
        {
            Assert.Equal(i % 2 == 1, map.ContainsKey($"k{i}"));
            Assert.Equal(i % 2 == 1 ? i : null, map[$"k{i}"]?.AsInteger());
        }
    }

    [Fact]
    public void Values_may_change_while_a_map_is_gone_through_but_members_may_not_come_or_go()
    {
        MapNode map = new() { ["a"] = 1, ["b"] = 2, ["c"] = 3 };
        foreach ((string key, Node value) in map)
        {
            map[key] = value.AsInteger()!.Value * 10;
        }

        Assert.Equal([10L, 20L, 30L], map.Values.Select(value => value.AsInteger()!.Value));
        Assert.Throws<InvalidOperationException>(() =>
        {
            foreach ((string key, _) in map)
            {
                map.Remove(key);
            }
        });
        Assert.Equal(["b", "c"], map.Keys);
    }

    [Fact]
    public void A_frozen_tree_cannot_be_changed_anywhere()
    {
        MapNode map = (MapNode)Sample().Freeze();
        ListNode list = (ListNode)map["list"]!;
        Assert.Throws<InvalidOperationException>(() => map["a"] = 1);
        Assert.Throws<InvalidOperationException>(() => map.Remove("missing"));
        Assert.Throws<InvalidOperationException>(map.Clear);
        Assert.Throws<InvalidOperationException>(() => list.Add(1));
        Assert.Throws<InvalidOperationException>(() => list[0] = 1);
        Assert.Throws<InvalidOperationException>(() => list.RemoveAll(_ => true));
        Assert.Throws<InvalidOperationException>(() => ((MapNode)list[1]).Set("x", 1));
    }

    [Fact]
    public void A_clone_is_equal_unfrozen_and_independent()
    {
        MapNode original = (MapNode)Sample().Freeze();
        MapNode clone = (MapNode)original.DeepClone();
        Assert.True(clone.DeepEquals(original));
        ((MapNode)((ListNode)clone["list"]!)[1])["x"] = "changed";
        Assert.False(clone.DeepEquals(original));
        Assert.Equal("y", ((ListNode)original["list"]!)[1]["x"]?.AsString());
    }

    [Theory]
    [InlineData("""{"a":1,"b":2}""", """{"b":2,"a":1}""", true)]
    [InlineData("""{"a":1}""", """{"a":1.0}""", true)]
    [InlineData("[1,2]", "[2,1]", false)]
    [InlineData("[1]", "[1,1]", false)]
    [InlineData("""{"a":null}""", "{}", false)]
    [InlineData("""{"a":null,"b":1}""", """{"c":null,"b":1}""", false)]
    [InlineData("\"1\"", "1", false)]
    [InlineData("9007199254740993", "9007199254740992.0", false)]
    [InlineData("0", "-0.0", true)]
    [InlineData("null", "false", false)]
    public void Equality_is_about_what_the_trees_say(string left, string right, bool equal)
    {
        Assert.Equal(equal, JsonReader.Read(left).DeepEquals(JsonReader.Read(right)));
        Assert.Equal(equal, JsonReader.Read(right).DeepEquals(JsonReader.Read(left)));
    }

    [Fact]
    public void A_path_ends_where_a_member_is_missing()
    {
        Node sample = Sample();
        Assert.Equal("y", sample.At("map", "inner")?.AsString());
        Assert.Null(sample.At("map", "missing", "inner"));
        Assert.Null(sample.At("list", "inner"));
        Assert.Null(sample["map"]!.AsString());
    }

    [Fact]
    public void Trees_at_the_depth_that_readers_accept_fit_a_small_stack()
    {
        Node deep = Nested(1000);
        bool equal = false;
        Thread thread = new(() => equal = deep.DeepClone().Freeze().DeepEquals(deep), maxStackSize: 512 * 1024);
        thread.Start();
        thread.Join();
        Assert.True(equal);
    }

    [Fact]
    public void Deeper_trees_are_an_exception_not_a_crash()
    {
        Node deep = Nested(1_000_000);
        Assert.Throws<InsufficientExecutionStackException>(deep.DeepClone);
        Assert.Throws<InsufficientExecutionStackException>(() => deep.DeepEquals(Nested(1_000_000)));
        Assert.Throws<InsufficientExecutionStackException>(deep.Freeze);
    }

    [Theory]
    [InlineData("a", "b", -1)]
    [InlineData("a", "aa", -1)]
    [InlineData("B", "a", -1)]
    [InlineData("\uFFFD", "🎉", -1)]
    [InlineData("é", "é", 0)]
    public void Keys_are_ordered_by_their_utf_8_bytes(string left, string right, int order)
    {
        Assert.Equal(order, Math.Sign(KeyOrder.Compare(left, right)));
        Assert.Equal(-order, Math.Sign(KeyOrder.Compare(right, left)));
    }

    [Theory]
    [InlineData(100000.0, "100000")]
    [InlineData(1000000.0, "1e+06")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.00001, "1e-05")]
    [InlineData(123456.789, "123456.789")]
    [InlineData(1e100, "1e+100")]
    [InlineData(-0.0, "-0")]
    [InlineData(double.NegativeInfinity, "-.inf")]
    [InlineData(double.NaN, ".nan")]
    public void Floats_in_general_notation(double value, string text) => Assert.Equal(text, GoFloat.General(value));

    private static MapNode Sample() => new()
    {
        ["a"] = 1,
        ["list"] = new ListNode("x", new MapNode { ["x"] = "y" }),
        ["map"] = new MapNode { ["inner"] = "y" },
    };

    private static Node Nested(int depth)
    {
        Node node = new MapNode();
        for (int i = 0; i < depth; i++)
        {
            node = i % 2 == 0 ? new ListNode([node]) : new MapNode { ["m"] = node };
        }

        return node;
    }
}
