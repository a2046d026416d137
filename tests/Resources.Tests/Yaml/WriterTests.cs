using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Resources.Tests.Yaml;

public class WriterTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a b", "a b")]
    [InlineData("", "\"\"")]
    [InlineData("true", "\"true\"")]
    [InlineData("y", "\"y\"")]
    [InlineData("Off", "\"Off\"")]
    [InlineData("null", "\"null\"")]
    [InlineData("~", "\"~\"")]
    [InlineData("12", "\"12\"")]
    [InlineData("1.5", "\"1.5\"")]
    [InlineData("1e3", "\"1e3\"")]
    [InlineData("0x1f", "\"0x1f\"")]
    [InlineData("0o17", "\"0o17\"")]
    [InlineData("1_000", "\"1_000\"")]
    [InlineData(".inf", "\".inf\"")]
    [InlineData("2020-01-01", "\"2020-01-01\"")]
    [InlineData("2020-13-01", "2020-13-01")]
    [InlineData("1:20", "\"1:20\"")]
    [InlineData("1:60", "1:60")]
    [InlineData("1.2.3", "1.2.3")]
    [InlineData("<<", "<<")]
    [InlineData("=", "=")]
    [InlineData("a: b", "'a: b'")]
    [InlineData("a:b", "a:b")]
    [InlineData("a:", "'a:'")]
    [InlineData("a #b", "'a #b'")]
    [InlineData("a#b", "a#b")]
    [InlineData("- a", "'- a'")]
    [InlineData("-a", "-a")]
    [InlineData("-", "'-'")]
    [InlineData("--- a", "'--- a'")]
    [InlineData("? a", "'? a'")]
    [InlineData("?a", "?a")]
    [InlineData("*a", "'*a'")]
    [InlineData("it's", "it's")]
    [InlineData("'q'", "'''q'''")]
    [InlineData("[a]", "'[a]'")]
    [InlineData("a, b", "a, b")]
    [InlineData(" a", "' a'")]
    [InlineData("a ", "'a '")]
    [InlineData("a\tb", "\"a\\tb\"")]
    [InlineData("a\u0001\"\\", "\"a\\x01\\\"\\\\\"")]
    [InlineData("a\u00A0b", "a\u00A0b")]
    [InlineData("\u0085", "\"\\N\"")]
    [InlineData("\uFEFFab c", "\"\\uFEFF\\x61\\x62\\x20\\x63\"")]
    [InlineData("grüße 漢字", "grüße 漢字")]
    [InlineData("🎉", "\"\\U0001F389\"")]
    [InlineData("a\nb", "|-\n  a\n  b")]
    [InlineData("a\nb\n", "|\n  a\n  b")]
    [InlineData("a\n\n", "|+\n  a")]
    [InlineData("\n", "|2+")]
    [InlineData("  a\nb", "|2-\n    a\n  b")]
    [InlineData("a \nb", "\"a \\nb\"")]
    [InlineData("a\nb ", "\"a\\nb \"")]
    [InlineData("a\n\tb", "\"a\\n\\tb\"")]
    public void Text_is_quoted_as_go_yaml_does(string text, string yaml) =>
        Assert.Equal(yaml, YamlWriter.ToText(text).TrimEnd('\n'));

    [Theory]
    [InlineData(1.0, "1")]
    [InlineData(0.5, "0.5")]
    [InlineData(1234567.0, "1234567")]
    [InlineData(1234567.5, "1.2345675e+06")]
    [InlineData(0.00001, "1e-05")]
    [InlineData(1e20, "1e+20")]
    [InlineData(1e19, "10000000000000000000")]
    [InlineData(1e21, "1e+21")]
    [InlineData(-0.0, "0")]
    [InlineData(9223372036854775807.0, "9223372036854776000")]
    [InlineData(1e300, "1e+300")]
    public void Floats_go_through_json(double value, string yaml) => Assert.Equal(yaml + "\n", YamlWriter.ToText(value));

    [Theory]
    [InlineData("""{"b":[1,[2,3],{"c":1,"a":2},[],{}],"a":{"x":null}}""", "a:\n  x: null\nb:\n- 1\n- - 2\n  - 3\n- a: 2\n  c: 1\n- []\n- {}\n")]
    [InlineData("""[[["a"]],{"b":["c"]}]""", "- - - a\n- b:\n  - c\n")]
    [InlineData("{}", "{}\n")]
    [InlineData("[]", "[]\n")]
    [InlineData("null", "null\n")]
    [InlineData("""{"":1,"a b":2,"y":3,"- x":4}""", "\"\": 1\n'- x': 4\na b: 2\n\"y\": 3\n")]
    [InlineData("""{"a":"x\n","b":["x\ny"]}""", "a: |\n  x\nb:\n- |-\n  x\n  y\n")]
    [InlineData("""{"a\nb":{"c":["d"]}}""", "? |-\n  a\n  b\n: c:\n  - d\n")]
    [InlineData("""{"a\nb":["d"]}""", "? |-\n  a\n  b\n: - d\n")]
    public void Layout(string json, string yaml) => Assert.Equal(yaml, YamlWriter.ToText(JsonReader.Read(json)));

    [Fact]
    public void Keys_are_in_natural_order()
    {
        string[] keys = ["b", "a10", "a2", "a1", "_z", "B", "10", "9", "a02", "x-1", "v1.10", "v1.9", "é", "1.5", "~"];
        MapNode map = [];
        foreach (string key in keys)
        {
            map[key] = 0;
        }

        string[] printed = [.. YamlWriter.ToText(map).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[..^3].Trim('"', '\''))];
        Assert.Equal(["_z", "~", "1.5", "9", "10", "B", "a1", "a2", "a02", "a10", "b", "v1.9", "v1.10", "x-1", "é"], printed);
    }

    [Fact]
    public void The_order_of_the_tree_is_kept_on_request() =>
        Assert.Equal("b: 1\na: 2\n", YamlWriter.ToText(new MapNode { ["b"] = 1, ["a"] = 2 }, new YamlWriteOptions { SortKeys = false }));

    [Fact]
    public void Plain_text_folds_at_the_first_space_behind_column_80()
    {
        string text = string.Join(' ', Enumerable.Repeat("word", 30));
        string yaml = YamlWriter.ToText(new MapNode { ["key"] = text });
        Assert.Equal("key: " + string.Join(' ', Enumerable.Repeat("word", 16)) + "\n  " + string.Join(' ', Enumerable.Repeat("word", 14)) + "\n", yaml);
        Assert.Equal(text, YamlReader.Read(yaml)["key"]?.AsString());
    }

    [Fact]
    public void A_fold_never_falls_on_two_spaces_unless_they_are_double_quoted()
    {
        string single = new string('a', 90) + "  b: " + new string('c', 5) + " d";
        Assert.Equal($"'{new string('a', 90)}  b:\n  ccccc d'\n", YamlWriter.ToText(single));
        string quoted = "\u0001" + new string('a', 90) + "  b";
        Assert.Equal($"\"\\x01{new string('a', 90)}\n  \\ b\"\n", YamlWriter.ToText(quoted));
    }

    [Fact]
    public void A_long_key_stands_behind_a_question_mark()
    {
        string key = new('k', 129);
        Assert.Equal($"? {key}\n: 1\n", YamlWriter.ToText(new MapNode { [key] = 1 }));
    }

    [Fact]
    public void What_sigs_yaml_cannot_marshal_is_refused_on_request()
    {
        Assert.Equal("\"\\x7F\"\n", YamlWriter.ToText("\u007F"));
        Assert.Equal("yaml: control characters are not allowed", Assert.Throws<YamlException>(() => YamlWriter.ToText("\u007F", YamlWriteOptions.Marshal)).GoMessage);
        Assert.Throws<YamlException>(() => YamlWriter.ToText(new MapNode { [new string('k', 1023)] = 1 }, YamlWriteOptions.Marshal));
        Assert.NotNull(YamlWriter.ToText(new MapNode { [new string('k', 1022)] = "\u0001" }, YamlWriteOptions.Marshal));
    }

    [Fact]
    public void Pretty_indents_lists_and_folds_nothing()
    {
        Node node = JsonReader.Read("""{"l":["a",{"b":["c"]}],"t":"x\ty\nz"}""");
        Assert.Equal("l:\n  - a\n  - b:\n      - c\nt: |-\n  x\ty\n  z\n", YamlWriter.ToText(node, YamlWriteOptions.Pretty));
        Assert.Equal("1.2345678e+07\n", YamlWriter.ToText(12345678.0, YamlWriteOptions.Pretty));
    }

    [Fact]
    public void A_tree_too_deep_for_the_stack_is_an_exception_not_a_crash()
    {
        Node node = new ListNode();
        for (int i = 0; i < 200_000; i++)
        {
            node = new ListNode([node]);
        }

        Assert.Throws<InsufficientExecutionStackException>(() => YamlWriter.ToText(node));
        Assert.Throws<InsufficientExecutionStackException>(() => JsonWriter.ToText(node));
    }
}
