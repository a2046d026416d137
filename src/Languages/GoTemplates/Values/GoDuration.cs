using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Values;

/// <summary>A time.Duration: nanoseconds of the kind int64 that print as <c>1h2m3s</c>.</summary>
public sealed class GoDuration(long nanoseconds) : GoValue
{
    public const long Second = 1_000_000_000;
    public const long Minute = 60 * Second;
    public const long Hour = 60 * Minute;

    public long Nanoseconds => nanoseconds;

    public override GoType Type => GoType.Duration;

    public override string Text => Format(nanoseconds);

    public override GoFunction? Method(string name) => name switch
    {
        "String" => new GoFunction(_ => StringNode.Of(Text)) { Result = GoType.String },
        "Hours" => new GoFunction(_ => new FloatNode(nanoseconds / (double)Hour)) { Result = GoType.Float64 },
        "Minutes" => new GoFunction(_ => new FloatNode(nanoseconds / (double)Minute)) { Result = GoType.Float64 },
        "Seconds" => new GoFunction(_ => new FloatNode(nanoseconds / (double)Second)) { Result = GoType.Float64 },
        "Milliseconds" => new GoFunction(_ => IntegerNode.Of(nanoseconds / 1_000_000)) { Result = GoType.Int64 },
        "Microseconds" => new GoFunction(_ => IntegerNode.Of(nanoseconds / 1000)) { Result = GoType.Int64 },
        "Nanoseconds" => new GoFunction(_ => IntegerNode.Of(nanoseconds)) { Result = GoType.Int64 },
        _ => null,
    };

    public override bool DeepEquals([NotNullWhen(true)] Node? other) => other is GoDuration duration && duration.Nanoseconds == nanoseconds;

    public override Node ToPlain() => IntegerNode.Of(nanoseconds);

    /// <summary>Go's String: the two or three largest units, seconds with up to nine decimals, small values in ms, µs or ns.</summary>
    public static string Format(long nanoseconds)
    {
        if (nanoseconds == 0)
        {
            return "0s";
        }

        ulong value = nanoseconds < 0 ? (ulong)-(nanoseconds + 1) + 1 : (ulong)nanoseconds;
        StringBuilder text = new(nanoseconds < 0 ? "-" : string.Empty);
        if (value < Second)
        {
            (string unit, int digits) = value < 1000 ? ("ns", 0) : value < 1_000_000 ? ("µs", 3) : ("ms", 6);
            return text.Append(Fraction(value, digits)).Append(unit).ToString();
        }

        ulong minutes = value / Minute;
        if (minutes >= 60)
        {
            text.Append(minutes / 60).Append('h');
        }

        if (minutes > 0)
        {
            text.Append(minutes % 60).Append('m');
        }

        return text.Append(Fraction(value % Minute, 9)).Append('s').ToString();
    }

    /// <summary>time.ParseDuration; null with Go's error text when it is not a duration.</summary>
    public static long? Parse(string text, out string error)
    {
        error = $"time: invalid duration {TimeLayout.Quote(text)}";
        ReadOnlySpan<char> rest = text;
        bool negative = rest.StartsWith("-");
        if (negative || rest.StartsWith("+"))
        {
            rest = rest[1..];
        }

        if (rest is "0")
        {
            return 0;
        }

        if (rest.IsEmpty)
        {
            return null;
        }

        UInt128 total = 0;
        while (!rest.IsEmpty)
        {
            if (!TryPart(ref rest, text, ref error, out UInt128 part) || (total += part) > (UInt128)1 << 63)
            {
                return null;
            }
        }

        return negative ? (long)(0 - (ulong)total) : total > long.MaxValue ? null : (long)total;
    }

    private static bool TryPart(ref ReadOnlySpan<char> rest, string whole, ref string error, out UInt128 part)
    {
        part = 0;
        int whole1 = Digits(rest);
        ReadOnlySpan<char> integer = rest[..whole1];
        rest = rest[whole1..];
        ReadOnlySpan<char> fraction = default;
        if (rest.StartsWith("."))
        {
            int digits = Digits(rest[1..]);
            fraction = rest.Slice(1, digits);
            rest = rest[(digits + 1)..];
        }

        if ((integer.IsEmpty && fraction.IsEmpty) || integer.Length > 19)
        {
            return false;
        }

        int unitLength = rest.IndexOfAny(".0123456789");
        ReadOnlySpan<char> unit = unitLength < 0 ? rest : rest[..unitLength];
        long scale = unit switch { "ns" => 1, "us" or "µs" or "μs" => 1000, "ms" => 1_000_000, "s" => Second, "m" => Minute, "h" => Hour, _ => 0 };
        if (scale == 0)
        {
            error = unit.IsEmpty
                ? $"time: missing unit in duration {TimeLayout.Quote(whole)}"
                : $"time: unknown unit {TimeLayout.Quote(unit.ToString())} in duration {TimeLayout.Quote(whole)}";
            return false;
        }

        rest = rest[unit.Length..];
        UInt128 value = integer.IsEmpty ? 0 : UInt128.Parse(integer, CultureInfo.InvariantCulture);
        double decimals = fraction.IsEmpty ? 0 : double.Parse("0." + fraction.ToString(), CultureInfo.InvariantCulture);
        part = (value * (ulong)scale) + (ulong)(decimals * scale);
        return true;
    }

    private static int Digits(ReadOnlySpan<char> text)
    {
        int end = text.IndexOfAnyExceptInRange('0', '9');
        return end < 0 ? text.Length : end;
    }

    private static string Fraction(ulong value, int digits)
    {
        ulong scale = 1;
        for (int i = 0; i < digits; i++)
        {
            scale *= 10;
        }

        string whole = (value / scale).ToString(CultureInfo.InvariantCulture);
        return value % scale == 0
            ? whole
            : whole + "." + (value % scale).ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0').TrimEnd('0');
    }
}
