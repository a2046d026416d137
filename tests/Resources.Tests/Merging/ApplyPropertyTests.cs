using Bowline.Resources.Json;
using Bowline.Resources.Merging;
using Bowline.Resources.Model;
using Bowline.Resources.Schemas;

namespace Bowline.Resources.Tests.Merging;

/// <summary>What must hold after any sequence of applies and updates by several managers.</summary>
public sealed class ApplyPropertyTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly Schema Widget = StructuralSchema.FromOpenApi(JsonReader.Read("""
        {"type":"object","properties":{"spec":{"type":"object","properties":{
          "text":{"type":"string"},
          "map":{"type":"object","additionalProperties":{"type":"string"}},
          "atomicMap":{"type":"object","x-kubernetes-map-type":"atomic","additionalProperties":{"type":"string"}},
          "atomicList":{"type":"array","items":{"type":"string"}},
          "set":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
          "items":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name","port"],"items":{"type":"object","properties":{
            "name":{"type":"string"},"port":{"type":"integer","default":1},"value":{"type":"string"},"more":{"type":"object","additionalProperties":{"type":"string"}}}}},
          "free":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}
        """));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Any_sequence_of_writes_keeps_the_promises_of_apply(int seed)
    {
        Random random = new(seed);
        for (int round = 0; round < 40; round++)
        {
            MapNode? live = null;
            Dictionary<string, MapNode> intents = [];
            for (int step = 0; step < 12; step++)
            {
                string manager = "m" + random.Next(3);
                MapNode intent = Any(random);
                FieldWriter writer = new(manager, "x.io/v1", "", Start.AddSeconds(step));
                if (live is not null && random.Next(4) == 0)
                {
                    intent["metadata"]!.AsMap()!["uid"] = "u";
                    live = ServerSideApply.Update(live, intent, Widget, writer);
                    OwnedFieldsExist(live);
                    continue;
                }

                ApplyResult careful = ServerSideApply.Apply(live, intent, Widget, writer, force: false);
                ApplyResult forced = ServerSideApply.Apply(live, intent, Widget, writer, force: true);
                if (careful.Conflicts.Count == 0)
                {
                    Assert.True(careful.Object.DeepEquals(forced.Object));
                }

                Contains(intent, forced.Object);
                OwnedFieldsExist(forced.Object);
                ApplyResult again = ServerSideApply.Apply(forced.Object, intent, Widget, writer with { Time = Start.AddHours(1) }, force: false);
                Assert.Empty(again.Conflicts);
                Assert.True(again.IsUnchanged);
                Assert.True(ServerSideApply.WithoutManagedFields(again.Object).DeepEquals(ServerSideApply.WithoutManagedFields(forced.Object)));
                Assert.True(Node.DeepEquals(Entry(again.Object, manager), Entry(forced.Object, manager)));
                live = forced.Object;
            }
        }
    }

    [Fact]
    public void What_every_applier_gives_up_is_gone()
    {
        Random random = new(11);
        for (int round = 0; round < 50; round++)
        {
            MapNode? live = null;
            for (int step = 0; step < 4; step++)
            {
                live = ServerSideApply.Apply(live, Any(random), Widget, new FieldWriter("m" + step, "x.io/v1", "", Start), force: true).Object;
            }

            MapNode nothing = new() { ["apiVersion"] = "x.io/v1", ["kind"] = "Widget", ["metadata"] = new MapNode { ["name"] = "w" } };
            for (int step = 0; step < 4; step++)
            {
                live = ServerSideApply.Apply(live, nothing, Widget, new FieldWriter("m" + step, "x.io/v1", "", Start), force: true).Object;
            }

            Assert.Equal("""{"apiVersion":"x.io/v1","kind":"Widget","metadata":{"name":"w"}}""", JsonWriter.ToText(live!));
        }
    }

    private static Node? Entry(MapNode node, string manager) => node["metadata"]?["managedFields"]?.AsList()?
        .FirstOrDefault(entry => entry["manager"]?.AsString() == manager && entry["operation"]?.AsString() == "Apply");

    private static void OwnedFieldsExist(MapNode live)
    {
        FieldSet present = FieldExtraction.Extract(live, Widget.Merging).WithNamedParents(Widget.Merging);
        foreach (Node entry in live["metadata"]?["managedFields"]?.AsList() ?? [])
        {
            FieldSet owned = FieldSet.FromFieldsV1(entry["fieldsV1"]!);
            Assert.True(owned.IsSubsetOf(present), $"{entry["manager"]} owns {owned.Except(present)}\nin {JsonWriter.ToText(live)}");
        }
    }

    private static void Contains(MapNode intent, MapNode result)
    {
        Comparison difference = Comparison.Of(intent, ServerSideApply.WithoutManagedFields(result), Widget.Merging);
        Assert.True(difference.Modified.IsEmpty && difference.Removed.IsEmpty, $"modified {difference.Modified} removed {difference.Removed}");
    }

    private static MapNode Any(Random random)
    {
        MapNode spec = new();
        void Maybe(string name, Func<Node> make)
        {
            if (random.Next(2) == 0)
            {
                spec[name] = make();
            }
        }

        Maybe("text", () => Letter(random));
        Maybe("map", () => AnyMap(random));
        Maybe("atomicMap", () => AnyMap(random));
        Maybe("atomicList", () => new ListNode(Letter(random), Letter(random)));
        Maybe("set", () => new ListNode(Enumerable.Range(0, 4).Select(_ => Letter(random)).DistinctBy(node => node.AsString())));
        Maybe("items", () => new ListNode(Enumerable.Range(0, 3).Select(_ => AnyItem(random)).DistinctBy(item => item["name"]!.AsString() + (item["port"]?.AsInteger() ?? 1))));
        Maybe("free", () => new MapNode { [Letter(random).AsString()!] = AnyMap(random), ["list"] = new ListNode(Letter(random)) });
        return new MapNode
        {
            ["apiVersion"] = "x.io/v1",
            ["kind"] = "Widget",
            ["metadata"] = new MapNode { ["name"] = "w" },
            ["spec"] = spec,
        };
    }

    private static StringNode Letter(Random random) => new(((char)('a' + random.Next(5))).ToString());

    private static MapNode AnyMap(Random random)
    {
        MapNode map = new();
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            map[Letter(random).Value] = Letter(random);
        }

        return map;
    }

    private static Node AnyItem(Random random)
    {
        MapNode item = new() { ["name"] = Letter(random) };
        if (random.Next(2) == 0)
        {
            item["port"] = random.Next(1, 3);
        }

        if (random.Next(2) == 0)
        {
            item["value"] = Letter(random);
        }

        if (random.Next(3) == 0)
        {
            item["more"] = AnyMap(random);
        }

        return item;
    }
}
