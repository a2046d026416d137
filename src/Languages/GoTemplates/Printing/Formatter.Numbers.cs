using System.Globalization;
using System.Numerics;
using System.Text;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Printing;

internal sealed partial class Formatter
{
    private void FormatInteger(long value, bool signed, int verb, Node node)
    {
        switch (verb)
        {
            case 'v' when sharpV && !signed:
                bool old = sharp;
                sharp = true;
                FormatDigits(value, 16, signed, 'v');
                sharp = old;
                break;
            case 'v' or 'd':
                FormatDigits(value, 10, signed, verb);
                break;
            case 'b':
                FormatDigits(value, 2, signed, verb);
                break;
            case 'o' or 'O':
                FormatDigits(value, 8, signed, verb);
                break;
            case 'x' or 'X':
                FormatDigits(value, 16, signed, verb);
                break;
            case 'c':
                Pad(RuneOf(value).ToString());
                break;
            case 'q':
                FormatQuotedRune(value);
                break;
            case 'U':
                FormatUnicode(value);
                break;
            default:
                BadVerb(verb, node);
                break;
        }
    }

    private void FormatDigits(long value, int numberBase, bool signed, int verb)
    {
        bool negative = signed && value < 0;
        ulong magnitude = negative ? (ulong)-(value + 1) + 1 : (ulong)value;
        int digitsWanted = precision ?? 0;
        if (precision == 0 && magnitude == 0)
        {
            // Precision 0 and value 0 print nothing but padding.
            PadWithoutZeros(string.Empty);
            return;
        }

        if (precision is null && zero && !minus && width is { } columns)
        {
            digitsWanted = columns - (negative || plus || space ? 1 : 0);
        }

        string digits = Digits(magnitude, numberBase, upper: verb == 'X').PadLeft(Math.Max(digitsWanted, 0), '0');
        if (sharp)
        {
            digits = numberBase switch
            {
                2 => "0b" + digits,
                8 => digits[0] == '0' ? digits : "0" + digits,
                16 => (verb == 'X' ? "0X" : "0x") + digits,
                _ => digits,
            };
        }

        if (verb == 'O')
        {
            digits = "0o" + digits;
        }

        string sign = negative ? "-" : plus ? "+" : space ? " " : string.Empty;
        PadWithoutZeros(sign + digits);
    }

    private static string Digits(ulong value, int numberBase, bool upper)
    {
        switch (numberBase)
        {
            case 10:
                return value.ToString(CultureInfo.InvariantCulture);
            case 16:
                return value.ToString(upper ? "X" : "x", CultureInfo.InvariantCulture);
            default:
                Span<char> buffer = stackalloc char[64];
                int at = buffer.Length;
                do
                {
                    buffer[--at] = (char)('0' + (value % (ulong)numberBase));
                    value /= (ulong)numberBase;
                }
                while (value > 0);
                return buffer[at..].ToString();
        }
    }

    private static Rune RuneOf(long value) => value is >= 0 and <= 0x10FFFF && Rune.IsValid((int)value) ? new Rune((int)value) : Rune.ReplacementChar;

    private void FormatQuotedRune(long value)
    {
        StringBuilder text = new("'");
        GoText.AppendEscaped(text, RuneOf(value), '\'', plus);
        Pad(text.Append('\'').ToString());
    }

    private void FormatUnicode(long value)
    {
        int digits = precision is > 4 and { } wanted ? wanted : 4;
        StringBuilder text = new("U+");
        text.Append(((ulong)value).ToString("X", CultureInfo.InvariantCulture).PadLeft(digits, '0'));
        if (sharp && value is >= 0 and <= 0x10FFFF && Rune.IsValid((int)value) && GoText.IsPrint(new Rune((int)value)))
        {
            text.Append(" '").Append(new Rune((int)value).ToString()).Append('\'');
        }

        PadWithoutZeros(text.ToString());
    }

    private void FormatFloat(double value, int verb, Node node)
    {
        switch (verb)
        {
            case 'v':
                AppendFloat(value, 'g', -1);
                break;
            case 'b' or 'g' or 'G' or 'x' or 'X':
                AppendFloat(value, (char)verb, -1);
                break;
            case 'f' or 'F' or 'e' or 'E':
                AppendFloat(value, verb == 'F' ? 'f' : (char)verb, 6);
                break;
            default:
                BadVerb(verb, node);
                break;
        }
    }

    private void FormatComplex(GoComplex value, int verb)
    {
        if (verb is not ('v' or 'b' or 'g' or 'G' or 'x' or 'X' or 'f' or 'F' or 'e' or 'E'))
        {
            BadVerb(verb, value);
            return;
        }

        bool old = plus;
        Output.Append('(');
        FormatFloat(value.Real, verb, value);
        plus = true;
        FormatFloat(value.Imaginary, verb, value);
        Output.Append("i)");
        plus = old;
    }

    private void AppendFloat(double value, char verb, int defaultPrecision)
    {
        string number = GoFloat.Format(value, verb, precision ?? defaultPrecision);
        if (number[0] is not ('-' or '+'))
        {
            number = "+" + number;
        }

        if (space && number[0] == '+' && !plus)
        {
            number = " " + number[1..];
        }

        if (!double.IsFinite(value))
        {
            PadWithoutZeros(double.IsNaN(value) && !space && !plus ? number[1..] : number);
            return;
        }

        if (sharp && verb != 'b')
        {
            number = number[0] + GoFloat.WithPoint(number[1..], verb, precision ?? defaultPrecision);
        }

        if (!plus && number[0] == '+')
        {
            Pad(number[1..]);
        }
        else if (zero && !minus && width > number.Length)
        {
            Output.Append(number[0]).Append('0', width.Value - number.Length).Append(number, 1, number.Length - 1);
        }
        else
        {
            Pad(number);
        }
    }
}
