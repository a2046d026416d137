using System.Collections.Frozen;
using System.Runtime.CompilerServices;

namespace Bowline.Languages.GoTemplates.Parsing;

/// <summary>Parses one text into the templates it holds: itself and what it defines. Errors are worded as Go words them.</summary>
internal sealed partial class Parser
{
    private const int MaxNesting = 1000;

    private readonly string parseName;
    private readonly string text;
    private readonly FrozenSet<string> functions;
    private readonly Lexer lexer;
    private readonly Dictionary<string, TemplateTree> trees;
    private readonly Token[] tokens = new Token[3];
    private readonly List<string> variables = ["$"];
    private int peeked;
    private int actionLine;
    private int rangeDepth;
    private int nesting;

    private Parser(string parseName, string text, FrozenSet<string> functions, Lexer lexer, Dictionary<string, TemplateTree> trees, int nesting)
    {
        this.parseName = parseName;
        this.text = text;
        this.functions = functions;
        this.lexer = lexer;
        this.trees = trees;
        this.nesting = nesting;
    }

    /// <exception cref="TemplateException">The text is not a template.</exception>
    public static IReadOnlyCollection<TemplateTree> Parse(string name, string text, FrozenSet<string> functions, string left = "{{", string right = "}}")
    {
        Dictionary<string, TemplateTree> trees = new(StringComparer.Ordinal);
        Parser parser = new(name, text, functions, new Lexer(text, left, right), trees, 0);
        parser.Add(name, parser.ParseTop());
        return trees.Values;
    }

    private ListSyntax ParseTop()
    {
        int position = Peek().Position;
        List<SyntaxNode> nodes = [];
        while (Peek().Kind != TokenKind.Eof)
        {
            if (Peek().Kind == TokenKind.LeftDelimiter)
            {
                Token delimiter = Next();
                if (NextNonSpace().Kind == TokenKind.Define)
                {
                    Nested().ParseDefinition();
                    continue;
                }

                Backup(delimiter);
            }

            SyntaxNode node = TextOrAction();
            if (node is EndSyntax or ElseSyntax)
            {
                throw Error($"unexpected {node}");
            }

            nodes.Add(node);
        }

        return new ListSyntax(position, [.. nodes]);
    }

    /// <summary>For a definition inside this text, which has variables and look-ahead of its own but reads on from the same place.</summary>
    private Parser Nested()
    {
        Parser nested = new(parseName, text, functions, lexer, trees, nesting);
        nested.Descend();
        return nested;
    }

    private void ParseDefinition()
    {
        const string Context = "define clause";
        Token token = NextNonSpace();
        string name = TemplateName(token, Context);
        Expect(TokenKind.RightDelimiter, Context);
        ListSyntax root = ItemList(out SyntaxNode end);
        if (end is not EndSyntax)
        {
            throw Error($"unexpected {end} in {Context}");
        }

        Add(name, root);
    }

    private void Add(string name, ListSyntax root)
    {
        if (!trees.TryGetValue(name, out TemplateTree? old) || old.Root.IsEmpty)
        {
            trees[name] = new TemplateTree(name, parseName, text, root);
        }
        else if (!root.IsEmpty)
        {
            throw Error($"template: multiple definition of template {GoText.Quote(name)}");
        }
    }

    private ListSyntax ItemList(out SyntaxNode end)
    {
        int position = PeekNonSpace().Position;
        List<SyntaxNode> nodes = [];
        while (PeekNonSpace().Kind != TokenKind.Eof)
        {
            SyntaxNode node = TextOrAction();
            if (node is EndSyntax or ElseSyntax)
            {
                end = node;
                return new ListSyntax(position, [.. nodes]);
            }

            nodes.Add(node);
        }

        throw Error("unexpected EOF");
    }

    private SyntaxNode TextOrAction()
    {
        Token token = NextNonSpace();
        switch (token.Kind)
        {
            case TokenKind.Text:
                return new TextSyntax(token.Position, token.Value);
            case TokenKind.LeftDelimiter:
                actionLine = token.Line;
                SyntaxNode action = Action();
                actionLine = 0;
                return action;
            default:
                throw Unexpected(token, "input");
        }
    }

    private void Descend()
    {
        if (++nesting > MaxNesting || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Error("max expression depth exceeded");
        }
    }

    private Token Next()
    {
        if (peeked > 0)
        {
            peeked--;
        }
        else
        {
            tokens[0] = lexer.Next();
        }

        return tokens[peeked];
    }

    private void Backup() => peeked++;

    /// <summary>Backs up two tokens; the later one is still in place.</summary>
    private void Backup(Token earlier)
    {
        tokens[1] = earlier;
        peeked = 2;
    }

    private void Backup(Token earliest, Token earlier)
    {
        tokens[1] = earlier;
        tokens[2] = earliest;
        peeked = 3;
    }

    private Token Peek()
    {
        if (peeked > 0)
        {
            return tokens[peeked - 1];
        }

        peeked = 1;
        return tokens[0] = lexer.Next();
    }

    private Token NextNonSpace()
    {
        Token token;
        do
        {
            token = Next();
        }
        while (token.Kind == TokenKind.Space);
        return token;
    }

    private Token PeekNonSpace()
    {
        Token token = NextNonSpace();
        Backup();
        return token;
    }

    private Token Expect(TokenKind kind, string context)
    {
        Token token = NextNonSpace();
        return token.Kind == kind ? token : throw Unexpected(token, context);
    }

    private TemplateException Unexpected(Token token, string context)
    {
        if (token.Kind != TokenKind.Error)
        {
            return Error($"unexpected {token} in {context}");
        }

        string extra = string.Empty;
        if (actionLine != 0 && actionLine != token.Line)
        {
            // The lexer's own "unclosed action" would otherwise read "action in action".
            string lead = token.Value.EndsWith(" action", StringComparison.Ordinal) ? string.Empty : " in action";
            extra = $"{lead} started at {parseName}:{actionLine}";
        }

        return Error(token + extra);
    }

    private TemplateException Error(string reason) => new(
        $"template: {parseName}:{tokens[0].Line}: {reason}",
        reason,
        [new TemplateFrame(parseName, tokens[0].Line, -1)],
        isParseError: true);
}
