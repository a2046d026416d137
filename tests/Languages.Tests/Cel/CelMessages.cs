using Bowline.Languages.Cel;
using Bowline.Languages.Cel.Types;

namespace Bowline.Languages.Tests.Cel;

/// <summary>The texts that Kubernetes prints of expressions that do not compile.</summary>
public sealed class CelMessages
{
    private static readonly CelEnvironment Environment = CelEnvironment.Kubernetes.WithVariable("self", CelType.Object("object", new Dictionary<string, CelField>
    {
        ["min"] = new("min", CelType.Int),
        ["name"] = new("name", CelType.String),
        ["items"] = new("items", CelType.List(CelType.Int)),
    }));

    [Theory]
    [InlineData("self.nope > 1", "ERROR: <input>:1:5: undefined field 'nope'\n | self.nope > 1\n | ....^")]
    [InlineData("self.min +", "ERROR: <input>:1:11: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | self.min +\n | ..........^")]
    [InlineData("self.nope(", "ERROR: <input>:1:11: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', ')', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | self.nope(\n | ..........^")]
    [InlineData("size(self.min)", "ERROR: <input>:1:5: found no matching overload for 'size' applied to '(int)'\n | size(self.min)\n | ....^")]
    [InlineData("self.min == 'a'", "ERROR: <input>:1:10: found no matching overload for '_==_' applied to '(int, string)'\n | self.min == 'a'\n | .........^")]
    [InlineData("self.name.startsWith(1)", "ERROR: <input>:1:21: found no matching overload for 'startsWith' applied to 'string.(int)'\n | self.name.startsWith(1)\n | ....................^")]
    [InlineData("other == 1", "ERROR: <input>:1:1: undeclared reference to 'other' (in container '')\n | other == 1\n | ^")]
    [InlineData("self.min.all(x, true)", "ERROR: <input>:1:5: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)\n | self.min.all(x, true)\n | ....^")]
    [InlineData("(1", "ERROR: <input>:1:3: Syntax error: missing ')' at '<EOF>'\n | (1\n | ..^")]
    [InlineData("1 2", "ERROR: <input>:1:3: Syntax error: extraneous input '2' expecting <EOF>\n | 1 2\n | ..^")]
    [InlineData("[1, 'a']", "ERROR: <input>:1:5: expected type 'int' but found 'string'\n | [1, 'a']\n | ....^")]
    [InlineData("duration('x') == duration('1s')", "ERROR: <input>:1:10: invalid duration argument\n | duration('x') == duration('1s')\n | .........^")]
    [InlineData("self.min.foo", "ERROR: <input>:1:9: type 'int' does not support field selection\n | self.min.foo\n | ........^")]
    [InlineData("'\u00e9' +\n self.nope", "ERROR: <input>:2:6: undefined field 'nope'\n |  self.nope\n | .....^")]
    [InlineData("self.min + 99999999999999999999", "ERROR: <input>:1:12: invalid int literal\n | self.min + 99999999999999999999\n | ...........^")]
    public void A_wrong_expression_is_refused_in_the_words_of_the_reference(string expression, string message)
    {
        Assert.Equal(message, Assert.Throws<CelException>(() => CelProgram.Compile(expression, Environment)).Message);
    }

    [Fact]
    public void Every_issue_is_reported_at_its_place()
    {
        CelException exception = Assert.Throws<CelException>(() => CelProgram.Compile("self.a && self.b", Environment));
        Assert.Equal([(1, 5), (1, 15)], exception.Issues.Select(issue => (issue.Line, issue.Column)));
    }

    [Fact]
    public void Kubernetes_has_neither_math_nor_bind()
    {
        Assert.Throws<CelException>(() => CelProgram.Compile("math.abs(1) == 1", CelEnvironment.Kubernetes));
        Assert.Throws<CelException>(() => CelProgram.Compile("cel.bind(a, 1, a == 1)", CelEnvironment.Kubernetes));
    }
}
