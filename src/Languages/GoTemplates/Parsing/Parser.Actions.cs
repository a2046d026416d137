namespace Bowline.Languages.GoTemplates.Parsing;

internal sealed partial class Parser
{
    private SyntaxNode Action()
    {
        Token token = NextNonSpace();
        switch (token.Kind)
        {
            case TokenKind.Block:
                return BlockControl();
            case TokenKind.Break:
                LoopControl("{{break}}");
                return new BreakSyntax(token.Position);
            case TokenKind.Continue:
                LoopControl("{{continue}}");
                return new ContinueSyntax(token.Position);
            case TokenKind.Else:
                return ElseControl();
            case TokenKind.End:
                return new EndSyntax(Expect(TokenKind.RightDelimiter, "end").Position);
            case TokenKind.If:
                return Control(BranchKind.If, "if");
            case TokenKind.Range:
                return Control(BranchKind.Range, "range");
            case TokenKind.Template:
                return TemplateControl();
            case TokenKind.With:
                return Control(BranchKind.With, "with");
        }

        Backup();
        // Variables declared here persist until "end".
        return new ActionSyntax(Peek().Position, Pipeline("command", TokenKind.RightDelimiter));
    }

    private void LoopControl(string name)
    {
        Token token = NextNonSpace();
        if (token.Kind != TokenKind.RightDelimiter)
        {
            throw Unexpected(token, name);
        }

        if (rangeDepth == 0)
        {
            throw Error($"{name} outside {{{{range}}}}");
        }
    }

    private ElseSyntax ElseControl()
    {
        // "{{else if" and "{{else with" read as "{{else}}{{if" and "{{else}}{{with" that share one end.
        Token peek = PeekNonSpace();
        return new ElseSyntax(peek.Kind is TokenKind.If or TokenKind.With ? peek.Position : Expect(TokenKind.RightDelimiter, "else").Position);
    }

    private BranchSyntax Control(BranchKind kind, string context)
    {
        Descend();
        int mark = variables.Count;
        PipeSyntax pipe = Pipeline(context, TokenKind.RightDelimiter);
        rangeDepth += kind == BranchKind.Range ? 1 : 0;
        ListSyntax body = ItemList(out SyntaxNode next);
        rangeDepth -= kind == BranchKind.Range ? 1 : 0;
        ListSyntax? otherwise = next is ElseSyntax ? Otherwise(kind, context, next.Position) : null;
        variables.RemoveRange(mark, variables.Count - mark);
        nesting--;
        return new BranchSyntax(pipe.Position, kind, pipe, body, otherwise);
    }

    private ListSyntax Otherwise(BranchKind kind, string context, int position)
    {
        if ((kind, Peek().Kind) is (BranchKind.If, TokenKind.If) or (BranchKind.With, TokenKind.With))
        {
            Next();
            return new ListSyntax(position, [Control(kind, context)]);
        }

        ListSyntax list = ItemList(out SyntaxNode end);
        return end is EndSyntax ? list : throw Error($"expected end; found {end}");
    }

    private TemplateSyntax BlockControl()
    {
        const string Context = "block clause";
        Token token = NextNonSpace();
        string name = TemplateName(token, Context);
        PipeSyntax pipe = Pipeline(Context, TokenKind.RightDelimiter);
        Parser block = Nested();
        ListSyntax root = block.ItemList(out SyntaxNode end);
        if (end is not EndSyntax)
        {
            throw Error($"unexpected {end} in {Context}");
        }

        block.Add(name, root);
        return new TemplateSyntax(token.Position, name, pipe);
    }

    private TemplateSyntax TemplateControl()
    {
        const string Context = "template clause";
        Token token = NextNonSpace();
        string name = TemplateName(token, Context);
        PipeSyntax? pipe = null;
        if (NextNonSpace().Kind != TokenKind.RightDelimiter)
        {
            Backup();
            pipe = Pipeline(Context, TokenKind.RightDelimiter);
        }

        return new TemplateSyntax(token.Position, name, pipe);
    }

    private string TemplateName(Token token, string context) =>
        token.Kind is TokenKind.String or TokenKind.RawString
            ? GoLiterals.Unquote(token.Value) ?? throw Error("invalid syntax")
            : throw Unexpected(token, context);

    private PipeSyntax Pipeline(string context, TokenKind end)
    {
        Descend();
        int position = PeekNonSpace().Position;
        List<VariableSyntax> declarations = [];
        bool isAssign = Declarations(context, declarations);
        List<CommandSyntax> commands = [];
        while (true)
        {
            Token token = NextNonSpace();
            if (token.Kind == end)
            {
                CheckPipeline(commands, context);
                nesting--;
                return new PipeSyntax(position, [.. declarations], isAssign, [.. commands]);
            }

            if (token.Kind is not (TokenKind.Bool or TokenKind.CharConstant or TokenKind.Complex or TokenKind.Dot or TokenKind.Field
                or TokenKind.Identifier or TokenKind.Number or TokenKind.Nil or TokenKind.RawString or TokenKind.String
                or TokenKind.Variable or TokenKind.LeftParen))
            {
                throw Unexpected(token, context);
            }

            Backup();
            commands.Add(Command());
        }
    }

    private bool Declarations(string context, List<VariableSyntax> declarations)
    {
        while (PeekNonSpace() is { Kind: TokenKind.Variable } variable)
        {
            Next();
            // Space is a token, so telling "$x foo" from "$x :=" takes three tokens of look-ahead in the worst case.
            Token after = Peek();
            Token next = PeekNonSpace();
            bool isComma = next is { Kind: TokenKind.Char, Value: "," };
            if (!isComma && next.Kind is not (TokenKind.Assign or TokenKind.Declare))
            {
                if (after.Kind == TokenKind.Space)
                {
                    Backup(variable, after);
                }
                else
                {
                    Backup(variable);
                }

                return false;
            }

            NextNonSpace();
            declarations.Add(new VariableSyntax(variable.Position, [variable.Value]));
            variables.Add(variable.Value);
            if (!isComma)
            {
                return next.Kind == TokenKind.Assign;
            }

            if (context != "range" || declarations.Count >= 2)
            {
                throw Error($"too many declarations in {context}");
            }

            if (PeekNonSpace().Kind is not (TokenKind.Variable or TokenKind.RightDelimiter or TokenKind.RightParen))
            {
                throw Error("range can only initialize variables");
            }
        }

        return false;
    }

    private void CheckPipeline(List<CommandSyntax> commands, string context)
    {
        if (commands.Count == 0)
        {
            throw Error($"missing value for {context}");
        }

        for (int i = 1; i < commands.Count; i++)
        {
            if (commands[i].Arguments[0] is BoolSyntax or DotSyntax or NilSyntax or NumberSyntax or StringSyntax)
            {
                throw Error($"non executable command in pipeline stage {i + 1}");
            }
        }
    }

    private CommandSyntax Command()
    {
        int position = PeekNonSpace().Position;
        List<SyntaxNode> arguments = [];
        while (true)
        {
            PeekNonSpace();
            if (Operand() is { } operand)
            {
                arguments.Add(operand);
            }

            Token token = Next();
            if (token.Kind == TokenKind.Space)
            {
                continue;
            }

            if (token.Kind is TokenKind.RightDelimiter or TokenKind.RightParen)
            {
                Backup();
            }
            else if (token.Kind != TokenKind.Pipe)
            {
                throw Unexpected(token, "operand");
            }

            return arguments.Count > 0 ? new CommandSyntax(position, [.. arguments]) : throw Error("empty command");
        }
    }

    private SyntaxNode? Operand()
    {
        SyntaxNode? node = Term();
        if (node is null || Peek().Kind != TokenKind.Field)
        {
            return node;
        }

        int position = Peek().Position;
        List<string> names = [];
        while (Peek().Kind == TokenKind.Field)
        {
            names.Add(Next().Value[1..]);
        }

        return node switch
        {
            FieldSyntax field => new FieldSyntax(position, [.. field.Names, .. names]),
            VariableSyntax variable => new VariableSyntax(position, [.. variable.Names, .. names]),
            BoolSyntax or StringSyntax or NumberSyntax or NilSyntax or DotSyntax =>
                throw Error($"unexpected . after term {GoText.Quote(node.ToString()!)}"),
            _ => new ChainSyntax(position, node, [.. names]),
        };
    }

    private SyntaxNode? Term()
    {
        Token token = NextNonSpace();
        switch (token.Kind)
        {
            case TokenKind.Identifier:
                return functions.Contains(token.Value) || BuiltinNames.All.Contains(token.Value)
                    ? new IdentifierSyntax(token.Position, token.Value)
                    : throw Error($"function {GoText.Quote(token.Value)} not defined");
            case TokenKind.Dot:
                return new DotSyntax(token.Position);
            case TokenKind.Nil:
                return new NilSyntax(token.Position);
            case TokenKind.Variable:
                return variables.Contains(token.Value)
                    ? new VariableSyntax(token.Position, [token.Value])
                    : throw Error($"undefined variable {GoText.Quote(token.Value)}");
            case TokenKind.Field:
                return new FieldSyntax(token.Position, [token.Value[1..]]);
            case TokenKind.Bool:
                return new BoolSyntax(token.Position, token.Value == "true");
            case TokenKind.CharConstant or TokenKind.Complex or TokenKind.Number:
                return Number(token);
            case TokenKind.LeftParen:
                return Pipeline("parenthesized pipeline", TokenKind.RightParen);
            case TokenKind.String or TokenKind.RawString:
                return new StringSyntax(token.Position, token.Value, GoLiterals.Unquote(token.Value) ?? throw Error("invalid syntax"));
            default:
                Backup();
                return null;
        }
    }

    private NumberSyntax Number(Token token)
    {
        if (token.Kind == TokenKind.CharConstant)
        {
            return GoLiterals.Character(token.Value, out string malformed) is { } rune
                ? new NumberSyntax(token.Position, token.Value) { Integer = rune, Unsigned = (ulong)rune, Float = rune }
                : throw Error(malformed);
        }

        if (token.Kind == TokenKind.Complex)
        {
            return GoLiterals.OfComplexPair(token.Position, token.Value) ?? throw Error("syntax error scanning complex number");
        }

        return GoLiterals.Number(token.Position, token.Value, out string error) ?? throw Error(error);
    }
}
