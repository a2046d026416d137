using System.Globalization;
using System.Text;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Printing;

internal sealed partial class Formatter
{
    public void PrintArgument(Node value, int verb)
    {
        argument = value;
        switch (verb)
        {
            case 'T' when value is NullNode:
                PadText("<nil>");
                return;
            case 'T':
                FormatText(GoType.Of(value).Name, 's');
                return;
            case 'p':
                BadVerbOrPointer(value, verb);
                return;
            case 'w' when value is not (NullNode or StringNode or BoolNode or IntegerNode or FloatNode or GoInteger { Type.IsNamed: false }):
                // Only errors can be wrapped, and only by Errorf.
                BadVerb(verb, value);
                return;
            default:
                PrintValue(value, verb, 0);
                return;
        }
    }

    private void PrintValue(Node value, int verb, int depth)
    {
        GoTree.CheckDepth(depth);
        switch (value)
        {
            case NullNode when depth > 0 || verb == 'v':
                if (depth > 0 && sharpV)
                {
                    Output.Append("interface {}(nil)");
                }
                else if (depth > 0)
                {
                    Output.Append("<nil>");
                }
                else
                {
                    PadText("<nil>");
                }

                break;
            case NullNode:
                BadVerb(verb, null);
                break;
            case StringNode text:
                FormatString(text, verb);
                break;
            case BoolNode flag:
                FormatBool(flag, verb);
                break;
            case IntegerNode integer:
                FormatInteger(integer.Value, signed: true, verb, value);
                break;
            case FloatNode number:
                FormatFloat(number.Value, verb, value);
                break;
            case MapNode map:
                PrintMap(value, map, verb, depth);
                break;
            case ListNode list:
                PrintList(value, list, verb, depth);
                break;
            case GoValue special:
                PrintGoValue(special, verb, depth);
                break;
            default:
                Output.Append(value);
                break;
        }
    }

    private void PrintGoValue(GoValue value, int verb, int depth)
    {
        if (value.Text is { } text && !sharpV && verb is 'v' or 's' or 'x' or 'X' or 'q' && value.Text is not null)
        {
            FormatString(new StringNode(text), verb);
            return;
        }

        if (sharpV && value.Syntax is { } syntax)
        {
            FormatText(syntax, 's');
            return;
        }

        switch (value)
        {
            case GoInteger integer:
                FormatInteger(integer.Value, !integer.IsUnsigned, verb, value);
                break;
            case GoDuration duration:
                FormatInteger(duration.Nanoseconds, signed: true, verb, value);
                break;
            case GoNamedInteger named:
                FormatInteger(named.Value, signed: true, verb, value);
                break;
            case GoComplex complex:
                FormatComplex(complex, verb);
                break;
            case GoBytes bytes:
                FormatBytes(bytes, verb, depth);
                break;
            case GoSlice slice:
                PrintList(value, slice.Items, verb, depth);
                break;
            case GoMap map:
                PrintMap(value, map.Members, verb, depth);
                break;
            case { IsNil: true, Type.Kind: GoKind.Pointer } when verb != 'v':
                PrintNilPointer(value, verb);
                break;
            case { IsNil: true }:
                Output.Append(sharpV ? $"({value.Type.Name})(nil)" : "<nil>");
                break;
            case { Fields: { } fields }:
                PrintStruct(value, fields, verb, depth);
                break;
            case { Type.Kind: GoKind.Struct }:
                // Not as a bad verb, whose value would come back here.
                Output.Append(value);
                break;
            default:
                BadVerbOrPointer(value, verb);
                break;
        }
    }

    private void PrintNilPointer(GoValue value, int verb)
    {
        if (verb is 'b' or 'o' or 'd' or 'x' or 'X')
        {
            FormatInteger(0, signed: false, verb, value);
        }
        else
        {
            BadVerb(verb, value);
        }
    }

    private void PrintMap(Node value, MapNode map, int verb, int depth)
    {
        GoType type = GoType.Of(value);
        if (sharpV && value is GoMap { IsNil: true })
        {
            Output.Append(type.Name).Append("(nil)");
            return;
        }

        Output.Append(sharpV ? type.Name + "{" : "map[");
        bool first = true;
        foreach ((string key, Node member) in map.Sorted())
        {
            if (!first)
            {
                Output.Append(sharpV ? ", " : " ");
            }

            first = false;
            FormatString(new StringNode(key), verb);
            Output.Append(':');
            PrintValue(member, verb, depth + 1);
            CheckLength();
        }

        Output.Append(sharpV ? '}' : ']');
    }

    private void PrintList(Node value, IReadOnlyList<Node> list, int verb, int depth)
    {
        if (sharpV && value is GoSlice { IsNil: true })
        {
            Output.Append(GoType.Of(value).Name).Append("(nil)");
            return;
        }

        Output.Append(sharpV ? GoType.Of(value).Name + "{" : "[");
        for (int i = 0; i < list.Count; i++)
        {
            if (i > 0)
            {
                Output.Append(sharpV ? ", " : " ");
            }

            PrintValue(list[i], verb, depth + 1);
            CheckLength();
        }

        Output.Append(sharpV ? '}' : ']');
    }

    private void PrintStruct(GoValue value, IReadOnlyList<KeyValuePair<string, Node>> fields, int verb, int depth)
    {
        if (value.Type.Kind == GoKind.Pointer)
        {
            if (depth > 0)
            {
                BadVerbOrPointer(value, verb);
                return;
            }

            Output.Append('&');
        }

        Output.Append(sharpV ? value.Type.Name.TrimStart('*') + "{" : "{");
        for (int i = 0; i < fields.Count; i++)
        {
            if (i > 0)
            {
                Output.Append(sharpV ? ", " : " ");
            }

            if (plusV || sharpV)
            {
                Output.Append(fields[i].Key).Append(':');
            }

            PrintValue(fields[i].Value, verb, depth + 1);
            CheckLength();
        }

        Output.Append('}');
    }

    /// <summary>Functions and nested pointers print as an address in Go, which differs from run to run; one stands for all.</summary>
    private void BadVerbOrPointer(Node value, int verb)
    {
        const string Address = "c000000000";
        if (verb is 'v' or 'p' or 'b' or 'o' or 'd' or 'x' or 'X' && GoTree.KindOf(value) is GoKind.Func or GoKind.Pointer or GoKind.Map or GoKind.Slice or GoKind.Chan)
        {
            PadText((sharp ? string.Empty : "0x") + Address);
        }
        else
        {
            BadVerb(verb, value);
        }
    }

    private void FormatBool(BoolNode flag, int verb)
    {
        if (verb is 't' or 'v')
        {
            PadText(flag.Value ? "true" : "false");
        }
        else
        {
            BadVerb(verb, flag);
        }
    }

    private void FormatString(StringNode text, int verb)
    {
        switch (verb)
        {
            case 'v' when sharpV:
                FormatText(text.Value, 'q');
                break;
            case 'v' or 's':
                FormatText(text.Value, 's');
                break;
            case 'q':
                FormatText(text.Value, 'q');
                break;
            case 'x' or 'X':
                FormatHex(GoText.ToBytes(text.Value), verb == 'X');
                break;
            default:
                BadVerb(verb, text);
                break;
        }
    }

    private void FormatText(string text, char verb)
    {
        string cut = precision is { } runes ? GoText.FirstRunes(text, runes) : text;
        if (verb == 's')
        {
            Pad(cut);
        }
        else if (sharp && CanBackquote(cut))
        {
            Pad("`" + cut + "`");
        }
        else
        {
            Pad(GoText.Quote(cut, plus));
        }
    }

    private void PadText(string text) => Pad(text);

    private void FormatBytes(GoBytes value, int verb, int depth)
    {
        ReadOnlySpan<byte> bytes = value.Bytes.Span;
        switch (verb)
        {
            case 's' or 'q':
                FormatText(GoText.FromBytes(bytes), (char)verb);
                break;
            case 'x' or 'X':
                FormatHex(bytes, verb == 'X');
                break;
            case 'v' when sharpV:
                Output.Append("[]byte{").AppendJoin(", ", bytes.ToArray().Select(b => "0x" + b.ToString("x", CultureInfo.InvariantCulture))).Append('}');
                break;
            case 'v' or 'd':
                Output.Append('[').AppendJoin(' ', bytes.ToArray()).Append(']');
                break;
            default:
                PrintList(value, GoTree.Items(value)!, verb, depth);
                break;
        }
    }

    private void FormatHex(ReadOnlySpan<byte> bytes, bool upper)
    {
        ReadOnlySpan<byte> cut = precision is { } count && count < bytes.Length ? bytes[..count] : bytes;
        string prefix = sharp ? upper ? "0X" : "0x" : string.Empty;
        StringBuilder text = new(cut.Length * 2);
        for (int i = 0; i < cut.Length; i++)
        {
            if (i == 0 || space)
            {
                text.Append(i > 0 ? " " : string.Empty).Append(prefix);
            }

            text.Append(cut[i].ToString(upper ? "X2" : "x2", CultureInfo.InvariantCulture));
        }

        Pad(text.ToString());
    }

    private void CheckLength()
    {
        if (Output.Length > MaxLength)
        {
            throw new GoError("the formatted text is too long");
        }
    }

    private static bool CanBackquote(string text)
    {
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.Value is '`' or 0x7F or 0xFEFF or 0xFFFD || (rune.Value < ' ' && rune.Value != '\t'))
            {
                return false;
            }
        }

        return true;
    }
}
