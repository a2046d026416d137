using System.Globalization;
using System.Text;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Printing;

/// <summary>The state of one formatting: flags of the current verb and the text so far. Follows Go's fmt, its error forms included.</summary>
internal sealed partial class Formatter
{
    private const int MaxLength = 16 * 1024 * 1024;

    private bool minus;
    private bool plus;
    private bool plusV;
    private bool sharp;
    private bool sharpV;
    private bool space;
    private bool zero;
    private int? width;
    private int? precision;
    private Node? argument;

    public StringBuilder Output { get; } = new();

    public override string ToString() => Output.ToString();

    public void Format(string format, ReadOnlySpan<Node> arguments)
    {
        Scan scan = new(format);
        while (scan.Position < format.Length)
        {
            int percent = format.IndexOf('%', scan.Position);
            if (percent < 0)
            {
                Output.Append(format, scan.Position, format.Length - scan.Position);
                break;
            }

            Output.Append(format, scan.Position, percent - scan.Position);
            scan.Position = percent + 1;
            Directive(ref scan, arguments);
            if (Output.Length > MaxLength)
            {
                throw new GoError("the formatted text is too long");
            }
        }

        if (!scan.Reordered && scan.ArgumentIndex < arguments.Length)
        {
            AppendExtra(arguments[scan.ArgumentIndex..]);
        }
    }

    private void AppendExtra(ReadOnlySpan<Node> extra)
    {
        ClearFlags();
        Output.Append("%!(EXTRA ");
        for (int i = 0; i < extra.Length; i++)
        {
            Output.Append(i > 0 ? ", " : string.Empty);
            if (extra[i] is NullNode)
            {
                Output.Append("<nil>");
            }
            else
            {
                Output.Append(GoType.Of(extra[i]).Name).Append('=');
                PrintArgument(extra[i], 'v');
            }
        }

        Output.Append(')');
    }

    private void Directive(ref Scan scan, ReadOnlySpan<Node> arguments)
    {
        ClearFlags();
        scan.GoodIndex = true;
        bool afterIndex = false;
        Flags(ref scan);
        scan.Index(arguments.Length, ref afterIndex);
        Width(ref scan, arguments, ref afterIndex);
        Precision(ref scan, arguments, ref afterIndex);
        if (!afterIndex)
        {
            scan.Index(arguments.Length, ref afterIndex);
        }

        if (scan.Position >= scan.Format.Length)
        {
            Output.Append("%!(NOVERB)");
            return;
        }

        Rune verb = GoText.RuneAt(scan.Format, scan.Position, out int used, out _);
        scan.Position += used;
        if (verb.Value == '%')
        {
            Output.Append('%');
        }
        else if (!scan.GoodIndex)
        {
            Output.Append("%!").Append(verb.ToString()).Append("(BADINDEX)");
        }
        else if (scan.ArgumentIndex >= arguments.Length)
        {
            Output.Append("%!").Append(verb.ToString()).Append("(MISSING)");
        }
        else
        {
            if (verb.Value is 'v' or 'w')
            {
                (sharpV, sharp) = (sharp, false);
                (plusV, plus) = (plus, false);
            }

            PrintArgument(arguments[scan.ArgumentIndex++], verb.Value);
        }
    }

    private void Flags(ref Scan scan)
    {
        for (; scan.Position < scan.Format.Length; scan.Position++)
        {
            switch (scan.Format[scan.Position])
            {
                case '#':
                    sharp = true;
                    break;
                case '0':
                    zero = true;
                    break;
                case '+':
                    plus = true;
                    break;
                case '-':
                    minus = true;
                    break;
                case ' ':
                    space = true;
                    break;
                default:
                    return;
            }
        }
    }

    private void Width(ref Scan scan, ReadOnlySpan<Node> arguments, ref bool afterIndex)
    {
        if (scan.Accept('*'))
        {
            width = scan.IntegerArgument(arguments);
            if (width is null)
            {
                Output.Append("%!(BADWIDTH)");
            }
            else if (width < 0)
            {
                width = -width;
                minus = true;
                zero = false;
            }

            afterIndex = false;
            return;
        }

        width = scan.Number();
        if (afterIndex && width is not null)
        {
            scan.GoodIndex = false;
        }
    }

    private void Precision(ref Scan scan, ReadOnlySpan<Node> arguments, ref bool afterIndex)
    {
        if (!scan.Accept('.'))
        {
            return;
        }

        if (afterIndex)
        {
            scan.GoodIndex = false;
        }

        scan.Index(arguments.Length, ref afterIndex);
        if (scan.Accept('*'))
        {
            precision = scan.IntegerArgument(arguments);
            if (precision < 0)
            {
                precision = null;
            }

            if (precision is null)
            {
                Output.Append("%!(BADPREC)");
            }

            afterIndex = false;
            return;
        }

        precision = scan.Number() ?? 0;
    }

    private void ClearFlags()
    {
        minus = plus = plusV = sharp = sharpV = space = zero = false;
        width = precision = null;
    }

    private void Pad(string text)
    {
        int padding = (width ?? 0) - GoText.RuneCount(text);
        if (padding <= 0)
        {
            Output.Append(text);
        }
        else if (minus)
        {
            Output.Append(text).Append(' ', padding);
        }
        else
        {
            Output.Append(zero ? '0' : ' ', padding).Append(text);
        }
    }

    private void PadWithoutZeros(string text)
    {
        bool old = zero;
        zero = false;
        Pad(text);
        zero = old;
    }

    private void BadVerb(int verb, Node? value)
    {
        Output.Append("%!").Append(new Rune(verb).ToString()).Append('(');
        if (value is null or NullNode)
        {
            Output.Append("<nil>");
        }
        else
        {
            Output.Append(GoType.Of(value).Name).Append('=');
            PrintArgument(value, 'v');
        }

        Output.Append(')');
    }

    /// <summary>Where the scan of a format string stands.</summary>
    private ref struct Scan(string format)
    {
        private const int MaxNumber = 1_000_000;

        public readonly string Format = format;
        public int Position = 0;
        public int ArgumentIndex = 0;
        public bool Reordered = false;
        public bool GoodIndex = true;

        public bool Accept(char c)
        {
            if (Position < Format.Length && Format[Position] == c)
            {
                Position++;
                return true;
            }

            return false;
        }

        public int? Number()
        {
            int from = Position;
            int value = 0;
            while (Position < Format.Length && char.IsAsciiDigit(Format[Position]))
            {
                value = (value * 10) + (Format[Position++] - '0');
                if (value > MaxNumber)
                {
                    return null;
                }
            }

            return Position > from ? value : null;
        }

        /// <summary>An explicit argument index <c>[n]</c>, if one comes next.</summary>
        public void Index(int count, ref bool found)
        {
            if (Position >= Format.Length || Format[Position] != '[')
            {
                return;
            }

            Reordered = true;
            int close = Format.IndexOf(']', Position);
            if (close < 0)
            {
                GoodIndex = false;
                Position++;
                return;
            }

            found = true;
            bool isNumber = int.TryParse(Format.AsSpan(Position + 1, close - Position - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int index);
            Position = close + 1;
            if (!isNumber || index < 1 || index > count)
            {
                GoodIndex = false;
                return;
            }

            ArgumentIndex = index - 1;
        }

        public int? IntegerArgument(ReadOnlySpan<Node> arguments)
        {
            if (ArgumentIndex >= arguments.Length)
            {
                return null;
            }

            long? value = arguments[ArgumentIndex++] switch
            {
                GoInteger integer => integer.Value,
                IntegerNode integer => integer.Value,
                _ => null,
            };
            return value is >= -MaxNumber and <= MaxNumber ? (int)value : null;
        }
    }
}
