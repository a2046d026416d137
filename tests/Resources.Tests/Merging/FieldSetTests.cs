using Bowline.Resources.Json;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;
using Bowline.Tests;

namespace Bowline.Resources.Tests.Merging;

public sealed class FieldSetTests
{
    private static FieldSet Set(string fieldsV1) => FieldSet.FromFieldsV1(JsonReader.Read(fieldsV1));

    [Theory]
    [InlineData("""{"f:a":{}}""")]
    [InlineData("""{"f:a":{".":{},"f:b":{}}}""")]
    [InlineData("""{"f:l":{"k:{\"name\":\"x\",\"port\":80}":{".":{},"f:v":{}},"v:1":{},"v:\"s\"":{},"v:true":{},"i:3":{}}}""")]
    public void Fields_v1_reads_and_writes_back(string json) => Assert.Equal(json, JsonWriter.ToText(Set(json).ToFieldsV1()));

    [Theory]
    [InlineData("""{"x:a":{}}""")]
    [InlineData("""{"f":{}}""")]
    [InlineData("""{"f:a":1}""")]
    [InlineData("""{"k:{":{}}""")]
    [InlineData("""{"i:x":{}}""")]
    [InlineData("[]")]
    public void Malformed_fields_v1_is_a_format_error(string json) => Assert.Throws<FormatException>(() => Set(json));

    [Fact]
    public void A_set_prints_its_paths_a_level_before_what_is_below()
    {
        FieldSet set = Set("""{"f:spec":{"f:containers":{"k:{\"name\":\"a\"}":{".":{},"f:image":{}}},"f:replicas":{}},"f:metadata":{"f:finalizers":{"v:\"x\"":{}}}}""");
        Assert.Equal([".metadata.finalizers[=\"x\"]", ".spec.replicas", ".spec.containers[name=\"a\"]", ".spec.containers[name=\"a\"].image"], set.Paths());
        Assert.Equal(4, set.Count);
        Assert.True(set.Contains("spec", "replicas"));
        Assert.False(set.Contains("spec"));
    }

    [Fact]
    public void A_difference_leaves_children_and_a_recursive_one_takes_them()
    {
        FieldSet set = Set("""{"f:a":{".":{},"f:b":{}},"f:c":{}}""");
        Assert.Equal([".c", ".a.b"], set.Except(Set("""{"f:a":{}}""")).Paths());
        Assert.Equal([".c"], set.ExceptWithChildren(Set("""{"f:a":{}}""")).Paths());
        Assert.Equal([".c", ".a.b"], set.Leaves().Paths());
    }

    [Fact]
    public void The_algebra_agrees_with_sets_of_paths()
    {
        Random random = new(7);
        for (int round = 0; round < 500; round++)
        {
            FieldSet a = Any(random, 3);
            FieldSet b = Any(random, 3);
            HashSet<string> x = [.. a.Paths()];
            HashSet<string> y = [.. b.Paths()];
            Assert.Equal(x.Union(y).Order(), a.Union(b).Paths().Order());
            Assert.Equal(x.Intersect(y).Order(), a.Intersect(b).Paths().Order());
            Assert.Equal(x.Except(y).Order(), a.Except(b).Paths().Order());
            Assert.Equal(x.IsSubsetOf(y), a.IsSubsetOf(b));
            Assert.True(a.IsSubsetOf(a.Union(b)));
            Assert.Equal(a.Union(b), b.Union(a));
            Assert.Equal(a, FieldSet.FromFieldsV1(a.ToFieldsV1()));
        }
    }

    [SharedFact]
    public void Every_recorded_field_set_reads_and_writes_back()
    {
        int count = 0;
        foreach (string file in Directory.EnumerateFiles(SharedFolder.Goldens("apiserver"), "*.json", SearchOption.AllDirectories))
        {
            // The angle brackets are the recording's placeholders, and Go would escape them.
            string text = File.ReadAllText(file).Replace('<', '_').Replace('>', '_');
            foreach (Node fields in Find(JsonReader.Read(text), "fieldsV1"))
            {
                if (fields is MapNode { Count: > 0 } map && map.All(member => member.Key.Contains(':', StringComparison.Ordinal)))
                {
                    Assert.True(FieldSet.FromFieldsV1(map).ToFieldsV1().DeepEquals(map), file + JsonWriter.ToText(map));
                    count++;
                }
            }
        }

        Assert.True(count > 900, $"{count}");
    }

    private static IEnumerable<Node> Find(Node node, string key) => node switch
    {
        MapNode map => map.SelectMany(member => member.Key == key ? [member.Value] : Find(member.Value, key)),
        ListNode list => list.SelectMany(item => Find(item, key)),
        _ => [],
    };

    private static FieldSet Any(Random random, int depth)
    {
        MapNode map = new();
        for (int i = random.Next(4); i > 0; i--)
        {
            string key = random.Next(3) switch
            {
                0 => $"f:{(char)('a' + random.Next(4))}",
                1 => $"v:{random.Next(3)}",
                _ => $"k:{{\"name\":\"{(char)('a' + random.Next(3))}\"}}",
            };
            map[key] = depth == 0 ? new MapNode() : Any(random, depth - 1).ToFieldsV1();
            if (random.Next(2) == 0)
            {
                map[key]!.AsMap()!.Set(".", new MapNode());
            }
        }

        return FieldSet.FromFieldsV1(map);
    }
}
