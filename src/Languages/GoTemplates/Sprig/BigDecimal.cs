using System.Globalization;
using System.Numerics;
using Bowline.Languages.GoTemplates.Values;

namespace Bowline.Languages.GoTemplates.Sprig;

/// <summary>shopspring/decimal: exact sums and products; quotients to 16 digits after the point, halves away from zero.</summary>
internal readonly record struct BigDecimal(BigInteger Value, int Exponent)
{
    private const int DivisionPrecision = 16;

    public static BigDecimal From(double value)
    {
        if (!double.IsFinite(value))
        {
            throw new GoError($"Cannot create a Decimal from {Printing.GoFloat.Format(value, 'g', -1)}");
        }

        string shortest = value.ToString("R", CultureInfo.InvariantCulture);
        int e = shortest.IndexOf('E', StringComparison.Ordinal);
        string mantissa = e < 0 ? shortest : shortest[..e];
        int exponent = e < 0 ? 0 : int.Parse(shortest.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        int point = mantissa.IndexOf('.', StringComparison.Ordinal);
        int decimals = point < 0 ? 0 : mantissa.Length - point - 1;
        BigInteger digits = BigInteger.Parse(mantissa.Replace(".", string.Empty, StringComparison.Ordinal), CultureInfo.InvariantCulture);
        return new BigDecimal(digits, exponent - decimals);
    }

    public static BigDecimal Add(BigDecimal left, BigDecimal right)
    {
        int exponent = Math.Min(left.Exponent, right.Exponent);
        return new BigDecimal(left.Scaled(exponent) + right.Scaled(exponent), exponent);
    }

    public static BigDecimal Subtract(BigDecimal left, BigDecimal right) => Add(left, right with { Value = -right.Value });

    public static BigDecimal Multiply(BigDecimal left, BigDecimal right) => new(left.Value * right.Value, left.Exponent + right.Exponent);

    public static BigDecimal Divide(BigDecimal left, BigDecimal right)
    {
        if (right.Value.IsZero)
        {
            throw new GoError("decimal division by 0");
        }

        int shift = left.Exponent - right.Exponent + DivisionPrecision;
        BigInteger numerator = shift >= 0 ? left.Value * BigInteger.Pow(10, shift) : left.Value;
        BigInteger denominator = shift >= 0 ? right.Value : right.Value * BigInteger.Pow(10, -shift);
        BigInteger quotient = BigInteger.DivRem(numerator, denominator, out BigInteger remainder);
        if (BigInteger.Abs(remainder) * 2 >= BigInteger.Abs(denominator))
        {
            quotient += numerator.Sign * denominator.Sign;
        }

        return new BigDecimal(quotient, -DivisionPrecision);
    }

    public double ToDouble() => double.Parse(Value.ToString(CultureInfo.InvariantCulture) + "E" + Exponent.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private BigInteger Scaled(int exponent) => Value * BigInteger.Pow(10, Exponent - exponent);
}
