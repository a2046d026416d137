using System.Buffers;
using System.Text;
using System.Text.Json;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Resources.Tests.Json;

public class JsonReaderTests
{
    [Theory]
    [InlineData("1", NodeKind.Integer)]
    [InlineData("-9223372036854775808", NodeKind.Integer)]
    [InlineData("9223372036854775808", NodeKind.Float)]
    [InlineData("1.0", NodeKind.Float)]
    [InlineData("1e3", NodeKind.Float)]
    [InlineData("null", NodeKind.Null)]
    [InlineData("\"\"", NodeKind.String)]
    public void Values_have_the_kinds_that_kubernetes_gives_them(string json, NodeKind kind) => Assert.Equal(kind, JsonReader.Read(json).Kind);

    [Fact]
    public void The_last_duplicate_member_wins() => Assert.Equal(2, JsonReader.Read("""{"a":1,"a":2}""")["a"]?.AsInteger());

    [Theory]
    [InlineData("\"a\\ud800b\"", "a\uFFFDb")]
    [InlineData("\"\\udc00\\n\\u0041\"", "\uFFFD\nA")]
    [InlineData("\"\\ud83c\\udf89\"", "🎉")]
    public void Broken_surrogates_become_the_replacement_character(string json, string text) => Assert.Equal(text, JsonReader.Read(json).AsString());

    [Fact]
    public void Invalid_utf_8_becomes_the_replacement_character() =>
        Assert.Equal("a\uFFFDb", JsonReader.Read([(byte)'"', (byte)'a', 0xFF, (byte)'b', (byte)'"']).AsString());

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}x")]
    [InlineData("{} {}")]
    [InlineData("[1,]")]
    [InlineData("'a'")]
    [InlineData("1e400")]
    [InlineData("01")]
    [InlineData("NaN")]
    [InlineData("// c\n1")]
    public void What_is_not_json_is_refused(string json) => Assert.ThrowsAny<JsonException>(() => JsonReader.Read(json));

    [Fact]
    public void Depth_is_bounded()
    {
        Assert.ThrowsAny<JsonException>(() => JsonReader.Read(new string('[', 100_000)));
        Assert.NotNull(JsonReader.Read(new string('[', 512) + new string(']', 512)));
    }

    [Fact]
    public void Text_in_pieces_reads_as_in_one()
    {
        string json = "{\"items\":[" + string.Join(",", Enumerable.Range(0, 500).Select(i => $"{{\"metadata\":{{\"name\":\"é{i}\",\"na\\u006de2\":{i}}}}}")) + "]}";
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        Segment first = new(bytes.AsMemory(0, 1));
        Segment last = first;
        for (int at = 1; at < bytes.Length; at += 7)
        {
            last = last.Append(bytes.AsMemory(at, Math.Min(7, bytes.Length - at)));
        }

        Node pieces = JsonReader.Read(new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length));
        Assert.True(pieces.DeepEquals(JsonReader.Read(bytes)));
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory) => Memory = memory;

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            Segment next = new(memory) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
