using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Parsing;

/// <summary>A recursive descent parser of CEL with cel-go's limits, positions and, for the frequent mistakes, messages.</summary>
internal sealed partial class CelParser
{
    private const int MaxDepth = 250;
    private const int MaxSize = 100_000;
    private static readonly HashSet<string> Reserved =
    [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package", "namespace", "return", "var", "void", "while",
    ];

    private readonly CelSource source;
    private readonly List<CelToken> tokens;
    private readonly CelMacros macros;
    private int at;
    private int depth;

    private CelParser(CelSource source, List<CelToken> tokens, bool extended)
    {
        this.source = source;
        this.tokens = tokens;
        macros = new CelMacros(source, extended);
    }

    private CelToken Current => tokens[at];

    /// <param name="extended">Whether cel.bind is a macro too.</param>
    /// <exception cref="CelException">What is wrong with the syntax.</exception>
    public static CelExpr Parse(CelSource source, bool extended)
    {
        if (source.Runes.Length > MaxSize)
        {
            source.Report(0, $"expression code point size exceeds limit: size: {source.Runes.Length}, limit {MaxSize}");
            throw source.ToException();
        }

        CelParser parser = new(source, new CelLexer(source).Read(), extended);
        CelExpr expr = parser.Whole();
        return source.HasIssues ? throw source.ToException() : expr;
    }

    private CelExpr Whole()
    {
        CelExpr expr = Expression();
        if (Current.Kind != CelTokenKind.End)
        {
            throw Fail(Current.Offset, tokens[at + 1].Kind == CelTokenKind.End
                ? $"Syntax error: extraneous input '{Current.Text}' expecting <EOF>"
                : $"Syntax error: mismatched input '{Current.Text}' expecting <EOF>");
        }

        return expr;
    }

    private CelExpr Expression()
    {
        if (++depth > MaxDepth)
        {
            throw Fail(Current.Offset, $"expression recursion limit exceeded: {MaxDepth}");
        }

        CelExpr condition = Logical("||", "_||_");
        if (Current.Is("?"))
        {
            int offset = Advance().Offset;
            CelExpr whenTrue = Logical("||", "_||_");
            Expect(":");
            condition = new CallExpr(offset, "_?_:_", null, [condition, whenTrue, Expression()]);
        }

        depth--;
        return condition;
    }

    /// <summary>A chain of conjunctions or disjunctions, balanced as cel-go does so that long chains do not nest deeply.</summary>
    private CelExpr Logical(string symbol, string function)
    {
        CelExpr first = symbol == "||" ? Logical("&&", "_&&_") : Relation();
        if (!Current.Is(symbol))
        {
            return first;
        }

        List<CelExpr> terms = [first];
        List<int> offsets = [];
        while (Current.Is(symbol))
        {
            offsets.Add(Advance().Offset);
            terms.Add(symbol == "||" ? Logical("&&", "_&&_") : Relation());
        }

        return Balance(function, terms, offsets, 0, offsets.Count - 1);
    }

    private static CallExpr Balance(string function, List<CelExpr> terms, List<int> offsets, int low, int high)
    {
        int middle = (low + high + 1) / 2;
        CelExpr left = middle == low ? terms[middle] : Balance(function, terms, offsets, low, middle - 1);
        CelExpr right = middle == high ? terms[middle + 1] : Balance(function, terms, offsets, middle + 1, high);
        return new CallExpr(offsets[middle], function, null, [left, right]);
    }

    private CelExpr Relation() => Chain(Sum, token => token.Text is "<" or "<=" or ">" or ">=" or "==" or "!=" or "in", symbol => symbol == "in" ? "@in" : $"_{symbol}_");

    private CelExpr Sum() => Chain(Product, token => token.Text is "+" or "-", symbol => $"_{symbol}_");

    private CelExpr Product() => Chain(Unary, token => token.Text is "*" or "/" or "%", symbol => $"_{symbol}_");

    private CelExpr Chain(Func<CelExpr> operand, Func<CelToken, bool> isOperator, Func<string, string> function)
    {
        CelExpr left = operand();
        for (int length = 1; Current.Kind == CelTokenKind.Symbol && isOperator(Current); length++)
        {
            CheckChain(length);
            CelToken symbol = Advance();
            left = new CallExpr(symbol.Offset, function(symbol.Text), null, [left, operand()]);
        }

        return left;
    }

    private void CheckChain(int length)
    {
        if (length + depth > MaxDepth)
        {
            throw Fail(Current.Offset, $"expression recursion limit exceeded: {MaxDepth}");
        }
    }

    private CelExpr Unary()
    {
        if (!Current.Is("!") && !Current.Is("-"))
        {
            return Member();
        }

        CelToken symbol = Current;
        int count = 0;
        while (Current.Is(symbol.Text))
        {
            // The last minus before a number is the number's own sign.
            if (symbol.Text == "-" && tokens[at + 1].Kind is CelTokenKind.Int or CelTokenKind.Double)
            {
                break;
            }

            Advance();
            count++;
        }

        CelExpr operand = Member();
        return count % 2 == 0 ? operand : new CallExpr(symbol.Offset, symbol.Text == "!" ? "!_" : "-_", null, [operand]);
    }

    private CelExpr Member()
    {
        CelExpr expr = Primary();
        for (int length = 1; ; length++)
        {
            CheckChain(length);
            if (Current.Is("."))
            {
                expr = Selection(expr);
            }
            else if (Current.Is("["))
            {
                int offset = Advance().Offset;
                bool optional = Accept("?");
                CelExpr index = Expression();
                Expect("]");
                expr = new CallExpr(offset, optional ? "_[?_]" : "_[_]", null, [expr, index]);
            }
            else if (Current.Is("{") && TypeName(expr) is { } name)
            {
                expr = Struct(name);
            }
            else
            {
                return expr;
            }
        }
    }

    private CelExpr Selection(CelExpr operand)
    {
        int offset = Advance().Offset;
        bool optional = Accept("?");
        if (Current.Kind is not (CelTokenKind.Identifier or CelTokenKind.Quoted))
        {
            throw Fail(Current.Offset, Current.Kind == CelTokenKind.End || Current.Kind == CelTokenKind.Symbol
                ? $"Syntax error: no viable alternative at input '{(optional ? ".?" : ".")}{(Current.Kind == CelTokenKind.End ? string.Empty : Current.Text)}'"
                : $"Syntax error: no viable alternative at input '.{Current.Text}'");
        }

        CelToken name = Advance();
        if (optional)
        {
            return new CallExpr(offset, "_?._", null, [operand, new LiteralExpr(name.Offset, name.Text)]);
        }

        if (Current.Is("(") && name.Kind == CelTokenKind.Identifier)
        {
            int open = Advance().Offset;
            return macros.Expand(new CallExpr(open, name.Text, operand, Arguments()));
        }

        return new SelectExpr(offset, operand, name.Text);
    }

    private List<CelExpr> Arguments()
    {
        List<CelExpr> arguments = [];
        if (Accept(")"))
        {
            return arguments;
        }

        do
        {
            arguments.Add(arguments.Count == 0 && !StartsExpression() ? throw Mismatch("'[', '{', '(', ')', '.', '-', '!', 'true', 'false', 'null'") : Expression());
        }
        while (Accept(","));
        Expect(")");
        return arguments;
    }

    private StructExpr Struct(string typeName)
    {
        // cel-go says that a message stands where its brace does.
        int offset = Current.Offset;
        Expect("{");
        List<StructField> fields = [];
        while (!Current.Is("}"))
        {
            bool optional = Accept("?");
            if (Current.Kind is not (CelTokenKind.Identifier or CelTokenKind.Quoted))
            {
                throw Fail(Current.Offset, $"Syntax error: mismatched input '{Current.Text}' expecting {{'}}', ',', IDENTIFIER}}");
            }

            CelToken name = Advance();
            int colon = Current.Offset;
            Expect(":");
            fields.Add(new StructField(colon, name.Text, Expression(), optional));
            if (!Accept(","))
            {
                break;
            }
        }

        Expect("}");
        return new StructExpr(offset, typeName, fields);
    }

    private static string? TypeName(CelExpr expr) => expr switch
    {
        IdentExpr ident => ident.Name,
        SelectExpr { TestOnly: false } select when TypeName(select.Operand) is { } prefix => $"{prefix}.{select.Field}",
        _ => null,
    };

    private CelToken Advance() => tokens[at++];

    private bool Accept(string symbol)
    {
        if (Current.Is(symbol))
        {
            at++;
            return true;
        }

        return false;
    }

    private void Expect(string symbol)
    {
        if (Accept(symbol))
        {
            return;
        }

        bool deletable = at + 1 < tokens.Count && tokens[at + 1].Is(symbol);
        bool insertable = symbol is ")" or "]" or "}" && (Current.Kind == CelTokenKind.End || Current.Text is ")" or "]" or "}" or ",");
        throw Fail(Current.Offset, deletable ? $"Syntax error: extraneous input '{Current.Text}' expecting '{symbol}'"
            : insertable ? $"Syntax error: missing '{symbol}' at '{Current.Text}'"
            : $"Syntax error: mismatched input '{Current.Text}' expecting '{symbol}'");
    }

    private CelException Mismatch(string expected) =>
        Fail(Current.Offset, $"Syntax error: mismatched input '{Shown(Current)}' expecting {{{expected}, NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}}");

    private static string Shown(CelToken token) => token.Text;

    private CelException Fail(int offset, string message)
    {
        source.Report(offset, message);
        return source.ToException();
    }
}
