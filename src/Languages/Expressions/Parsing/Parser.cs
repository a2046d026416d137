using Bowline.Languages.Expressions.Evaluating;

namespace Bowline.Languages.Expressions.Parsing;

/// <summary>Makes steps of a text, after expr's grammar.</summary>
internal sealed partial class Parser
{
    /// <summary>expr's default limit.</summary>
    private const int MaxSteps = 10_000;
    private const int MaxDepth = 250;

    private readonly List<Token> tokens;
    private readonly List<string> variables = [];
    private int position;
    private int depth;
    private int predicates;
    private int steps;

    public Parser(string text) => tokens = Lexer.Read(text);

    private Token Current => tokens[position];

    public Step Parse()
    {
        Step root = Sequence();
        return Current.Kind == TokenKind.EOF ? root : throw Unexpected();
    }

    private Failure Unexpected() => new($"unexpected token {Current}", Current.At);

    private bool IsOperator(string value) => Current.Is(TokenKind.Operator, value);

    private bool IsBracket(string value) => Current.Is(TokenKind.Bracket, value);

    private void Next() => position = Math.Min(position + 1, tokens.Count - 1);

    private Token Expect(TokenKind kind, string? value = null)
    {
        Token token = Current;
        if (token.Kind != kind || (value is not null && token.Value != value))
        {
            throw Unexpected();
        }

        Next();
        return token;
    }

    private bool Skip(TokenKind kind, string value)
    {
        if (!Current.Is(kind, value))
        {
            return false;
        }

        Next();
        return true;
    }

    /// <summary>Gives a step its place, and counts it.</summary>
    private TStep Placed<TStep>(TStep step, int at)
        where TStep : Step
    {
        if (++steps > MaxSteps)
        {
            throw new Failure("compilation failed: expression exceeds maximum allowed nodes", at);
        }

        step.At = at;
        return step;
    }

    private Step Sequence()
    {
        Step first = Expression(0);
        List<Step> all = [first];
        while (IsOperator(";"))
        {
            Next();
            if (Current.Kind == TokenKind.EOF)
            {
                break;
            }

            all.Add(Expression(0));
        }

        return all.Count == 1 ? first : Placed(new SequenceStep(all), first.At);
    }

    private Step Expression(int precedence)
    {
        if (++depth > MaxDepth)
        {
            throw new Failure($"the expression is nested deeper than {MaxDepth} levels", Current.At);
        }

        Step result = precedence == 0 && IsOperator("let") ? Variable()
            : precedence == 0 && IsOperator("if") ? If()
            : Operation(precedence);
        depth--;
        return result;
    }

    private Step Operation(int precedence)
    {
        Step left = Primary();
        string previous = string.Empty;
        while (Current.Kind == TokenKind.Operator)
        {
            Token token = Current;
            bool negated = token.Value == "not";
            if (negated)
            {
                Token operation = tokens[Math.Min(position + 1, tokens.Count - 1)];
                if (!Operators.IsNegatable(operation.Value))
                {
                    Next();
                    throw Unexpected();
                }

                token = operation;
            }

            if (!Operators.Binary.TryGetValue(token.Value, out int binds) || binds < precedence)
            {
                break;
            }

            position += negated ? 2 : 1;
            if (previous == "??" && token.Value is not ("??" or "|"))
            {
                throw new Failure($"Operator ({token.Value}) and coalesce expressions (??) cannot be mixed. Wrap either by parentheses.", token.At);
            }

            left = Binary(left, token, binds);
            left = negated ? Placed(new NotStep(left), token.At) : left;
            previous = token.Value;
        }

        return precedence == 0 ? Conditional(left) : left;
    }

    private Step Binary(Step left, Token token, int binds)
    {
        if (token.Value == "|")
        {
            Token name = Expect(TokenKind.Identifier);
            return Postfix(Call(name, left));
        }

        if (Operators.IsComparison(token.Value))
        {
            return Comparison(left, token, binds);
        }

        Step right = Expression(Operators.IsRightAssociative(token.Value) ? binds : binds + 1);
        return Placed(BinarySteps.Of(token.Value, left, right, token.At), token.At);
    }

    /// <summary><c>1 &lt; x &lt;= 3</c> is both comparisons.</summary>
    private Step Comparison(Step left, Token token, int binds)
    {
        Step? all = null;
        for (; ;)
        {
            Step right = Expression(binds + 1);
            Step one = Placed(BinarySteps.Of(token.Value, left, right, token.At), token.At);
            all = all is null ? one : Placed(new AndStep(all, one), token.At);
            if (Current.Kind != TokenKind.Operator || !Operators.IsComparison(Current.Value))
            {
                return all;
            }

            (left, token) = (right, Current);
            Next();
        }
    }

    private Step Conditional(Step condition)
    {
        while (IsOperator("?"))
        {
            int at = Current.At;
            Next();
            Step then = IsOperator(":") ? condition : Expression(0);
            Expect(TokenKind.Operator, ":");
            condition = Placed(new ConditionalStep(condition, then, Expression(0)), at);
        }

        return condition;
    }

    private Step Variable()
    {
        int at = Current.At;
        Next();
        Token name = Expect(TokenKind.Identifier);
        if (variables.Contains(name.Value))
        {
            throw new Failure($"cannot redeclare variable {name.Value}", name.At);
        }

        Expect(TokenKind.Operator, "=");
        Step value = Expression(0);
        Expect(TokenKind.Operator, ";");
        variables.Add(name.Value);
        Step rest = Sequence();
        variables.RemoveAt(variables.Count - 1);
        return Placed(new LetStep(name.Value, value, rest), at);
    }

    private Step If()
    {
        int at = Current.At;
        Next();
        Step condition = Expression(0);
        Step then = Block();
        Expect(TokenKind.Operator, "else");
        Step otherwise = IsOperator("if") ? Expression(0) : Block();
        return Placed(new ConditionalStep(condition, then, otherwise), at);
    }

    private Step Block()
    {
        Expect(TokenKind.Bracket, "{");
        Step inner = Sequence();
        Expect(TokenKind.Bracket, "}");
        return inner;
    }
}
