using Bowline.EmbeddedCluster.Kinds;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Tests.Kinds;

/// <summary>Objects of every built-in kind with every field that it has: what is written in the wire format is read back as it was.</summary>
public sealed class ProtobufRoundTripTests
{
    private const int Deepest = 14;
    private const int MostMessages = 2000;

    public static TheoryData<string, string> Kinds()
    {
        TheoryData<string, string> kinds = [];
        foreach (ResourceKind kind in KindRegistry.BuiltIn.Kinds.Select(served => served.Kind).Distinct().Where(kind => ProtobufWriter.Knows(kind.ApiVersion, kind.Kind)))
        {
            kinds.Add(kind.ApiVersion, kind.Kind);
        }

        return kinds;
    }

    [Fact]
    public void Every_built_in_kind_has_a_wire_format() =>
        Assert.Empty(KindRegistry.BuiltIn.Kinds.Where(served => served.Kind.Group != "metrics.k8s.io" && !ProtobufWriter.Knows(served.Kind.ApiVersion, served.Kind.Kind)).Select(served => served.Kind.ToString()).Distinct());

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_is_written_is_read_back(string apiVersion, string kind)
    {
        WireMessage type = TypeTable.Instance.Find(ResourceKind.Of(apiVersion, kind))!;
        for (int seed = 0; seed < 20; seed++)
        {
            Filler filler = new(new Random(seed));
            MapNode node = filler.Message(type, 0);
            (node["apiVersion"], node["kind"]) = (apiVersion, kind);

            MapNode read = ProtobufReader.Read(ProtobufWriter.Write(node));

            Assert.True(Node.DeepEquals(node, read), $"seed {seed}\n{JsonWriter.ToText(node)}\n{JsonWriter.ToText(read)}");
        }
    }

    private sealed class Filler(Random random)
    {
        private int messages;

        public MapNode Message(WireMessage type, int depth)
        {
            MapNode map = [];
            messages++;
            foreach (WireField field in type.Members.DistinctBy(member => member.Name))
            {
                // The deeper, the less: types that hold themselves would never end.
                if (random.Next(Deepest) >= depth && (messages < MostMessages || field.Type is not (WireType.Message or WireType.SchemaOrBool or WireType.SchemaOrList)))
                {
                    map[field.Name] = field.IsMap ? Map(field, type, depth) : field.IsList ? List(field, type, depth) : Value(field, type, depth);
                }
            }

            return map;
        }

        private MapNode Map(WireField field, WireMessage type, int depth)
        {
            MapNode map = [];
            for (int i = random.Next(1, 3); i > 0; i--)
            {
                map[Text()] = Value(field, type, depth);
            }

            return map;
        }

        private ListNode List(WireField field, WireMessage type, int depth) => new(Enumerable.Range(0, random.Next(1, 3)).Select(_ => Value(field, type, depth)).ToArray());

        private Node Value(WireField field, WireMessage type, int depth) => field.Type switch
        {
            WireType.String => Text(),
            WireType.Bool => random.Next(2) == 0,
            WireType.Int32 => random.Next(int.MinValue, int.MaxValue),
            WireType.Int64 => random.NextInt64(long.MinValue, long.MaxValue),
            WireType.Double => random.NextDouble() * 1e6,
            WireType.Bytes => Convert.ToBase64String(Bytes()),
            WireType.Quantity => $"{random.Next(1, 1000)}{new[] { "m", string.Empty, "Ki", "G" }[random.Next(4)]}",
            WireType.IntOrString => random.Next(2) == 0 ? (Node)random.Next(int.MinValue, int.MaxValue) : "25%",
            WireType.Time => Moment().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"),
            WireType.MicroTime => Moment().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'"),
            WireType.FieldsV1 => new MapNode { ["f:spec"] = new MapNode { [$"f:{Text()}"] = new MapNode() } },
            WireType.Raw => new MapNode { ["any"] = new ListNode(1, Text(), true) },
            WireType.SchemaOrList => random.Next(2) == 0 ? Message(type, depth + 1) : new ListNode(Message(type, depth + 1), Message(type, depth + 1)),
            WireType.SchemaOrBool => random.Next(3) == 0 ? random.Next(2) == 0 : Message(type, depth + 1),
            _ => type.Of(field).IsNamedList ? new ListNode(Text(), Text()) : Message(type.Of(field), depth + 1),
        };

        private DateTimeOffset Moment() => DateTimeOffset.UnixEpoch.AddTicks(random.NextInt64(0, 4_000_000_000) * TimeSpan.TicksPerSecond + random.Next(1, 999_999) * 10L);

        private byte[] Bytes()
        {
            byte[] bytes = new byte[random.Next(1, 40)];
            random.NextBytes(bytes);
            return bytes;
        }

        private string Text() => new([.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => "abcxyz-./é漢"[random.Next(11)])]);
    }
}
