using System.Text;
using Bowline.Languages.Expressions;
using Bowline.Languages.GoTemplates.Printing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using Xunit;

namespace Bowline.Languages.Tests.Expressions;

public sealed class ExpressionTests
{
    private static readonly MapNode Environment = Variables();

    [Theory]
    [InlineData("1 + 2 * 3", "7")]
    [InlineData("(1 + 2) * 3", "9")]
    [InlineData("7 / 2", "3.5")]
    [InlineData("-7 % 3", "-1")]
    [InlineData("2 ** 3 ** 2", "512")]
    [InlineData("-2 ^ 2", "-4")]
    [InlineData("0x2A + 0o52 + 0b101010 + 1_000", "1126")]
    [InlineData(".5 + 1e2", "100.5")]
    [InlineData("\"a\" + 'b' + `c`", "abc")]
    [InlineData("'it\\'s \\u00e9'", "it's é")]
    [InlineData("1 == 1.0", "true")]
    [InlineData("app.spec.replicas == 3", "true")]
    [InlineData("[1, 2.0] == [1.0, 2]", "true")]
    [InlineData("nil == app.status.nothing", "true")]
    [InlineData("'a' < 'b' and 2 >= 2", "true")]
    [InlineData("1 < 2 < 3", "true")]
    [InlineData("3 > 2 > 2", "false")]
    [InlineData("not true or true", "true")]
    [InlineData("!false && not false", "true")]
    [InlineData("1 in [1, 2] and 3 not in [1, 2]", "true")]
    [InlineData("'name' in app.metadata", "true")]
    [InlineData("'x' in nil", "false")]
    [InlineData("'broken pipe' contains 'pipe'", "true")]
    [InlineData("'v1.2' startsWith 'v' and 'v1.2' endsWith '.2'", "true")]
    [InlineData("'v1.2' not matches '^v\\\\d+$'", "true")]
    [InlineData("nil contains 'x' or nil matches 'x'", "false")]
    [InlineData("true ? 1 : 2", "1")]
    [InlineData("false ? 1 : false ? 2 : 3", "3")]
    [InlineData("nil ?? nil ?? 'x'", "x")]
    [InlineData("app.status?.nothing?.deeper.still", "<nil>")]
    [InlineData("app.status.nothing?.toString()", "<nil>")]
    [InlineData("nothing?.[1]", "<nil>")]
    [InlineData("app.metadata[\"name\"]", "guestbook")]
    [InlineData("app.status.conditions[-1].type", "Second")]
    [InlineData("app.status.conditions[0]['type']", "First")]
    [InlineData("[1,2,3,4,5][1:-1]", "[2 3 4]")]
    [InlineData("'hello'[1:3] + 'hello'[:1] + 'hello'[4:]", "elho")]
    [InlineData("1..4", "[1 2 3 4]")]
    [InlineData("{a: 1, 'b': {c: 2}, (1 + 1 == 2 ? 'd' : 'e'): 3,}.b.c", "2")]
    [InlineData("any(app.status.conditions, .type == 'Second')", "true")]
    [InlineData("all(1..3, {# > 0}) and none(1..3, # > 3) and one(1..3, # == 2)", "true")]
    [InlineData("filter(1..10, # % 2 == 0)", "[2 4 6 8 10]")]
    [InlineData("map(app.status.conditions, .type)", "[First Second]")]
    [InlineData("count(1..5, # > 2) + len(filter(1..5, {# > 2}))", "6")]
    [InlineData("map([[1, 2], [3]], map(#, # * 2))", "[[2 4] [6]]")]
    [InlineData("find([1, 5, 9], # > 4) + findIndex([1, 5, 9], # > 4)", "6")]
    [InlineData("reduce(1..4, #acc + # * #index, 0)", "20")]
    [InlineData("sum(1..4) + sum([{n: 1}, {n: 2}], .n)", "13")]
    [InlineData("groupBy(1..4, # % 2)", "map[0:[2 4] 1:[1 3]]")]
    [InlineData("sortBy([{n: 2}, {n: 1}], .n, 'desc')[0].n", "2")]
    [InlineData("sort([3, 1, 2])", "[1 2 3]")]
    [InlineData("let x = 2; let y = x * 3; x + y", "8")]
    [InlineData("if 1 > 2 { 'a' } else if 1 > 0 { 'b' } else { 'c' }", "b")]
    [InlineData("app.metadata.name | upper() | split('O') | len()", "3")]
    [InlineData("1..5 | filter(# > 2) | map(# * 2)", "[6 8 10]")]
    [InlineData("trim('  a ') + trimPrefix('v1', 'v') + trimSuffix('a.git', '.git') + lower('B')", "a1ab")]
    [InlineData("split('a,b,c', ',', 2)", "[a b,c]")]
    [InlineData("splitAfter('a,b', ',')", "[a, b]")]
    [InlineData("replace('aXbX', 'X', '-') + repeat('=', 3) + join(['x', 'y'], '+')", "a-b-===x+y")]
    [InlineData("indexOf('apple pie', 'pie') + lastIndexOf('aXa', 'a')", "8")]
    [InlineData("max(1, [5, 2]) + min([3, 4]) + abs(-2) + int('4')", "14")]
    [InlineData("[ceil(1.2), floor(1.8), round(2.5), mean([1, 2]), median([3, 1, 2])]", "[2 1 3 1.5 2]")]
    [InlineData("[type(nil), type(1), type(1.5), type('a'), type([]), type({}), type(true), type(now())]", "[nil int float string array map bool time.Time]")]
    [InlineData("toJSON({b: 1, a: [nil]})", "{\n  \"a\": [\n    null\n  ],\n  \"b\": 1\n}")]
    [InlineData("fromJSON('{\"a\": [1, 2]}').a[1]", "2")]
    [InlineData("fromBase64(toBase64('hé'))", "hé")]
    [InlineData("keys({b: 1, a: 2}) == ['a', 'b'] and values({a: 2}) == [2]", "true")]
    [InlineData("fromPairs(toPairs({a: 1})).a", "1")]
    [InlineData("[first([1, 2]), last([1, 2]), get([1], 9), get({a: 1}, 'a'), take([1, 2, 3], 2), reverse([1, 2]), concat([1], [2]), flatten([[1], 2]), uniq([1, 1])]", "[1 2 <nil> 1 [1 2] [2 1] [1 2] [1 2] [1]]")]
    [InlineData("[bitand(12, 10), bitor(12, 10), bitxor(12, 10), bitnot(0), bitshl(1, 4), bitshr(-8, 1), bitushr(-5, 2)]", "[8 14 6 -1 16 -4 4611686018427387902]")]
    [InlineData("len('hé') + len({a: 1}) + len([1])", "5")]
    [InlineData("'app' in $env and $env['app'].metadata.name == 'guestbook'", "true")]
    [InlineData("1 /* one */ + // two\n 2", "3")]
    [InlineData("(date('2026-03-01T10:00:00Z') - date('2026-03-01 09:30:00')).Minutes()", "30")]
    [InlineData("date('2026-03-01') + duration('36h') > date('2026-03-02')", "true")]
    [InlineData("now().Year()", "2026")]
    [InlineData("date('2026-03-01 00:00:00', '2006-01-02 15:04:05', 'Europe/Zurich').UTC().Hour()", "23")]
    public void An_expression_has_the_value_that_expr_gives_it(string text, string expected) => Assert.Equal(expected, Evaluate(text));

    [Theory]
    [InlineData("app.status.nothing.deeper", "cannot fetch deeper from <nil>", 20)]
    [InlineData("missing.field", "cannot fetch field from <nil>", 9)]
    [InlineData("app.status.nothing && true", "interface conversion: interface {} is nil, not bool", 20)]
    [InlineData("app.metadata.name.first", "invalid operation: int(string)", 19)]
    [InlineData("[1][3]", "index out of range: 3 (array length is 1)", 4)]
    [InlineData("1 + 'a'", "invalid operation: int + string", 3)]
    [InlineData("nil < 1", "invalid operation: <nil> < int", 5)]
    [InlineData("1 % 0", "runtime error: integer divide by zero", 3)]
    [InlineData("'a' in 'abc'", "operator \"in\" not defined on string", 5)]
    [InlineData("nobody(1)", "reflect: call of reflect.Value.Call on zero Value", 1)]
    [InlineData("filter(nil, true)", "reflect: call of reflect.Value.Len on zero Value", 1)]
    [InlineData("now().Sub()", "reflect: Call with too few input arguments", 7)]
    [InlineData("now().Sub('1h')", "reflect: Call using string as type time.Time", 7)]
    [InlineData("date('x')", "invalid date x", 1)]
    public void What_fails_says_why_and_where(string text, string reason, int column)
    {
        ExpressionException failed = Assert.Throws<ExpressionException>(() => Evaluate(text));
        Assert.Equal((reason, 1, column), (failed.Reason, failed.Line, failed.Column));
    }

    [Theory]
    [InlineData("", "unexpected token EOF (1:1)\n | \n | ^")]
    [InlineData("a ==", "unexpected token EOF (1:5)\n | a ==\n | ....^")]
    [InlineData("true and\n  app.1", "unexpected token Number(\".1\") (2:6)\n |   app.1\n | .....^")]
    [InlineData("'abc", "literal not terminated (1:1)\n | 'abc\n | ^")]
    [InlineData("1x", "bad number syntax: \"1x\" (1:1)\n | 1x\n | ^")]
    [InlineData("a matches '('", "error parsing regexp: missing closing ): `(` (1:3)\n | a matches '('\n | ..^")]
    [InlineData("# > 1", "cannot use pointer accessor outside predicate (1:1)\n | # > 1\n | ^")]
    [InlineData("a ?? b and c", "Operator (and) and coalesce expressions (??) cannot be mixed. Wrap either by parentheses. (1:8)\n | a ?? b and c\n | .......^")]
    [InlineData("len()", "not enough arguments to call len (1:1)\n | len()\n | ^")]
    [InlineData("a @ b", "unrecognized character: U+0040 '@' (1:3)\n | a @ b\n | ..^")]
    [InlineData("{1 2}", "unexpected token Number(\"2\") (1:4)\n | {1 2}\n | ...^")]
    public void What_is_no_expression_does_not_compile(string text, string message) =>
        Assert.Equal(message, Assert.Throws<ExpressionException>(() => Expression.Compile(text)).Message);

    [Theory]
    [InlineData("all(1..900000, all(1..900000, true))")]
    [InlineData("map(1..2000, map(1..2000, repeat('x', 1000)))")]
    [InlineData("repeat('x', 9000000000)")]
    [InlineData("1..9223372036854775807")]
    [InlineData("reduce(1..900, #acc + #acc, 'xxxxxxxx')")]
    public void An_endless_expression_ends_with_an_error(string text) =>
        Assert.Matches("takes more than|memory budget exceeded", Assert.Throws<ExpressionException>(() => Evaluate(text)).Reason);

    [Theory]
    [InlineData("(")]
    [InlineData("!")]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("let a")]
    [InlineData("a?.b")]
    [InlineData("1+")]
    [InlineData("filter(a, ")]
    public void Text_of_any_depth_is_refused_without_a_crash(string piece)
    {
        string deep = string.Concat(Enumerable.Repeat(piece, 200_000));
        Assert.Throws<ExpressionException>(() => Evaluate(deep));
    }

    [Fact]
    public void A_run_ends_when_it_is_cancelled()
    {
        using CancellationTokenSource stop = new();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => Expression.Compile("all(1..1000, true)").Run(Environment, new ExpressionRun(TimeProvider.System, stop.Token)));
    }

    [Fact]
    public void Functions_and_methods_of_the_environment_are_called()
    {
        MapNode environment = new()
        {
            ["time"] = new MapNode { ["Parse"] = new GoFunctionValue(new GoFunction(call => TimeParser.Parse("2006-01-02T15:04:05Z07:00", call.Text(0), out _)!, GoType.String)) },
        };
        Expression expression = Expression.Compile("!time.Parse('2026-01-01T10:05:00Z').Before(time.Parse('2026-01-01T10:00:00Z')) and time.Parse('2026-01-01T10:05:00Z').Sub(time.Parse('2026-01-01T10:00:00Z')).Minutes() >= 5");
        Assert.Equal(BoolNode.True, expression.Run(environment, new ExpressionRun(TimeProvider.System)));
    }

    private static string Evaluate(string text) =>
        GoPrinter.Format("%v", Expression.Compile(text).Run(Environment, new ExpressionRun(new Clock())));

    private static MapNode Variables() => (MapNode)JsonReader.Read(Encoding.UTF8.GetBytes(
        """
        {"app": {"metadata": {"name": "guestbook"}, "spec": {"replicas": 3},
          "status": {"conditions": [{"type": "First"}, {"type": "Second"}]}}}
        """)).Freeze();

    private sealed class Clock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    }
}
