using System.Buffers;
using System.Text;
using System.Text.Json;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Resources.Tests.Json;

public class JsonWriterTests
{
    [Theory]
    [InlineData(1.0, "1")]
    [InlineData(0.1, "0.1")]
    [InlineData(1e20, "100000000000000000000")]
    [InlineData(1e21, "1e+21")]
    [InlineData(1.5e300, "1.5e+300")]
    [InlineData(0.000001, "0.000001")]
    [InlineData(0.0000001, "1e-7")]
    [InlineData(-0.0, "-0")]
    [InlineData(5e-324, "5e-324")]
    [InlineData(1.7976931348623157e308, "1.7976931348623157e+308")]
    [InlineData(-123.456, "-123.456")]
    [InlineData(123456789012345680000.0, "123456789012345680000")]
    public void Floats_are_printed_as_encoding_json_prints_them(double value, string json) => Assert.Equal(json, JsonWriter.ToText(value));

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void What_json_cannot_say_is_refused(double value) => Assert.Throws<JsonException>(() => JsonWriter.ToText(value));

    [Fact]
    public void Only_what_go_escapes_is_escaped()
    {
        const string Text = "<a href=\"x\">&\\\n\r\t\b\f\u0001\u007F\u2028é漢🎉/'";
        Assert.Equal("\"<a href=\\\"x\\\">&\\\\\\n\\r\\t\\b\\f\\u0001\u007F\\u2028é漢🎉/'\"", JsonWriter.ToText(Text));
        Assert.Equal("\"\\u003ca\\u003e\\u0026\"", JsonWriter.ToText("<a>&", new JsonWriteOptions { EscapeHtml = true }));
    }

    [Fact]
    public void Indented_is_what_MarshalIndent_prints()
    {
        Node node = JsonReader.Read("""{"b":[1,{"c":null}],"a":{},"d":[]}""");
        Assert.Equal("{\n  \"b\": [\n    1,\n    {\n      \"c\": null\n    }\n  ],\n  \"a\": {},\n  \"d\": []\n}", JsonWriter.ToText(node, JsonWriteOptions.Indented));
        Assert.Equal("{\n    \"a\": 1\n}", JsonWriter.ToText(new MapNode { ["a"] = 1 }, new JsonWriteOptions { Indent = true, IndentUnit = "    " }));
    }

    [Fact]
    public void Sorted_keys_are_in_byte_order() =>
        Assert.Equal("""{"B":2,"a":1,"\uFFFD":4,"🎉":3}""".Replace("\\uFFFD", "\uFFFD", StringComparison.Ordinal), JsonWriter.ToText(new MapNode { ["🎉"] = 3, ["a"] = 1, ["\uFFFD"] = 4, ["B"] = 2 }, new JsonWriteOptions { SortKeys = true }));

    [Fact]
    public void A_tree_can_stand_inside_of_other_json()
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("object");
            JsonWriter.WriteValue(writer, new MapNode { ["b"] = 1, ["a"] = 2 }, sortKeys: true);
            writer.WriteEndObject();
        }

        Assert.Equal("""{"object":{"a":2,"b":1}}""", Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    [Fact]
    public void Large_trees_grow_the_buffer()
    {
        ListNode list = new(Enumerable.Range(0, 100_000).Select(i => (Node)$"item {i}"));
        Assert.True(list.DeepEquals(JsonReader.Read(JsonWriter.ToBytes(list))));
    }
}
