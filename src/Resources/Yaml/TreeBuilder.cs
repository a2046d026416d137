using System.Runtime.CompilerServices;
using Bowline.Resources.Model;

namespace Bowline.Resources.Yaml;

/// <summary>A scalar that is not resolved yet, since a key and a value resolve differently.</summary>
/// <param name="Text">Without quotes and escapes.</param>
/// <param name="Tag">The full tag; null when there is none, or only <c>!</c>.</param>
/// <param name="Plain">Neither quoted nor tagged: the text decides what it is.</param>
/// <param name="Mark">Where it starts.</param>
/// <param name="Folded">A block whose lines are joined.</param>
internal readonly record struct RawScalar(string Text, string? Tag, bool Plain, Mark Mark, bool Folded = false);

/// <summary>Parses tokens straight into the tree: aliases are copied out within a budget, keys become text, merge keys are carried out.</summary>
internal sealed partial class TreeBuilder(YamlScanner scanner, YamlReadOptions options)
{
    private const string StandardTag = "tag:yaml.org,2002:";
    private readonly Dictionary<string, string> tagPrefixes = new(StringComparer.Ordinal);
    private bool sawVersion;
    private int depth;

    /// <summary>How deep the container that is being read goes so far, from the root.</summary>
    private int deepest;

    /// <summary>What go-yaml finds only when the whole document is parsed; the syntax errors behind it come first.</summary>
    private YamlException? failure;

    private TokenKind Next => scanner.Peek().Kind;

    public IReadOnlyList<YamlDocument> ReadDocuments()
    {
        List<YamlDocument> documents = [];
        bool first = true;
        while (true)
        {
            while (!first && Next == TokenKind.DocumentEnd)
            {
                scanner.Take();
            }

            if (Next == TokenKind.StreamEnd)
            {
                return documents;
            }

            documents.Add(ReadDocument(mayBeBare: first));
            first = false;
            if (options.FirstDocumentOnly)
            {
                return documents;
            }
        }
    }

    private YamlDocument ReadDocument(bool mayBeBare)
    {
        StartDocument();
        ReadDirectives();
        Mark start = scanner.Peek().Start;
        bool bare = mayBeBare && tagPrefixes.Count == 2 && !sawVersion && Next != TokenKind.DocumentStart;
        if (!bare)
        {
            if (Next != TokenKind.DocumentStart)
            {
                throw FailParsing("did not find expected <document start>", start);
            }

            scanner.Take();
            start = scanner.Peek().Start;
        }

        bool empty = !bare && Next is TokenKind.VersionDirective or TokenKind.TagDirective or TokenKind.DocumentStart or TokenKind.DocumentEnd or TokenKind.StreamEnd;
        Node root = empty ? Node.Null : ReadNode(block: true, indentless: false);
        if (Next == TokenKind.DocumentEnd)
        {
            scanner.Take();
        }

        if (failure is not null)
        {
            throw failure;
        }

        if (mayNotBeJson)
        {
            RequireJson(root);
            mayNotBeJson = false;
        }

        return new YamlDocument(root, start.Line + 1);
    }

    private void ReadDirectives()
    {
        sawVersion = false;
        tagPrefixes.Clear();
        while (Next is TokenKind.VersionDirective or TokenKind.TagDirective)
        {
            YamlToken token = scanner.Peek();
            if (token.Kind == TokenKind.VersionDirective)
            {
                if (sawVersion)
                {
                    throw FailParsing("found duplicate %YAML directive", token.Start);
                }

                sawVersion = true;
                if (token.Text != "1.1")
                {
                    throw FailParsing("found incompatible YAML document", token.Start);
                }
            }
            else if (!tagPrefixes.TryAdd(token.Text!, token.Suffix!))
            {
                throw FailParsing("found duplicate %TAG directive", token.Start);
            }

            scanner.Take();
        }

        tagPrefixes.TryAdd("!", "!");
        tagPrefixes.TryAdd("!!", StandardTag);
    }

    /// <summary>Reads the node that starts at the next token.</summary>
    private Node ReadNode(bool block, bool indentless)
    {
        Count(1);
        if (Next == TokenKind.Alias)
        {
            return ReadAlias();
        }

        Mark start = scanner.Peek().Start;
        (string? anchor, string? tag) = ReadProperties();
        YamlToken token = scanner.Peek();
        if (token.Kind == TokenKind.Scalar)
        {
            return ReadScalar(token, anchor, tag, start);
        }

        bool container = token.Kind is TokenKind.FlowListStart or TokenKind.FlowMapStart
            || (block && token.Kind is TokenKind.BlockListStart or TokenKind.BlockMapStart)
            || (indentless && token.Kind == TokenKind.BlockEntry);
        if (container)
        {
            return ReadContainer(token.Kind, anchor, start);
        }

        if (anchor is null && tag is null)
        {
            throw FailParsing("did not find expected node content", token.Start, start);
        }

        RawScalar empty = new(string.Empty, Meaningful(tag), Plain: tag is null or "!", start);
        Remember(anchor, empty);
        return ToNode(empty);
    }

    private Node ReadScalar(in YamlToken token, string? anchor, string? tag, Mark start)
    {
        RawScalar scalar = new(token.Text!, Meaningful(tag), tag is null ? token.Plain : tag == "!", start, token.Folded);
        Remember(anchor, scalar);
        scanner.Take();
        return ToNode(scalar);
    }

    /// <summary>An anchor and a tag, in either order.</summary>
    private (string? Anchor, string? Tag) ReadProperties()
    {
        string? anchor = null;
        string? tag = null;
        while (true)
        {
            YamlToken token = scanner.Peek();
            if (token.Kind == TokenKind.Anchor && anchor is null)
            {
                anchor = token.Text;
            }
            else if (token.Kind == TokenKind.Tag && tag is null)
            {
                tag = FullTag(token);
            }
            else
            {
                return (anchor, tag);
            }

            scanner.Take();
        }
    }

    private string FullTag(in YamlToken token)
    {
        if (token.Text!.Length == 0)
        {
            return token.Suffix!;
        }

        return tagPrefixes.TryGetValue(token.Text, out string? prefix)
            ? prefix + token.Suffix
            : throw FailParsing("found undefined tag handle", token.Start);
    }

    private static string? Meaningful(string? tag) => tag == "!" ? null : tag;

    private Node ReadContainer(TokenKind kind, string? anchor, Mark start)
    {
        Enter(start);
        int deepestBefore = deepest;
        deepest = depth;
        long before = nodes;
        RememberUnfinished(anchor);
        Node node = kind switch
        {
            TokenKind.FlowListStart => ReadFlowList(start),
            TokenKind.FlowMapStart => ReadFlowMap(start),
            TokenKind.BlockListStart => ReadBlockList(start),
            TokenKind.BlockMapStart => ReadBlockMap(start),
            _ => ReadIndentlessList(start),
        };
        Remember(anchor, node, nodes - before + 1, deepest - depth + 1);
        deepest = Math.Max(deepest, deepestBefore);
        depth--;
        return node;
    }

    /// <summary>Refuses what is nested too deeply for the options, or for what is left of the caller's stack.</summary>
    private void Enter(Mark start)
    {
        if (++depth > options.MaxDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Fail(start, $"exceeded max depth of {Math.Min(depth - 1, options.MaxDepth)}");
        }

        deepest = Math.Max(deepest, depth);
    }

    private ListNode ReadBlockList(Mark start)
    {
        ListNode list = new() { Line = start.Line + 1 };
        Mark context = scanner.Peek().Start;
        scanner.Take();
        while (Next == TokenKind.BlockEntry)
        {
            scanner.Take();
            list.Add(Next is TokenKind.BlockEntry or TokenKind.BlockEnd ? EmptyNode() : ReadNode(block: true, indentless: false));
        }

        if (Next != TokenKind.BlockEnd)
        {
            throw FailParsing("did not find expected '-' indicator", scanner.Peek().Start, context);
        }

        scanner.Take();
        return list;
    }

    /// <summary>A list at the column of the key it belongs to, which no token ends.</summary>
    private ListNode ReadIndentlessList(Mark start)
    {
        ListNode list = new() { Line = start.Line + 1 };
        while (Next == TokenKind.BlockEntry)
        {
            scanner.Take();
            bool empty = Next is TokenKind.BlockEntry or TokenKind.Key or TokenKind.Value or TokenKind.BlockEnd;
            list.Add(empty ? EmptyNode() : ReadNode(block: true, indentless: false));
        }

        return list;
    }

    private ListNode ReadFlowList(Mark start)
    {
        ListNode list = new() { Line = start.Line + 1 };
        Mark context = scanner.Peek().Start;
        scanner.Take();
        while (Next != TokenKind.FlowListEnd)
        {
            if (list.Count > 0)
            {
                TakeSeparator("did not find expected ',' or ']'", context);
                if (Next == TokenKind.FlowListEnd)
                {
                    break;
                }
            }

            list.Add(Next == TokenKind.Key ? ReadPair() : ReadNode(block: false, indentless: false));
        }

        scanner.Take();
        return list;
    }

    private void TakeSeparator(string otherwise, Mark context)
    {
        if (Next != TokenKind.FlowEntry)
        {
            throw FailParsing(otherwise, scanner.Peek().Start, context);
        }

        scanner.Take();
    }

    private Node EmptyNode()
    {
        Count(1);
        return options.PlainScalar is { } plain ? plain(string.Empty, Node.Null) : Node.Null;
    }

    /// <summary>An error in the order of tokens, inside of something that starts at <paramref name="context"/>.</summary>
    private YamlException FailParsing(string reason, Mark at, Mark context = default) => new(options.FileName, at.Line + 1, at.Column + 1, reason)
    {
        GoMessage = GoErrors.Parsing(options.Dialect, context.Line, at.Line, reason),
    };

    /// <summary>An error in what the document says; go-yaml prints no line for these.</summary>
    private YamlException Fail(Mark at, string reason) => new(options.FileName, at.Line + 1, at.Column + 1, reason);

    private void Defer(YamlException found) => failure ??= found;
}
