using System.Globalization;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Printing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;
using static Bowline.Languages.GoTemplates.Sprig.FunctionList;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>Arithmetic in int64 (wrapping, as Go's) and in decimals, conversions and sequences.</summary>
internal static class NumberFunctions
{
    public static FunctionList All()
    {
        FunctionList list = new()
        {
            { "atoi", call => GoInteger.Int(Atoi(call.Text(0))), Text },
            { "int64", call => IntegerNode.Of(Cast.ToInt64(call[0])), Any },
            { "int", call => GoInteger.Int(Cast.ToInt64(call[0])), Any },
            { "float64", call => new FloatNode(Cast.ToFloat64(call[0])), Any },
            { "toDecimal", call => IntegerNode.Of(FromOctal(GoPrinter.Sprint(call[0]))), Any },
            { "until", call => Steps(call, 0, call.Integer(0), call.Integer(0) < 0 ? -1 : 1), Int },
            { "untilStep", call => Steps(call, call.Integer(0), call.Integer(1), call.Integer(2)), Int, Int, Int },
            { "add1", call => IntegerNode.Of(unchecked(Cast.ToInt64(call[0]) + 1)), Any },
            { "sub", call => IntegerNode.Of(unchecked(Cast.ToInt64(call[0]) - Cast.ToInt64(call[1]))), Any, Any },
            { "div", call => IntegerNode.Of(Divide(Cast.ToInt64(call[0]), Cast.ToInt64(call[1]))), Any, Any },
            { "mod", call => IntegerNode.Of(Remainder(Cast.ToInt64(call[0]), Cast.ToInt64(call[1]))), Any, Any },
            { "add1f", call => Decimals(Cast.ToFloat64(call[0]), [1], BigDecimal.Add), Any },
            { "floor", call => new FloatNode(Math.Floor(Cast.ToFloat64(call[0]))), Any },
            { "ceil", call => new FloatNode(Math.Ceiling(Cast.ToFloat64(call[0]))), Any },
        };
        list.Variadic("seq", Sequence, Int);
        list.Variadic("add", call => Fold(0, call.Arguments, static (sum, value) => unchecked(sum + value)), Any);
        list.Variadic("mul", call => Fold(1, call.Arguments, static (product, value) => unchecked(product * value)), Any, Any);
        list.Variadic("max", call => Fold(Cast.ToInt64(call[0]), call.Arguments[1..], Math.Max), Any, Any);
        list.Alias("biggest", "max");
        list.Variadic("min", call => Fold(Cast.ToInt64(call[0]), call.Arguments[1..], Math.Min), Any, Any);
        list.Variadic("maxf", call => new FloatNode(Floats(call.Arguments).Aggregate(Math.Max)), Any, Any);
        list.Variadic("minf", call => new FloatNode(Floats(call.Arguments).Aggregate(Math.Min)), Any, Any);
        list.Variadic("addf", call => Decimals(0, Floats(call.Arguments), BigDecimal.Add), Any);
        list.Variadic("subf", call => Decimals(Cast.ToFloat64(call[0]), Floats(call.Arguments[1..]), BigDecimal.Subtract), Any, Any);
        list.Variadic("divf", call => Decimals(Cast.ToFloat64(call[0]), Floats(call.Arguments[1..]), BigDecimal.Divide), Any, Any);
        list.Variadic("mulf", call => Decimals(Cast.ToFloat64(call[0]), Floats(call.Arguments[1..]), BigDecimal.Multiply), Any, Any);
        list.Variadic("round", Round, Any, Int, GoType.Float64);
        return list;
    }

    private static IntegerNode Fold(long start, ReadOnlySpan<Node> values, Func<long, long, long> step)
    {
        foreach (Node value in values)
        {
            start = step(start, Cast.ToInt64(value));
        }

        return IntegerNode.Of(start);
    }

    private static double[] Floats(ReadOnlySpan<Node> values)
    {
        double[] floats = new double[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            floats[i] = Cast.ToFloat64(values[i]);
        }

        return floats;
    }

    private static FloatNode Decimals(double first, double[] others, Func<BigDecimal, BigDecimal, BigDecimal> operation)
    {
        BigDecimal result = BigDecimal.From(first);
        foreach (double other in others)
        {
            result = operation(result, BigDecimal.From(other));
        }

        return new FloatNode(result.ToDouble());
    }

    private static long Divide(long left, long right) => right switch
    {
        0 => throw new GoError("runtime error: integer divide by zero"),
        -1 => unchecked(-left),
        _ => left / right,
    };

    private static long Remainder(long left, long right) => right switch
    {
        0 => throw new GoError("runtime error: integer divide by zero"),
        -1 => 0,
        _ => left % right,
    };

    private static long Atoi(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value : 0;

    private static long FromOctal(string text)
    {
        string digits = text.StartsWith('-') || text.StartsWith('+') ? text[1..] : text;
        if (digits.Length is 0 or > 21 || digits.AsSpan().IndexOfAnyExceptInRange('0', '7') >= 0)
        {
            return 0;
        }

        long value = Convert.ToInt64(digits, 8);
        return text[0] == '-' ? -value : value;
    }

    private static FloatNode Round(FunctionCall call)
    {
        double roundOn = call.Count > 2 ? call.Float(2) : 0.5;
        double power = Math.Pow(10, call.Integer(1));
        double digit = power * Cast.ToFloat64(call[0]);
        double rounded = digit - Math.Truncate(digit) >= roundOn ? Math.Ceiling(digit) : Math.Floor(digit);
        return new FloatNode(rounded / power);
    }

    private static Node Sequence(FunctionCall call)
    {
        (long start, long end, long step) = call.Count switch
        {
            1 => (1, call.Integer(0), call.Integer(0) < 1 ? -1 : 1),
            2 => (call.Integer(0), call.Integer(1), call.Integer(1) < call.Integer(0) ? -1 : 1),
            3 => (call.Integer(0), call.Integer(2), call.Integer(1)),
            _ => (0L, 0L, 0L),
        };
        if (call.Count is 0 or > 3 || (call.Count == 3 && end < start && step > 0))
        {
            return StringNode.Empty;
        }

        long past = call.Count == 3 ? end < start ? -1 : 1 : step;
        return string.Join(' ', Steps(call, start, unchecked(end + past), step).Items.Select(item => ((GoInteger)item).Value));
    }

    private static GoSlice Steps(FunctionCall call, long start, long stop, long step)
    {
        if (stop < start ? step >= 0 : step <= 0)
        {
            return new GoSlice(GoType.Ints, []);
        }

        Int128 count = (((Int128)stop - start) / step) + 1;
        call.Run.Charge((long)Int128.Min(count * 40, long.MaxValue));
        List<Node> values = new((int)count);
        for (Int128 value = start; stop < start ? value > stop : value < stop; value += step)
        {
            values.Add(GoInteger.Int((long)value));
        }

        return new GoSlice(GoType.Ints, values);
    }
}
