using Bowline.Tests;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Bowline.Architecture.Tests;

public sealed class MethodLengthTests
{
    private const int MostLines = 60;
    private const int MostFileLines = 400;

    /// <summary>Methods that may be longer, each with its reason.</summary>
    private static readonly Dictionary<string, string> Allowed = new(StringComparer.Ordinal)
    {
    };

    /// <summary>Files that may be longer, each with its reason.</summary>
    private static readonly Dictionary<string, string> AllowedFiles = new(StringComparer.Ordinal)
    {
    };

    [Fact]
    public void Methods_are_short()
    {
        List<string> wrong = [];
        foreach (string file in Sources())
        {
            SyntaxNode root = CSharpSyntaxTree.ParseText(File.ReadAllText(file)).GetRoot();
            foreach (SyntaxNode method in root.DescendantNodes().Where(node => node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax))
            {
                FileLinePositionSpan span = method.SyntaxTree.GetLineSpan(method.Span);
                int lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
                string name = $"{Relative(file)}:{NameOf(method)}";
                if (lines > MostLines && !Allowed.ContainsKey(name))
                {
                    wrong.Add($"{name} has {lines} lines");
                }
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Files_are_short()
    {
        Assert.Empty(Sources()
            .Select(file => (Name: Relative(file), Lines: File.ReadLines(file).Count()))
            .Where(file => file.Lines > MostFileLines && !AllowedFiles.ContainsKey(file.Name))
            .Select(file => $"{file.Name} has {file.Lines} lines"));
    }

    private static IEnumerable<string> Sources() => Directory.EnumerateFiles(Path.Combine(SharedFolder.Checkout, "src"), "*.cs", SearchOption.AllDirectories);

    private static string Relative(string file) => Path.GetRelativePath(SharedFolder.Checkout, file).Replace(Path.DirectorySeparatorChar, '/');

    private static string NameOf(SyntaxNode method) => method switch
    {
        MethodDeclarationSyntax named => named.Identifier.Text,
        LocalFunctionStatementSyntax local => local.Identifier.Text,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
        AccessorDeclarationSyntax accessor => accessor.Keyword.Text,
        _ => method.Kind().ToString(),
    };
}
