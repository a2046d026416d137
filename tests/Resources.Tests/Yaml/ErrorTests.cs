using System.Text;
using Bowline.Resources.Yaml;

namespace Bowline.Resources.Tests.Yaml;

public class ErrorTests
{
    [Theory]
    [InlineData("a: b: c", 1, 5, "mapping values are not allowed in this context")]
    [InlineData("a: [1, 2\nb: 3", 2, 2, "did not find expected ',' or ']'")]
    [InlineData("a: {b", 2, 1, "did not find expected ',' or '}'")]
    [InlineData("a:\n\tb: 1", 2, 1, "found character that cannot start any token")]
    [InlineData("a: 1\n b: 2", 2, 3, "mapping values are not allowed in this context")]
    [InlineData("a:\n  b: 1\n c: 2", 3, 2, "did not find expected key")]
    [InlineData("- a\nb: 1", 2, 1, "did not find expected '-' indicator")]
    [InlineData("a: - b", 1, 4, "block sequence entries are not allowed in this context")]
    [InlineData("a: ? b", 1, 4, "mapping keys are not allowed in this context")]
    [InlineData("a: 'x", 1, 6, "found unexpected end of stream")]
    [InlineData("a: 'x\n---\n", 2, 1, "found unexpected document indicator")]
    [InlineData("a: \"\\q\"", 1, 5, "found unknown escape character")]
    [InlineData("a: \"\\xZZ\"", 1, 7, "did not find expected hexdecimal number")]
    [InlineData("a: \"\\uD800\"", 1, 7, "found invalid Unicode character escape code")]
    [InlineData("a: @b", 1, 4, "found character that cannot start any token")]
    [InlineData("a: %b", 1, 4, "found character that cannot start any token")]
    [InlineData("%foo\n---\na", 1, 5, "found unknown directive name")]
    [InlineData("%YAML 1.2\n---\na", 1, 1, "found incompatible YAML document")]
    [InlineData("a: |0\n  b", 1, 5, "found an indentation indicator equal to 0")]
    [InlineData("a: |\n\tb", 2, 1, "found a tab character where an indentation space is expected")]
    [InlineData("a: b\n\tc", 2, 1, "found a tab character that violates indentation")]
    [InlineData("a: !x!y b", 1, 4, "found undefined tag handle")]
    [InlineData("a: *x", 1, 4, "unknown anchor 'x' referenced")]
    [InlineData("a: &x [*x]", 1, 8, "anchor 'x' value contains itself")]
    [InlineData("a: & b", 1, 5, "did not find expected alphabetic or numeric character")]
    [InlineData("a: ]", 1, 4, "did not find expected node content")]
    [InlineData("...\na", 1, 1, "did not find expected node content")]
    [InlineData("a\n...\nb", 3, 1, "did not find expected <document start>")]
    [InlineData("a: 1\nb\nc: 2", 3, 1, "could not find expected ':'")]
    [InlineData("a: <<\n<<: b", 2, 5, "map merge requires map or sequence of maps as the value")]
    [InlineData("a: \"x\u0001\"", 1, 6, "control characters are not allowed")]
    [InlineData("b\na: \0", 2, 4, "control characters are not allowed")]
    public void Errors_name_the_place_and_the_reason(string yaml, int line, int column, string reason)
    {
        YamlException error = Assert.Throws<YamlException>(() => YamlReader.Read(yaml, new YamlReadOptions { FileName = "x.yaml" }));
        Assert.Equal($"x.yaml:{line}:{column}: {reason}", error.Message);
    }

    [Theory]
    [InlineData("a: 1\nb: [c", "yaml: line 2: did not find expected ',' or ']'")]
    [InlineData("a: b: c", "yaml: mapping values are not allowed in this context")]
    [InlineData("a:\n  b: 1\n c: 2", "yaml: line 2: did not find expected key")]
    [InlineData("a: *x", "yaml: unknown anchor 'x' referenced")]
    [InlineData("a: 1\nb: 2\na: 3", "yaml: unmarshal errors:\n  line 3: key \"a\" already set in map")]
    public void The_message_of_go_yaml_v2_is_at_hand(string yaml, string expected) =>
        Assert.Equal(expected, Assert.Throws<YamlException>(() => YamlReader.Read(yaml)).GoMessage);

    [Theory]
    [InlineData("x:\n  a: 1\n  b: 2\n  a: 3", "yaml: unmarshal errors:\n  line 4: mapping key \"a\" already defined at line 2")]
    [InlineData("x: 1\n\ny:\n  a:\n    - 1\n  - 2", "yaml: line 3: did not find expected key")]
    public void The_message_of_go_yaml_v3_is_at_hand(string yaml, string expected) =>
        Assert.Equal(expected, Assert.Throws<YamlException>(() => YamlReader.Read(yaml, YamlReadOptions.Kustomize)).GoMessage);

    [Fact]
    public void Invalid_utf_8_is_refused_with_its_place()
    {
        byte[] bytes = [.. Encoding.UTF8.GetBytes("a: 1\nb: "), 0xC3, 0x28];
        Assert.Equal("<input>:2:4: invalid UTF-8", Assert.Throws<YamlException>(() => YamlReader.Read(bytes)).Message);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_refused() => Assert.Throws<YamlException>(() => YamlReader.Read("a: \uD800"));
}
