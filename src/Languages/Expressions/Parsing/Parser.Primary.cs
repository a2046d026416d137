using System.Globalization;
using Bowline.Languages.Expressions.Evaluating;
using Bowline.Languages.Expressions.Functions;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Expressions.Parsing;

internal sealed partial class Parser
{
    private Step Primary()
    {
        Token token = Current;
        if (token.Kind == TokenKind.Operator)
        {
            if (Operators.Unary.TryGetValue(token.Value, out int binds))
            {
                Next();
                Step operand = Expression(binds);
                Step step = token.Value switch { "-" => new NegateStep(operand), "+" => new PlusStep(operand), _ => new NotStep(operand) };
                return Postfix(Placed(step, token.At));
            }

            if (token.Value is "#" or ".")
            {
                return Postfix(Pointer(token));
            }

            if (token.Value == "::")
            {
                Next();
                return Postfix(Call(Expect(TokenKind.Identifier), null));
            }
        }

        if (token.Is(TokenKind.Bracket, "("))
        {
            Next();
            Step inner = Sequence();
            Expect(TokenKind.Bracket, ")");
            return Postfix(inner);
        }

        return token.Kind switch
        {
            TokenKind.Identifier => Name(token),
            TokenKind.Number => Number(token),
            TokenKind.String => Postfix(Constant(StringNode.Of(token.Value), token)),
            TokenKind.Bracket when token.Value == "[" => Postfix(List(token)),
            TokenKind.Bracket when token.Value == "{" => Postfix(Map(token)),
            _ => throw Unexpected(),
        };
    }

    /// <summary><c>#</c>, <c>#index</c>, <c>#acc</c>; a bare <c>.field</c> is a field of <c>#</c>.</summary>
    private Step Pointer(Token token)
    {
        if (predicates == 0)
        {
            throw new Failure("cannot use pointer accessor outside predicate", token.At);
        }

        string name = string.Empty;
        if (token.Value == "#")
        {
            Next();
            if (Current.Kind == TokenKind.Identifier && Current.At == token.At + 1)
            {
                name = Current.Value;
                Next();
            }
        }

        return name is "" or "index" or "acc" ? Placed(new PointerStep(name), token.At) : throw new Failure($"unknown pointer #{name}", token.At);
    }

    private Step Constant(Node value, Token token)
    {
        Next();
        return Placed(new ConstantStep(value), token.At);
    }

    private Step Name(Token token)
    {
        switch (token.Value)
        {
            case "true" or "false":
                return Constant(BoolNode.Of(token.Value == "true"), token);
            case "nil":
                return Constant(Node.Null, token);
        }

        Next();
        if (IsBracket("("))
        {
            return Postfix(Call(token, null));
        }

        return Postfix(Placed<Step>(variables.Contains(token.Value) ? new VariableStep(token.Value) : new NameStep(token.Value), token.At));
    }

    private Step Number(Token token)
    {
        string digits = token.Value.Replace("_", string.Empty, StringComparison.Ordinal).ToLowerInvariant();
        if (!digits.StartsWith("0x", StringComparison.Ordinal) && digits.AsSpan().ContainsAny('.', 'e'))
        {
            return double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
                ? Constant(new FloatNode(value), token)
                : throw new Failure($"invalid float literal: {token.Value}", token.At);
        }

        try
        {
            int radix = digits.Length < 2 ? 10 : digits[1] switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 10 };
            return Constant(GoInteger.Int(radix == 10 ? long.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture) : Convert.ToInt64(digits[2..], radix)), token);
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
        {
            throw new Failure($"invalid integer literal: {token.Value}", token.At, e);
        }
    }

    private Step List(Token token)
    {
        Next();
        List<Step> items = [];
        while (!IsBracket("]"))
        {
            if (items.Count > 0)
            {
                Expect(TokenKind.Operator, ",");
                if (IsBracket("]"))
                {
                    break;
                }
            }

            items.Add(Expression(0));
        }

        Next();
        return Placed(new ListStep(items), token.At);
    }

    private Step Map(Token token)
    {
        Next();
        List<(Step Key, Step Value)> pairs = [];
        while (!IsBracket("}"))
        {
            if (pairs.Count > 0)
            {
                Expect(TokenKind.Operator, ",");
                if (IsBracket("}"))
                {
                    break;
                }
            }

            Step key = Current.Kind is TokenKind.Number or TokenKind.String or TokenKind.Identifier ? Constant(StringNode.Of(Current.Value), Current)
                : IsBracket("(") ? Expression(0)
                : throw new Failure($"a map key must be a quoted string, a number, a identifier, or an expression enclosed in parentheses (unexpected token {Current})", Current.At);
            Expect(TokenKind.Operator, ":");
            pairs.Add((key, Expression(0)));
        }

        Next();
        return Placed(new MapStep(pairs), token.At);
    }

    /// <param name="piped">The first argument where the call stands behind a pipe.</param>
    private Step Call(Token name, Step? piped)
    {
        List<Step> arguments = piped is null ? [] : [piped];
        if (Loops.Find(name.Value) is { } loop)
        {
            return Loop(name, loop, arguments);
        }

        Arguments(arguments);
        if (Builtins.Find(name.Value) is not { } builtin)
        {
            Step callee = Placed<Step>(variables.Contains(name.Value) ? new VariableStep(name.Value) : new NameStep(name.Value), name.At);
            return Placed(new CallStep(callee, arguments), name.At);
        }

        if (arguments.Count < builtin.Least || arguments.Count > builtin.Most)
        {
            string many = arguments.Count < builtin.Least ? "not enough" : "too many";
            throw new Failure($"{many} arguments to call {name.Value}", name.At);
        }

        return Placed(new BuiltinStep(builtin, arguments), name.At);
    }

    private Step Loop(Token name, Loop loop, List<Step> arguments)
    {
        Expect(TokenKind.Bracket, "(");
        bool expected = arguments.Count > 0;
        if (!expected)
        {
            arguments.Add(Expression(0));
            expected = Skip(TokenKind.Operator, ",");
        }

        Step? predicate = null;
        Step? further = null;
        if (expected && !IsBracket(")"))
        {
            predicate = Predicate();
            if (Skip(TokenKind.Operator, ",") && !IsBracket(")"))
            {
                further = loop.HasFurther ? Expression(0) : throw Unexpected();
                Skip(TokenKind.Operator, ",");
            }
        }

        if (predicate is null && !loop.IsPredicateOptional)
        {
            throw new Failure("expected at least 2 arguments", Current.At);
        }

        Expect(TokenKind.Bracket, ")");
        return Placed(new LoopStep(loop, arguments[0], predicate, further), name.At);
    }

    private Step Predicate()
    {
        bool braces = Skip(TokenKind.Bracket, "{");
        predicates++;
        Step inner = braces ? Sequence() : Expression(0);
        predicates--;
        if (braces)
        {
            Expect(TokenKind.Bracket, "}");
        }

        return inner;
    }

    private void Arguments(List<Step> arguments)
    {
        int piped = arguments.Count;
        Expect(TokenKind.Bracket, "(");
        while (!IsBracket(")"))
        {
            if (arguments.Count > piped)
            {
                Expect(TokenKind.Operator, ",");
                if (IsBracket(")"))
                {
                    break;
                }
            }

            arguments.Add(Expression(0));
        }

        Next();
    }

    private Step Postfix(Step step)
    {
        for (; ;)
        {
            if (IsOperator(".") || IsOperator("?."))
            {
                bool optional = Current.Value == "?.";
                Next();
                step = optional && IsBracket("[") ? Index(step, optional) : Member(step, optional);
            }
            else if (IsBracket("["))
            {
                step = Index(step, optional: false);
            }
            else
            {
                return step;
            }
        }
    }

    private Step Member(Step step, bool optional)
    {
        Token name = Current;
        if (name.Kind != TokenKind.Identifier && !(name.Kind == TokenKind.Operator && char.IsLetter(name.Value[0])))
        {
            throw new Failure("expected name", name.At);
        }

        Next();
        bool chained = step is ChainStep;
        Step inner = step is ChainStep chain ? chain.Inner : step;
        Step member = Placed(new MemberStep(inner, Placed(new ConstantStep(StringNode.Of(name.Value)), name.At), optional), name.At);
        if (IsBracket("("))
        {
            List<Step> arguments = [];
            Arguments(arguments);
            member = Placed(new CallStep(member, arguments), name.At);
        }

        return chained || optional ? Placed(new ChainStep(member), name.At) : member;
    }

    private Step Index(Step step, bool optional)
    {
        int at = Current.At;
        Next();
        Step? from = IsOperator(":") ? null : Expression(0);
        if (Skip(TokenKind.Operator, ":"))
        {
            Step? to = IsBracket("]") ? null : Expression(0);
            Expect(TokenKind.Bracket, "]");
            return Placed(new SliceStep(step, from, to), at);
        }

        Expect(TokenKind.Bracket, "]");
        Step member = Placed(new MemberStep(step, from!, optional), at);
        return optional ? Placed(new ChainStep(member), at) : member;
    }
}
