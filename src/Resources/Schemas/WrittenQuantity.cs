using System.Globalization;

namespace Bowline.Resources.Schemas;

/// <summary>A quantity's text taken apart: its digits without leading zeros, and the power that its suffix stands for.</summary>
public readonly ref struct WrittenQuantity
{
    private const int MaxLength = 64;
    private const int MaxExponent = 40;

    private WrittenQuantity(bool isNegative, ReadOnlySpan<char> whole, ReadOnlySpan<char> fraction, QuantityNotation notation, int exponent)
    {
        IsNegative = isNegative;
        Whole = whole;
        Fraction = fraction;
        Notation = notation;
        Exponent = exponent;
    }

    public bool IsNegative { get; }

    /// <summary>Empty for zero.</summary>
    public ReadOnlySpan<char> Whole { get; }

    public ReadOnlySpan<char> Fraction { get; }

    public QuantityNotation Notation { get; }

    /// <summary>Of two where the notation is binary, else of ten.</summary>
    public int Exponent { get; }

    /// <summary>Texts over 64 characters and exponents beyond 40 are refused, so that no text costs more than its length.</summary>
    public static bool TrySplit(ReadOnlySpan<char> text, out WrittenQuantity written)
    {
        written = default;
        if (text.IsEmpty || text.Length > MaxLength)
        {
            return false;
        }

        ReadOnlySpan<char> rest = text[0] is '+' or '-' ? text[1..] : text;
        ReadOnlySpan<char> whole = TakeDigits(ref rest);
        ReadOnlySpan<char> fraction = default;
        if (rest.StartsWith("."))
        {
            rest = rest[1..];
            fraction = TakeDigits(ref rest);
        }

        if ((whole.IsEmpty && fraction.IsEmpty) || !TryReadSuffix(rest, out QuantityNotation notation, out int exponent))
        {
            return false;
        }

        written = new WrittenQuantity(text[0] == '-', whole.TrimStart('0'), fraction, notation, exponent);
        return true;
    }

    private static ReadOnlySpan<char> TakeDigits(scoped ref ReadOnlySpan<char> rest)
    {
        int end = rest.IndexOfAnyExceptInRange('0', '9');
        ReadOnlySpan<char> digits = end < 0 ? rest : rest[..end];
        rest = rest[digits.Length..];
        return digits;
    }

    private static bool TryReadSuffix(ReadOnlySpan<char> suffix, out QuantityNotation notation, out int exponent)
    {
        (notation, exponent) = suffix switch
        {
            "n" => (QuantityNotation.Decimal, -9),
            "u" => (QuantityNotation.Decimal, -6),
            "m" => (QuantityNotation.Decimal, -3),
            "" => (QuantityNotation.Decimal, 0),
            "k" => (QuantityNotation.Decimal, 3),
            "M" => (QuantityNotation.Decimal, 6),
            "G" => (QuantityNotation.Decimal, 9),
            "T" => (QuantityNotation.Decimal, 12),
            "P" => (QuantityNotation.Decimal, 15),
            "E" => (QuantityNotation.Decimal, 18),
            "Ki" => (QuantityNotation.Binary, 10),
            "Mi" => (QuantityNotation.Binary, 20),
            "Gi" => (QuantityNotation.Binary, 30),
            "Ti" => (QuantityNotation.Binary, 40),
            "Pi" => (QuantityNotation.Binary, 50),
            "Ei" => (QuantityNotation.Binary, 60),
            _ => (QuantityNotation.Exponent, 0),
        };
        return notation != QuantityNotation.Exponent
            || (suffix[0] is 'e' or 'E'
                && int.TryParse(suffix[1..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)
                && exponent is >= -MaxExponent and <= MaxExponent);
    }
}
