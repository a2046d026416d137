using System.Globalization;
using System.Text;
using Bowline.Languages.Cel.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Parsing;

internal sealed partial class CelParser
{
    private const string Starts = "'[', '{', '(', '.', '-', '!', 'true', 'false', 'null'";

    private bool StartsExpression() => Current.Kind switch
    {
        CelTokenKind.End or CelTokenKind.Quoted => false,
        CelTokenKind.Symbol => Current.Text is "[" or "{" or "(" or "." or "-" or "!" or "true" or "false" or "null",
        _ => true,
    };

    private CelExpr Primary()
    {
        CelToken token = Current;
        switch (token.Kind)
        {
            case CelTokenKind.Identifier:
                return Named(leadingDot: false);
            case CelTokenKind.Int or CelTokenKind.Uint or CelTokenKind.Double:
                at++;
                return Number(token, token.Text);
            case CelTokenKind.String:
                at++;
                return new LiteralExpr(token.Offset, token.Text);
            case CelTokenKind.Bytes:
                at++;
                return new LiteralExpr(token.Offset, new CelBytes(Encoding.Latin1.GetBytes(token.Text)));
            case CelTokenKind.Symbol:
                return Symbolic(token);
            default:
                throw Mismatch(Starts);
        }
    }

    private CelExpr Symbolic(CelToken token)
    {
        switch (token.Text)
        {
            case "true" or "false":
                at++;
                return new LiteralExpr(token.Offset, token.Text == "true");
            case "null":
                at++;
                return new LiteralExpr(token.Offset, Node.Null);
            case "-" when tokens[at + 1].Kind is CelTokenKind.Int or CelTokenKind.Double:
                at += 2;
                return Number(tokens[at - 1] with { Offset = token.Offset }, "-" + tokens[at - 1].Text);
            case "(":
                at++;
                CelExpr inner = Expression();
                Expect(")");
                return inner;
            case "[":
                return ListLiteral();
            case "{":
                return MapLiteral();
            case "." when tokens[at + 1].Kind == CelTokenKind.Identifier:
                at++;
                return Named(leadingDot: true);
            default:
                throw Mismatch(Starts);
        }
    }

    private CelExpr Named(bool leadingDot)
    {
        CelToken name = Advance();
        if (Current.Is("("))
        {
            int open = Advance().Offset;
            return macros.Expand(new CallExpr(open, name.Text, null, Arguments()));
        }

        if (Reserved.Contains(name.Text))
        {
            throw Fail(name.Offset, $"reserved identifier: {name.Text}");
        }

        return new IdentExpr(name.Offset, leadingDot ? "." + name.Text : name.Text);
    }

    private ListExpr ListLiteral()
    {
        int offset = Advance().Offset;
        List<CelExpr> elements = [];
        HashSet<int> optional = [];
        while (!Current.Is("]"))
        {
            if (Accept("?"))
            {
                optional.Add(elements.Count);
            }
            else if (elements.Count == 0 && !StartsExpression())
            {
                throw Mismatch("'[', ']', '{', '(', '.', ',', '-', '!', '?', 'true', 'false', 'null'");
            }

            elements.Add(Expression());
            if (!Accept(","))
            {
                break;
            }
        }

        Expect("]");
        return new ListExpr(offset, elements, optional);
    }

    private MapExpr MapLiteral()
    {
        int offset = Advance().Offset;
        List<MapEntry> entries = [];
        while (!Current.Is("}"))
        {
            bool optional = Accept("?");
            if (!optional && entries.Count == 0 && !StartsExpression())
            {
                throw Mismatch("'[', '{', '}', '(', '.', ',', '-', '!', '?', 'true', 'false', 'null'");
            }

            CelExpr key = Expression();
            Expect(":");
            entries.Add(new MapEntry(key, Expression(), optional));
            if (!Accept(","))
            {
                break;
            }
        }

        Expect("}");
        return new MapExpr(offset, entries);
    }

    private LiteralExpr Number(CelToken token, string text)
    {
        Node? value = token.Kind switch
        {
            CelTokenKind.Double => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? new FloatNode(number) : null,
            CelTokenKind.Uint => Unsigned(text[..^1]) is { } unsigned ? new CelUint(unsigned) : null,
            _ => Signed(text) is { } integer ? IntegerNode.Of(integer) : null,
        };
        return value is not null
            ? new LiteralExpr(token.Offset, value)
            : throw Fail(token.Offset, token.Kind switch { CelTokenKind.Double => "invalid double literal", CelTokenKind.Uint => "invalid uint literal", _ => "invalid int literal" });
    }

    private static long? Signed(string text)
    {
        bool negative = text[0] == '-';
        return Unsigned(negative ? text[1..] : text) is not { } size ? null
            : negative ? size <= 1UL << 63 ? unchecked(-(long)size) : null
            : size <= long.MaxValue ? (long)size : null;
    }

    private static ulong? Unsigned(string text) =>
        text.StartsWith("0x", StringComparison.Ordinal)
            ? ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong hex) ? hex : null
            : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : null;
}
