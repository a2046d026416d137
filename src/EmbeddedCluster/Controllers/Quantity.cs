using System.Globalization;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers;

/// <summary>A Kubernetes quantity as an exact number and the notation it is printed in (apimachinery resource.Quantity).</summary>
internal readonly record struct Quantity(decimal Value, QuantityNotation Notation)
{
    public static readonly Quantity Zero = new(0, QuantityNotation.Decimal);

    private static readonly (string Suffix, decimal Factor)[] Binary =
    [
        ("Ei", 1152921504606846976m), ("Pi", 1125899906842624m), ("Ti", 1099511627776m), ("Gi", 1073741824m), ("Mi", 1048576m), ("Ki", 1024m),
    ];

    private static readonly (string Suffix, decimal Factor)[] Metric =
    [
        ("E", 1e18m), ("P", 1e15m), ("T", 1e12m), ("G", 1e9m), ("M", 1e6m), ("k", 1e3m), ("", 1m), ("m", 1e-3m), ("u", 1e-6m), ("n", 1e-9m),
    ];

    /// <summary>Zero for what is not a quantity: the API server has refused such objects already.</summary>
    public static Quantity Of(Node? node) => node switch
    {
        StringNode text => TryParse(text.Value, out Quantity quantity) ? quantity : Zero,
        { } number when number.AsNumber() is { } value && Math.Abs(value) < 1e27 => new Quantity((decimal)value, QuantityNotation.Decimal),
        _ => Zero,
    };

    public static bool TryParse(string text, out Quantity quantity)
    {
        quantity = Zero;
        int end = text.Length;
        while (end > 0 && !char.IsAsciiDigit(text[end - 1]) && text[end - 1] != '.')
        {
            end--;
        }

        string suffix = text[end..];
        (decimal factor, QuantityNotation notation) = Factor(suffix, text.AsSpan(0, end));
        if (factor == 0 || !decimal.TryParse(text.AsSpan(0, end), NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number))
        {
            return false;
        }

        if (factor > 1 && Math.Abs(number) > decimal.MaxValue / factor)
        {
            return false;
        }

        quantity = new Quantity(number * factor, notation);
        return true;
    }

    public static Quantity operator +(Quantity left, Quantity right) =>
        new(left.Value + right.Value, left.Value == 0 ? right.Notation : left.Notation);

    public static Quantity operator -(Quantity left, Quantity right) =>
        new(left.Value - right.Value, left.Value == 0 ? right.Notation : left.Notation);

    public override string ToString()
    {
        if (Value == 0)
        {
            return "0";
        }

        if (Notation == QuantityNotation.Binary && Value == Math.Truncate(Value) && Math.Abs(Value) >= 1024)
        {
            foreach ((string suffix, decimal factor) in Binary)
            {
                if (Value % factor == 0)
                {
                    return Print(Value / factor) + suffix;
                }
            }
        }

        if (Notation == QuantityNotation.Exponent)
        {
            return PrintExponent(Value);
        }

        foreach ((string suffix, decimal factor) in Metric)
        {
            if (Value % factor == 0)
            {
                return Print(Value / factor) + suffix;
            }
        }

        return Print(Math.Ceiling(Value * 1e9m)) + "n";
    }

    private static (decimal Factor, QuantityNotation Notation) Factor(string suffix, ReadOnlySpan<char> number)
    {
        foreach ((string name, decimal factor) in Binary)
        {
            if (suffix == name)
            {
                return (factor, QuantityNotation.Binary);
            }
        }

        foreach ((string name, decimal factor) in Metric)
        {
            if (suffix == name)
            {
                return (factor, number.IndexOfAny('e', 'E') >= 0 ? QuantityNotation.Exponent : QuantityNotation.Decimal);
            }
        }

        return (0, QuantityNotation.Decimal);
    }

    private static string PrintExponent(decimal value)
    {
        int exponent = 0;
        while (value % 1000 == 0)
        {
            value /= 1000;
            exponent += 3;
        }

        while (value != Math.Truncate(value) && exponent > -9)
        {
            value *= 1000;
            exponent -= 3;
        }

        return exponent == 0 ? Print(value) : Print(value) + "e" + exponent.ToString(CultureInfo.InvariantCulture);
    }

    private static string Print(decimal value) => Math.Truncate(value).ToString("0", CultureInfo.InvariantCulture);
}

internal enum QuantityNotation
{
    Decimal,
    Binary,
    Exponent,
}

/// <summary>An <c>intstr.IntOrString</c> that may be a percentage.</summary>
internal static class IntOrPercent
{
    public static int Resolve(Node? value, int total, bool roundUp, int otherwise = 0)
    {
        if (value?.AsInteger() is { } number)
        {
            return (int)Math.Clamp(number, 0, int.MaxValue);
        }

        if (value?.AsString() is not { } text || !text.EndsWith('%')
            || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int percent))
        {
            return otherwise;
        }

        long scaled = (long)percent * total;
        return (int)(roundUp ? (scaled + 99) / 100 : scaled / 100);
    }
}
