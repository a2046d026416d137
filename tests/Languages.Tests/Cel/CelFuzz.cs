using System.Text;
using Bowline.Languages.Cel;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Json;
using Bowline.Resources.Model;
using FsCheck;
using FsCheck.Fluent;

namespace Bowline.Languages.Tests.Cel;

/// <summary>Whatever the expression, it ends in a value, an error or a CelException; and laws that hold for all values.</summary>
public sealed class CelFuzz
{
    private static readonly CelEnvironment Environment = CelEnvironment.Full.WithVariable("self", CelType.Dyn).WithVariable("n", CelType.Int).WithVariable("s", CelType.String);

    private static readonly string[] Members =
    [
        "contains", "startsWith", "matches", "size", "charAt", "indexOf", "lastIndexOf", "lowerAscii", "replace", "split", "substring", "trim", "format", "join", "reverse",
        "find", "findAll", "isSorted", "sum", "min", "max", "slice", "distinct", "flatten", "sort", "first", "last", "getHours", "getFullYear", "value", "hasValue", "orValue", "or",
        "asInteger", "add", "containsIP", "major", "validate", "getHost", "getQuery",
    ];

    private static readonly string[] Functions =
    [
        "int", "uint", "double", "string", "bytes", "bool", "timestamp", "duration", "type", "dyn", "size", "optional.of", "optional.none", "math.greatest", "math.abs", "math.bitNot",
        "sets.contains", "quantity", "url", "ip", "cidr", "semver", "isIP", "lists.range", "regex.replace", "regex.extract", "strings.quote", "format.named",
    ];

    private static readonly string[] Leaves =
        ["1", "-1", "0", "2u", "1.5", "'a'", "''", "'é😀'", "b'\\xff'", "true", "false", "null", "[]", "{}", "self", "n", "s", "self.a", "self.list", "x", "'1Gi'", "'10.0.0.0/8'", "'1.2.3'", "'(a|b)*'", "9223372036854775807", "1e308"];

    private const string Noise = "(){}[].,?:!'\"\\`&|=<>+-*/%rbu0x\n\t é\ud83d\0";

    private static readonly Node Data = JsonReader.Read("""{"a": 1, "list": [1, "x", null, {"k": [1.5]}], "m": {"k": "v"}, "t": "2020-01-01T00:00:00Z"}"""u8.ToArray());

    [Fact]
    public void Random_expressions_end_in_a_value_or_an_error()
    {
        List<string> bugs = [];
        int values = 0;
        for (int seed = 0; seed < 8_000 && bugs.Count < 10; seed++)
        {
            values += Run(Generate(new System.Random(seed), 4), seed, bugs) ? 1 : 0;
        }

        Assert.True(bugs.Count == 0, string.Join('\n', bugs));
        Assert.True(values > 400, $"only {values} expressions were evaluated");
    }

    [Fact]
    public void Garbled_expressions_end_in_a_value_or_an_error()
    {
        List<string> bugs = [];
        for (int seed = 0; seed < 3_000 && bugs.Count < 10; seed++)
        {
            System.Random random = new(seed);
            StringBuilder text = new(Generate(random, 4));
            for (int i = 0; i < 3; i++)
            {
                int at = random.Next(text.Length);
                text = random.Next(2) == 0 && text.Length > 1 ? text.Remove(at, 1) : text.Insert(at, Noise[random.Next(Noise.Length)]);
            }

            Run(text.ToString(), seed, bugs);
        }

        Assert.True(bugs.Count == 0, string.Join('\n', bugs));
    }

    [Fact]
    public void Integer_arithmetic_is_exact_or_an_overflow()
    {
        CelProgram program = CelProgram.Compile("n + n2", CelEnvironment.Full.WithVariable("n", CelType.Int).WithVariable("n2", CelType.Int));
        Prop.ForAll<long, long>((a, b) =>
        {
            CelResult result = program.Evaluate(name => name == "n" ? IntegerNode.Of(a) : IntegerNode.Of(b));
            Int128 sum = (Int128)a + b;
            return sum >= long.MinValue && sum <= long.MaxValue ? result.Value!.AsInteger() == (long)sum : result.Error == "integer overflow";
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Order_is_total_across_numbers()
    {
        CelProgram less = CelProgram.Compile("a < b", CelEnvironment.Full.WithVariable("a", CelType.Dyn).WithVariable("b", CelType.Dyn));
        CelProgram equal = CelProgram.Compile("a == b", CelEnvironment.Full.WithVariable("a", CelType.Dyn).WithVariable("b", CelType.Dyn));
        Prop.ForAll<long, NormalFloat>((integer, number) =>
        {
            Node a = IntegerNode.Of(integer);
            Node b = new FloatNode(number.Get);
            bool Holds(CelProgram program, Node left, Node right) => program.Evaluate(name => name == "a" ? left : right).IsTrue;
            return new[] { Holds(less, a, b), Holds(less, b, a), Holds(equal, a, b) }.Count(holds => holds) == 1;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Splitting_and_joining_gives_the_text_back()
    {
        CelProgram program = CelProgram.Compile("s.split(d).join(d) == s", CelEnvironment.Full.WithVariable("s", CelType.String).WithVariable("d", CelType.String));
        Prop.ForAll<NonNull<string>, NonEmptyString>((text, separator) => program.Evaluate(name => StringNode.Of(name == "s" ? text.Get : separator.Get)).IsTrue).QuickCheckThrowOnFailure();
    }

    private static bool Run(string text, int seed, List<string> bugs)
    {
        try
        {
            CelProgram program = CelProgram.Compile(text, Environment);
            program.EstimateCost();
            CelResult result = program.Evaluate(name => name switch { "self" => Data, "n" => IntegerNode.Of(3), _ => StringNode.Of("text") }, 20_000);
            if (result.Value is { } value)
            {
                CelProgram.ToPlain(value);
            }

            return result.Value is not null;
        }
        catch (CelException)
        {
            return false;
        }
        catch (Exception exception)
        {
            bugs.Add($"seed {seed}: {text}\n    {exception.GetType().Name}: {exception.Message} {exception.StackTrace?.Split('\n').FirstOrDefault()}");
            return false;
        }
    }

    private static string Generate(System.Random random, int depth)
    {
        string Inner() => Generate(random, depth - 1);
        if (depth == 0)
        {
            return Leaves[random.Next(Leaves.Length)];
        }

        return random.Next(12) switch
        {
            0 => $"({Inner()} {new[] { "+", "-", "*", "/", "%", "==", "!=", "<", ">=", "in", "&&", "||" }[random.Next(12)]} {Inner()})",
            1 => $"({Inner()} ? {Inner()} : {Inner()})",
            2 => $"{Inner()}.{Members[random.Next(Members.Length)]}({string.Join(", ", Enumerable.Range(0, random.Next(3)).Select(_ => Inner()))})",
            3 => $"{Functions[random.Next(Functions.Length)]}({string.Join(", ", Enumerable.Range(0, random.Next(3)).Select(_ => Inner()))})",
            4 => $"dyn({Inner()}).{Members[random.Next(Members.Length)]}({string.Join(", ", Enumerable.Range(0, random.Next(3)).Select(_ => $"dyn({Inner()})"))})",
            5 => $"{Inner()}.{new[] { "all", "exists", "exists_one", "map", "filter", "optMap", "sortBy" }[random.Next(7)]}(x, {Inner()})",
            6 => $"{Inner()}.{new[] { "transformList", "transformMap", "all", "exists" }[random.Next(4)]}(i, x, {Inner()})",
            7 => $"[{Inner()}, {Inner()}]",
            8 => $"{{{Inner()}: {Inner()}}}",
            9 => $"dyn({Inner()})[{Inner()}]",
            10 => $"dyn({Inner()}).?a.orValue({Inner()})",
            _ => Leaves[random.Next(Leaves.Length)],
        };
    }
}
