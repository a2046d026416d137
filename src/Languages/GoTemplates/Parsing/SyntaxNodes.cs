using System.Numerics;
using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Parsing;

/// <summary>A node of a parsed template; its text is Go's, since error messages show it.</summary>
internal abstract class SyntaxNode(int position)
{
    /// <summary>Index into the source text of the parse.</summary>
    public int Position => position;
}

internal sealed class ListSyntax(int position, SyntaxNode[] nodes) : SyntaxNode(position)
{
    public readonly SyntaxNode[] Nodes = nodes;

    public bool IsEmpty => Nodes.All(node => node is TextSyntax text && text.Text.AsSpan().Trim().IsEmpty);

    public override string ToString() => string.Concat<SyntaxNode>(Nodes);
}

internal sealed class TextSyntax(int position, string text) : SyntaxNode(position)
{
    public readonly string Text = text;

    public override string ToString() => Text;
}

internal sealed class ActionSyntax(int position, PipeSyntax pipe) : SyntaxNode(position)
{
    public readonly PipeSyntax Pipe = pipe;

    public override string ToString() => $"{{{{{Pipe}}}}}";
}

internal sealed class PipeSyntax(int position, VariableSyntax[] declarations, bool isAssign, CommandSyntax[] commands) : SyntaxNode(position)
{
    public readonly VariableSyntax[] Declarations = declarations;
    public readonly bool IsAssign = isAssign;
    public readonly CommandSyntax[] Commands = commands;

    public override string ToString()
    {
        string commands = string.Join(" | ", (IEnumerable<CommandSyntax>)Commands);
        return Declarations.Length == 0
            ? commands
            : string.Join(", ", (IEnumerable<VariableSyntax>)Declarations) + (IsAssign ? " = " : " := ") + commands;
    }
}

internal sealed class CommandSyntax(int position, SyntaxNode[] arguments) : SyntaxNode(position)
{
    public readonly SyntaxNode[] Arguments = arguments;

    public override string ToString() =>
        string.Join(' ', Arguments.Select(argument => argument is PipeSyntax ? $"({argument})" : argument.ToString()));
}

internal sealed class IdentifierSyntax(int position, string name) : SyntaxNode(position)
{
    public readonly string Name = name;

    public override string ToString() => Name;
}

internal sealed class VariableSyntax(int position, string[] names) : SyntaxNode(position)
{
    public readonly string[] Names = names;

    public override string ToString() => string.Join('.', Names);
}

internal sealed class DotSyntax(int position) : SyntaxNode(position)
{
    public override string ToString() => ".";
}

internal sealed class NilSyntax(int position) : SyntaxNode(position)
{
    public override string ToString() => "nil";
}

internal sealed class FieldSyntax(int position, string[] names) : SyntaxNode(position)
{
    public readonly string[] Names = names;

    public override string ToString() => "." + string.Join('.', Names);
}

internal sealed class ChainSyntax(int position, SyntaxNode node, string[] names) : SyntaxNode(position)
{
    public readonly SyntaxNode Node = node;
    public readonly string[] Names = names;

    public override string ToString() => (Node is PipeSyntax ? $"({Node})" : Node.ToString()) + "." + string.Join('.', Names);
}

internal sealed class BoolSyntax(int position, bool value) : SyntaxNode(position)
{
    public readonly BoolNode Value = BoolNode.Of(value);

    public override string ToString() => Value.ToString();
}

internal sealed class StringSyntax(int position, string quoted, string text) : SyntaxNode(position)
{
    public readonly StringNode Value = StringNode.Of(text);

    public override string ToString() => quoted;
}

internal sealed class NumberSyntax(int position, string text) : SyntaxNode(position)
{
    public readonly string Text = text;

    public long? Integer { get; init; }

    public ulong? Unsigned { get; init; }

    public double? Float { get; init; }

    public Complex? Complex { get; init; }

    public override string ToString() => Text;
}

internal sealed class EndSyntax(int position) : SyntaxNode(position)
{
    public override string ToString() => "{{end}}";
}

internal sealed class ElseSyntax(int position) : SyntaxNode(position)
{
    public override string ToString() => "{{else}}";
}

internal sealed class BreakSyntax(int position) : SyntaxNode(position)
{
    public override string ToString() => "{{break}}";
}

internal sealed class ContinueSyntax(int position) : SyntaxNode(position)
{
    public override string ToString() => "{{continue}}";
}

internal sealed class TemplateSyntax(int position, string name, PipeSyntax? pipe) : SyntaxNode(position)
{
    public readonly string Name = name;
    public readonly PipeSyntax? Pipe = pipe;

    public override string ToString() => $"{{{{template {GoText.Quote(Name)}{(Pipe is null ? string.Empty : " " + Pipe)}}}}}";
}

internal enum BranchKind
{
    If,
    Range,
    With,
}

internal sealed class BranchSyntax(int position, BranchKind kind, PipeSyntax pipe, ListSyntax body, ListSyntax? otherwise) : SyntaxNode(position)
{
    public readonly BranchKind Kind = kind;
    public readonly PipeSyntax Pipe = pipe;
    public readonly ListSyntax Body = body;
    public readonly ListSyntax? Otherwise = otherwise;

    public override string ToString()
    {
        string name = Kind switch { BranchKind.If => "if", BranchKind.Range => "range", _ => "with" };
        string otherwise = Otherwise is null ? string.Empty : "{{else}}" + Otherwise;
        return $"{{{{{name} {Pipe}}}}}{Body}{otherwise}{{{{end}}}}";
    }
}

/// <summary>One template of a parsed text: its name, tree and the text that positions refer to.</summary>
internal sealed class TemplateTree(string name, string parseName, string text, ListSyntax root)
{
    public readonly string Name = name;
    public readonly string ParseName = parseName;
    public readonly ListSyntax Root = root;

    /// <summary>The line from 1 and the byte in it from 0, as Go counts them.</summary>
    public (int Line, int Column) Locate(SyntaxNode node)
    {
        ReadOnlySpan<char> before = text.AsSpan(0, node.Position);
        int lineStart = before.LastIndexOf('\n') + 1;
        return (before.Count('\n') + 1, GoText.Utf8Length(before[lineStart..]));
    }
}
