using Bowline.Languages.Cel.Values;
using Bowline.Resources.Model;
using static Bowline.Languages.Cel.Functions.Arguments;

namespace Bowline.Languages.Cel.Functions;

/// <summary>cel-go's math extension.</summary>
internal static class MathFunctions
{
    private static readonly string[] Numbers = ["int", "uint", "double"];

    public static CelLibrary All()
    {
        CelLibrary library = new();
        AddExtremes(library, "math.greatest", 1);
        AddExtremes(library, "math.least", -1);
        AddRounding(library, "ceil", Math.Ceiling);
        AddRounding(library, "floor", Math.Floor);
        AddRounding(library, "round", value => Math.Round(value, MidpointRounding.AwayFromZero));
        AddRounding(library, "trunc", Math.Truncate);
        library.Add("math.isInf(double): bool", (_, a) => BoolNode.Of(double.IsInfinity(((FloatNode)a[0]).Value)));
        library.Add("math.isNaN(double): bool", (_, a) => BoolNode.Of(double.IsNaN(((FloatNode)a[0]).Value)));
        library.Add("math.isFinite(double): bool", (_, a) => BoolNode.Of(double.IsFinite(((FloatNode)a[0]).Value)));
        library.Add("math.abs(int): int", (_, a) => a.Integer(0) == long.MinValue ? Fail("integer overflow") : IntegerNode.Of(Math.Abs(a.Integer(0))));
        library.Add("math.abs(uint): uint", (_, a) => a[0]);
        library.Add("math.abs(double): double", (_, a) => new FloatNode(Math.Abs(((FloatNode)a[0]).Value)));
        library.Add("math.sign(int): int", (_, a) => IntegerNode.Of(Math.Sign(a.Integer(0))));
        library.Add("math.sign(uint): uint", (_, a) => new CelUint(((CelUint)a[0]).Value == 0 ? 0UL : 1UL));
        library.Add("math.sign(double): double", (_, a) => ((FloatNode)a[0]).Value is var value && double.IsNaN(value) ? a[0] : new FloatNode(Math.Sign(value)));
        foreach (string type in Numbers)
        {
            library.Add($"math.sqrt({type}): double", (_, a) => new FloatNode(Math.Sqrt(CelOrder.ToDouble(a[0]))));
        }

        AddBits(library);
        return library;
    }

    private static void AddExtremes(CelLibrary library, string name, int sign)
    {
        Node Best(IEnumerable<Node> values) => values.Aggregate((best, value) => CelOrder.CompareNumbers(value, best) is var order && order != CelOrder.Unordered && order * sign > 0 ? value : best);
        foreach (string type in Numbers)
        {
            library.Add($"{name}({type}): {type}", (_, a) => a[0]);
            library.Add($"{name}(list<{type}>): {type}", (_, a) => a.Items(0).Count == 0 ? Fail($"{name}(list) argument must not be empty") : !a.Items(0).All(CelOrder.IsNumber) ? CelError.NoSuchOverload : Best(a.Items(0)));
            foreach (string other in Numbers)
            {
                library.Add($"{name}({type}, {other}): {(type == other ? type : "dyn")}", (_, a) => Best(a));
            }
        }

        for (int count = 3; count <= 8; count++)
        {
            library.Add($"{name}({string.Join(", ", Enumerable.Repeat("dyn", count))}): dyn", (_, a) => a.All(CelOrder.IsNumber) ? Best(a) : CelError.NoSuchOverload);
        }
    }

    private static void AddRounding(CelLibrary library, string name, Func<double, double> apply) =>
        library.Add($"math.{name}(double): double", (_, a) => new FloatNode(apply(((FloatNode)a[0]).Value)));

    private static void AddBits(CelLibrary library)
    {
        AddBitwise(library, "bitAnd", (a, b) => a & b);
        AddBitwise(library, "bitOr", (a, b) => a | b);
        AddBitwise(library, "bitXor", (a, b) => a ^ b);
        library.Add("math.bitNot(int): int", (_, a) => IntegerNode.Of(~a.Integer(0)));
        library.Add("math.bitNot(uint): uint", (_, a) => new CelUint(~((CelUint)a[0]).Value));
        AddShift(library, "bitShiftLeft", (value, by) => value << by);
        AddShift(library, "bitShiftRight", (value, by) => value >> by);
    }

    private static void AddBitwise(CelLibrary library, string name, Func<ulong, ulong, ulong> apply)
    {
        library.Add($"math.{name}(int, int): int", (_, a) => IntegerNode.Of((long)apply((ulong)a.Integer(0), (ulong)a.Integer(1))));
        library.Add($"math.{name}(uint, uint): uint", (_, a) => new CelUint(apply(((CelUint)a[0]).Value, ((CelUint)a[1]).Value)));
    }

    /// <summary>Shifts fill with zeros, of signed numbers too.</summary>
    private static void AddShift(CelLibrary library, string name, Func<ulong, int, ulong> apply)
    {
        Node Shifted(ulong value, long by, Func<ulong, Node> of) => by < 0 ? Fail($"math.{name}() negative offset: {by}") : of(by > 63 ? 0 : apply(value, (int)by));
        library.Add($"math.{name}(int, int): int", (_, a) => Shifted((ulong)a.Integer(0), a.Integer(1), value => IntegerNode.Of((long)value)));
        library.Add($"math.{name}(uint, int): uint", (_, a) => Shifted(((CelUint)a[0]).Value, a.Integer(1), value => new CelUint(value)));
    }
}
