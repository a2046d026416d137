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

    [Theory]
    [InlineData("", "unexpected end of JSON input")]
    [InlineData(" {\"a\":1 ", "unexpected end of JSON input")]
    [InlineData("{\"a\":1} x", "invalid character 'x' after top-level value")]
    [InlineData("[1,]", "invalid character ']' looking for beginning of value")]
    [InlineData("{a: 1}", "invalid character 'a' looking for beginning of object key string")]
    [InlineData("{\"a\":1,}", "invalid character '}' looking for beginning of object key string")]
    [InlineData("{\"a\" 1}", "invalid character '1' after object key")]
    [InlineData("{\"a\":1 \"b\":2}", "invalid character '\"' after object key:value pair")]
    [InlineData("[1 2]", "invalid character '2' after array element")]
    [InlineData("[\"\n\"]", "invalid character '\\n' in string literal")]
    [InlineData("\"\\q\"", "invalid character 'q' in string escape code")]
    [InlineData("\"\\u12g4\"", "invalid character 'g' in \\u hexadecimal character escape")]
    [InlineData("-", "unexpected end of JSON input")]
    [InlineData("-a", "invalid character 'a' in numeric literal")]
    [InlineData("01", "invalid character '1' after top-level value")]
    [InlineData("1.", "unexpected end of JSON input")]
    [InlineData("1.x", "invalid character 'x' after decimal point in numeric literal")]
    [InlineData("1ex", "invalid character 'x' in exponent of numeric literal")]
    [InlineData("trux", "invalid character 'x' in literal true (expecting 'e')")]
    [InlineData("nul", "unexpected end of JSON input")]
    [InlineData("'a'", "invalid character '\\'' looking for beginning of value")]
    [InlineData("\u0001", "invalid character '\\x01' looking for beginning of value")]
    [InlineData("é", "invalid character 'Ã' looking for beginning of value")]
    [InlineData("1e400", "json: cannot unmarshal number 1e400 into Go value of type float64")]
    public void Errors_are_in_the_words_of_go(string json, string message)
    {
        Assert.Equal(message, Assert.ThrowsAny<JsonException>(() => JsonReader.Read(json)).Message);
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        Segment first = new(bytes.AsMemory(0, bytes.Length / 2));
        Segment last = first.Append(bytes.AsMemory(bytes.Length / 2));
        Assert.Equal(message, Assert.ThrowsAny<JsonException>(() => JsonReader.Read(new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length))).Message);
    }

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
