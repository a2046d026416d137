using System.Globalization;
using System.Text;
using Bowline.Languages.Cel.Evaluating;
using Bowline.Languages.Cel.Types;
using Bowline.Languages.Cel.Values;
using Bowline.Resources.Model;
using GoFloat = Bowline.Languages.GoTemplates.Printing.GoFloat;

namespace Bowline.Languages.Cel.Functions;

/// <summary>The string extension's format(): %s %d %f %e %b %o %x %X with a precision, and %%.</summary>
internal static class StringFormat
{
    private const int MostPrecision = 1000;

    public static Node Format(CelRun run, string format, IReadOnlyList<Node> items)
    {
        StringBuilder result = new();
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                result.Append(format[i]);
                continue;
            }

            if (++i >= format.Length)
            {
                return Arguments.Fail("unexpected end of string");
            }

            if (format[i] == '%')
            {
                result.Append('%');
                continue;
            }

            int? precision = Precision(format, ref i, out string? error);
            if (error is not null)
            {
                return Arguments.Fail(error);
            }

            if (next >= items.Count)
            {
                return Arguments.Fail($"index {next} out of range");
            }

            string? text = Clause(format[i], items[next++], precision, out error);
            if (text is null)
            {
                return Arguments.Fail($"error during formatting: {error}");
            }

            run.Allocate(text.Length * 4L);
            result.Append(text);
        }

        return run.Made(result.ToString());
    }

    private static int? Precision(string format, ref int i, out string? error)
    {
        error = null;
        if (format[i] != '.')
        {
            return null;
        }

        int from = ++i;
        while (i < format.Length && char.IsAsciiDigit(format[i]))
        {
            i++;
        }

        if (i >= format.Length)
        {
            error = "could not parse formatting clause: error while parsing precision: could not find end of precision specifier";
            return null;
        }

        if (int.TryParse(format[from..i], NumberStyles.None, CultureInfo.InvariantCulture, out int precision) && precision <= MostPrecision)
        {
            return precision;
        }

        error = "could not parse formatting clause: error while parsing precision: error while converting precision to integer";
        return null;
    }

    private static string? Clause(char verb, Node value, int? precision, out string error)
    {
        string name = CelValues.RuntimeName(value);
        error = string.Empty;
        switch (verb)
        {
            case 's':
                error = $"string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given {name}";
                return Text(value);
            case 'd':
                error = $"decimal clause can only be used on integers, was given {name}";
                return value is IntegerNode or CelUint ? value.ToString() : Special(value);
            case 'f' or 'e':
                error = $"{(verb == 'f' ? "fixed-point" : "scientific")} clause can only be used on doubles, was given {name}";
                return CelOrder.IsNumber(value) ? Special(value) ?? GoFloat.Format(CelOrder.ToDouble(value), verb, precision ?? 6) : null;
            case 'b':
                error = $"only integers and bools can be formatted as binary, was given {name}";
                return value is BoolNode flag ? flag.Value ? "1" : "0" : InBase(value, 2);
            case 'o':
                error = $"octal clause can only be used on integers, was given {name}";
                return InBase(value, 8);
            case 'x' or 'X':
                error = $"only integers, byte buffers, and strings can be formatted as hex, was given {name}";
                string? hex = value switch
                {
                    StringNode text => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text.Value)),
                    CelBytes bytes => Convert.ToHexStringLower(bytes.Value),
                    _ => InBase(value, 16),
                };
                return verb == 'X' ? hex?.ToUpperInvariant() : hex;
            default:
                error = $"unrecognized formatting clause \"{verb}\"";
                return null;
        }
    }

    private static string? Special(Node value) => value is FloatNode { Value: var number } && !double.IsFinite(number)
        ? double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity"
        : null;

    private static string? InBase(Node value, int numberBase)
    {
        if (value is not (IntegerNode or CelUint))
        {
            return null;
        }

        Int128 number = value is IntegerNode integer ? integer.Value : ((CelUint)value).Value;
        bool negative = number < 0;
        StringBuilder digits = new();
        for (UInt128 rest = (UInt128)(negative ? -number : number); rest > 0 || digits.Length == 0; rest /= (uint)numberBase)
        {
            digits.Insert(0, "0123456789abcdef"[(int)(rest % (uint)numberBase)]);
        }

        return (negative ? "-" : string.Empty) + digits;
    }

    private static string? Text(Node value) => value switch
    {
        StringNode text => text.Value,
        FloatNode number => Special(value) ?? GoFloat.Format(number.Value, 'f', -1),
        CelBytes bytes => Encoding.UTF8.GetString(bytes.Value),
        NullNode or BoolNode or IntegerNode or CelUint or CelTimestamp or CelDuration or CelTypeValue => value.ToString(),
        _ when CelLists.Items(value) is { } items => Joined(items.Select(Text), "[", "]"),
        _ when CelMaps.IsMap(value) => Joined(
            CelMaps.Keys(value).Select(key => Text(key) is { } name && Text(CelMaps.Find(value, key)!) is { } member ? $"{name}: {member}" : null).Order(StringComparer.Ordinal), "{", "}"),
        _ => null,
    };

    private static string? Joined(IEnumerable<string?> parts, string open, string close)
    {
        string?[] all = [.. parts];
        return all.Contains(null) ? null : open + string.Join(", ", all) + close;
    }
}
