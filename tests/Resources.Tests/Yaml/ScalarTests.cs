using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Resources.Tests.Yaml;

public class ScalarTests
{
    [Theory]
    [InlineData("yes", "true")]
    [InlineData("Yes", "true")]
    [InlineData("on", "true")]
    [InlineData("y", "true")]
    [InlineData("N", "false")]
    [InlineData("OFF", "false")]
    [InlineData("yEs", "\"yEs\"")]
    [InlineData("true", "true")]
    [InlineData("tRue", "\"tRue\"")]
    [InlineData("~", "null")]
    [InlineData("Null", "null")]
    [InlineData("nULL", "\"nULL\"")]
    [InlineData("0o17", "15")]
    [InlineData("017", "15")]
    [InlineData("08", "8")]
    [InlineData("0o8", "\"0o8\"")]
    [InlineData("0x1F", "31")]
    [InlineData("0XfF", "255")]
    [InlineData("-0x10", "-16")]
    [InlineData("0x", "\"0x\"")]
    [InlineData("0b101", "5")]
    [InlineData("0b102", "\"0b102\"")]
    [InlineData("1_000", "1000")]
    [InlineData("_1", "\"_1\"")]
    [InlineData("+1", "1")]
    [InlineData("-1", "-1")]
    [InlineData("-", "[null]")]
    [InlineData("+", "\"+\"")]
    [InlineData("1e3", "1000")]
    [InlineData("1.5E+10", "15000000000")]
    [InlineData("1e", "\"1e\"")]
    [InlineData(".5", "0.5")]
    [InlineData("5.", "5")]
    [InlineData(".", "\".\"")]
    [InlineData("1.2.3", "\"1.2.3\"")]
    [InlineData("1e400", "\"1e400\"")]
    [InlineData("1e-400", "0")]
    [InlineData("12345678901", "12345678901")]
    [InlineData("9223372036854775807", "9223372036854775807")]
    [InlineData("-9223372036854775808", "-9223372036854775808")]
    [InlineData("9223372036854775808", "9223372036854776000")]
    [InlineData("18446744073709551615", "18446744073709552000")]
    [InlineData("123456789012345678901234567890", "1.2345678901234568e+29")]
    [InlineData("1:20", "\"1:20\"")]
    [InlineData("2001-01-01", "\"2001-01-01\"")]
    [InlineData("2001-12-14t21:59:43.10-05:00", "\"2001-12-14t21:59:43.10-05:00\"")]
    [InlineData("!!str 12", "\"12\"")]
    [InlineData("!!int \"12\"", "12")]
    [InlineData("!!float 3", "3")]
    [InlineData("!!null ''", "null")]
    [InlineData("!!bool yes", "true")]
    [InlineData("!!binary aGk=", "\"hi\"")]
    [InlineData("!custom 12", "\"12\"")]
    [InlineData("! 12", "12")]
    [InlineData("! \"12\"", "12")]
    [InlineData("'12'", "\"12\"")]
    [InlineData("<<", "\"<<\"")]
    [InlineData("=", "\"=\"")]
    public void Yaml_1_1_scalars_mean_what_go_yaml_v2_takes_them_for(string yaml, string json) =>
        Assert.Equal(json, JsonWriter.ToText(YamlReader.Read(yaml)));

    [Theory]
    [InlineData("yes", "\"yes\"")]
    [InlineData("off", "\"off\"")]
    [InlineData("y", "\"y\"")]
    [InlineData("True", "true")]
    [InlineData("0755", "493")]
    [InlineData("0o755", "493")]
    [InlineData("1.10", "1.1")]
    [InlineData("2020-01-02", "\"2020-01-02T00:00:00Z\"")]
    [InlineData("2020-1-2", "\"2020-01-02T00:00:00Z\"")]
    [InlineData("2020-01-02 03:04:05.500", "\"2020-01-02T03:04:05.5Z\"")]
    [InlineData("2020-01-02T03:04:05+02:00", "\"2020-01-02T03:04:05+02:00\"")]
    [InlineData("2020-01-02T03:04:05", "\"2020-01-02T03:04:05\"")]
    [InlineData("2020-02-30", "\"2020-02-30\"")]
    [InlineData("'2020-01-02'", "\"2020-01-02\"")]
    public void Kustomize_scalars_mean_what_go_yaml_v3_takes_them_for(string yaml, string json) =>
        Assert.Equal(json, JsonWriter.ToText(YamlReader.Read(yaml, YamlReadOptions.Kustomize)));

    [Theory]
    [InlineData("!!int 3.5", "cannot decode !!float `3.5` as a !!int")]
    [InlineData("!!bool 1", "cannot decode !!int `1` as a !!bool")]
    [InlineData("!!float x", "cannot decode !!str `x` as a !!float")]
    [InlineData("!!binary '*'", "!!binary value contains invalid base64 data")]
    [InlineData(".inf", "json: unsupported value: +Inf")]
    [InlineData("a: .nan", "json: unsupported value: NaN")]
    public void A_tag_that_does_not_fit_and_a_number_that_json_lacks_are_refused(string yaml, string reason) =>
        Assert.Equal(reason, Assert.Throws<YamlException>(() => YamlReader.Read(yaml)).Reason);

    [Fact]
    public void Helm_values_have_no_integers()
    {
        Node values = YamlReader.Read("a: 1\nb: 12345678901\nc: 1.5", YamlReadOptions.HelmValues);
        Assert.All(((MapNode)values).Values, value => Assert.Equal(NodeKind.Float, value.Kind));
    }

    [Fact]
    public void A_whole_float_is_an_integer_as_it_is_after_json()
    {
        Node values = YamlReader.Read("[1.0, 1e3, 1.5]");
        Assert.Equal([NodeKind.Integer, NodeKind.Integer, NodeKind.Float], ((ListNode)values).Select(value => value.Kind));
    }

    [Theory]
    [InlineData("y: 1", "true")]
    [InlineData("NO: 1", "false")]
    [InlineData("0x10: 1", "16")]
    [InlineData("1.50: 1", "1.5")]
    [InlineData("1e9: 1", "1e+09")]
    [InlineData("2020-01-01: 1", "2020-01-01")]
    [InlineData("'y': 1", "y")]
    [InlineData("&k yes: 1", "true")]
    [InlineData("? a b\n: 1", "a b")]
    public void Keys_of_every_scalar_type_become_text(string yaml, string key) =>
        Assert.Equal([key], ((MapNode)YamlReader.Read(yaml, YamlReadOptions.HelmValues)).Keys);

    [Theory]
    [InlineData("~: 1")]
    [InlineData("{: 1}")]
    [InlineData("[a]: 1")]
    [InlineData("{a: b}: 1")]
    [InlineData("18446744073709551615: 1")]
    public void Keys_that_json_cannot_have_are_refused(string yaml) => Assert.Throws<YamlException>(() => YamlReader.Read(yaml));

    [Theory]
    [InlineData("1: a")]
    [InlineData("true: a")]
    public void Kustomize_keys_must_be_text(string yaml) =>
        Assert.Contains("object member name must be a string", Assert.Throws<YamlException>(() => YamlReader.Read(yaml, YamlReadOptions.Kustomize)).Reason, StringComparison.Ordinal);

    [Theory]
    [InlineData("\"a\\tb\\u00e9\\x41\\U0001F389\\\n  c\"", "a\tbéA🎉c")]
    [InlineData("\"a\n\n  b\n  c\"", "a\nb c")]
    [InlineData("'it''s\n  folded'", "it's folded")]
    [InlineData("'it''s'", "it's")]
    [InlineData("first\n  second\n\n  third", "first second\nthird")]
    [InlineData("|\n  one\n   two\n\n  three\n", "one\n two\n\nthree\n")]
    [InlineData("|-\n  a\n", "a")]
    [InlineData("|+\n  a\n\n", "a\n\n")]
    [InlineData("|2-\n    a\n   b", "  a\n b")]
    [InlineData(">\n  a\n  b\n\n   c\n  d\n", "a b\n\n c\nd\n")]
    [InlineData(">-\n  a\n\n\n  b", "a\n\nb")]
    [InlineData("a#b", "a#b")]
    [InlineData("a #b", "a")]
    [InlineData("a:b", "a:b")]
    [InlineData("-a", "-a")]
    [InlineData("?a", "?a")]
    [InlineData("a\r\n b", "a b")]
    [InlineData("\"a\\r\\nb\"", "a\r\nb")]
    public void Text_is_unfolded_and_unescaped(string yaml, string text) =>
        Assert.Equal(text, YamlReader.Read(yaml).AsString());
}
