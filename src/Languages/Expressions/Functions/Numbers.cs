using Bowline.Languages.Expressions.Evaluating;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Expressions.Functions;

internal static class Numbers
{
    public static IReadOnlyDictionary<string, Builtin> All { get; } = new Dictionary<string, Builtin>
    {
        ["max"] = new(1, int.MaxValue, static call => Pick(call, ">")),
        ["min"] = new(1, int.MaxValue, static call => Pick(call, "<")),
        ["mean"] = new(1, int.MaxValue, static call => Mean(Flat(call))),
        ["median"] = new(1, int.MaxValue, static call => Median(Flat(call))),
        ["abs"] = new(1, 1, static call => Arithmetic.Compare("<", call[0], GoInteger.Int(0)) < 0 ? Arithmetic.Negate(call[0]) : call[0]),
        ["ceil"] = new(1, 1, static call => new FloatNode(Math.Ceiling(Values.ToFloat(call[0])))),
        ["floor"] = new(1, 1, static call => new FloatNode(Math.Floor(Values.ToFloat(call[0])))),
        ["round"] = new(1, 1, static call => new FloatNode(Math.Round(Values.ToFloat(call[0]), MidpointRounding.AwayFromZero))),
        ["bitand"] = new(2, 2, static call => GoInteger.Int(call.Integer(0) & call.Integer(1))),
        ["bitor"] = new(2, 2, static call => GoInteger.Int(call.Integer(0) | call.Integer(1))),
        ["bitxor"] = new(2, 2, static call => GoInteger.Int(call.Integer(0) ^ call.Integer(1))),
        ["bitnand"] = new(2, 2, static call => GoInteger.Int(call.Integer(0) & ~call.Integer(1))),
        ["bitnot"] = new(1, 1, static call => GoInteger.Int(~call.Integer(0))),
        ["bitshl"] = new(2, 2, static call => GoInteger.Int(Shift(call) > 63 ? 0 : call.Integer(0) << (int)Shift(call))),
        ["bitshr"] = new(2, 2, static call => GoInteger.Int(call.Integer(0) >> (int)Math.Min(Shift(call), 63))),
        ["bitushr"] = new(2, 2, static call => GoInteger.Int(Shift(call) > 63 ? 0 : call.Integer(0) >>> (int)Shift(call))),
    };

    private static long Shift(BuiltinCall call) => call.Integer(1) is >= 0 and var count ? count : throw new Failure($"invalid operation: negative shift count {call.Integer(1)} (type int)");

    /// <summary>Arguments may be numbers and lists of numbers.</summary>
    private static List<Node> Flat(BuiltinCall call) => [.. call.Arguments.SelectMany(argument => GoTree.Items(argument) ?? [argument])];

    private static Node Pick(BuiltinCall call, string comparison)
    {
        Node? best = null;
        foreach (Node value in Flat(call))
        {
            int order = best is null ? 1 : Arithmetic.Compare(comparison, value, best);
            best = best is null || (comparison == ">" ? order > 0 : order < 0) ? value : best;
        }

        return best ?? throw new Failure("not enough arguments to call");
    }

    private static FloatNode Mean(List<Node> values) => new(values.Count == 0 ? 0 : values.Sum(Values.ToFloat) / values.Count);

    private static FloatNode Median(List<Node> values)
    {
        double[] sorted = [.. values.Select(Values.ToFloat).Order()];
        int middle = sorted.Length / 2;
        return new FloatNode(sorted.Length == 0 ? 0 : sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2);
    }
}
