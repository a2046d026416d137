using System.Text;
using Bowline.Tests;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Bowline.Architecture.Tests;

/// <summary>What each project shows to others is a golden file, so that a change at a wall is seen in review. UPDATE_GOLDEN=1 writes them anew.</summary>
public sealed class PublicSurfaceTests
{
    private static readonly string Folder = Path.Combine(SharedFolder.Checkout, "tests", "Architecture.Tests", "golden");

    public static TheoryData<string> Projects() => [.. FloorPlan.Read().Select(floor => floor.Project)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void The_public_surface_is_as_recorded(string project)
    {
        string file = Path.Combine(Folder, project + ".txt");
        string surface = Describe(project);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Folder);
            File.WriteAllText(file, surface);
        }

        Assert.True(File.Exists(file), $"{file} is missing; UPDATE_GOLDEN=1 ./test Architecture writes it");
        Assert.True(File.ReadAllText(file) == surface, $"the public surface of {project} changed; if that is meant: UPDATE_GOLDEN=1 ./test Architecture, and look at the difference in git");
    }

    private static string Describe(string project)
    {
        SortedDictionary<string, SortedSet<string>> types = new(StringComparer.Ordinal);
        foreach (string file in FloorPlan.SourceFiles(project))
        {
            SyntaxNode root = CSharpSyntaxTree.ParseText(File.ReadAllText(file)).GetRoot();
            foreach (BaseTypeDeclarationSyntax type in root.DescendantNodes().OfType<BaseTypeDeclarationSyntax>().Where(IsVisible))
            {
                string name = NameOf(type);
                SortedSet<string> members = types.TryGetValue(name, out SortedSet<string>? known) ? known : types[name] = new SortedSet<string>(StringComparer.Ordinal);
                members.UnionWith(MembersOf(type));
            }
        }

        StringBuilder text = new();
        foreach ((string name, SortedSet<string> members) in types)
        {
            text.Append(name).Append('\n');
            foreach (string member in members)
            {
                text.Append("  ").Append(member).Append('\n');
            }
        }

        return text.ToString();
    }

    private static IEnumerable<string> MembersOf(BaseTypeDeclarationSyntax type)
    {
        if (type is EnumDeclarationSyntax enumeration)
        {
            return enumeration.Members.Select(member => member.Identifier.Text);
        }

        TypeDeclarationSyntax declared = (TypeDeclarationSyntax)type;
        IEnumerable<string> positional = declared.ParameterList is { } list && declared is RecordDeclarationSyntax ? [$"{declared.Identifier.Text}{Flat(list)}"] : [];
        return positional.Concat(declared.Members
            .Where(member => member is not BaseTypeDeclarationSyntax && (declared is InterfaceDeclarationSyntax || member.Modifiers.Any(SyntaxKind.PublicKeyword)))
            .Select(Signature));
    }

    private static string Signature(MemberDeclarationSyntax member) => member switch
    {
        MethodDeclarationSyntax method => $"{Flat(method.ReturnType)} {method.Identifier.Text}{method.TypeParameterList}{Flat(method.ParameterList)}",
        ConstructorDeclarationSyntax constructor => $"{constructor.Identifier.Text}{Flat(constructor.ParameterList)}",
        PropertyDeclarationSyntax property => $"{Flat(property.Type)} {property.Identifier.Text}",
        IndexerDeclarationSyntax indexer => $"{Flat(indexer.Type)} this{Flat(indexer.ParameterList)}",
        FieldDeclarationSyntax field => Flat(field.Declaration.Type) + " " + string.Join(", ", field.Declaration.Variables.Select(variable => variable.Identifier.Text)),
        EventFieldDeclarationSyntax @event => "event " + Flat(@event.Declaration),
        OperatorDeclarationSyntax @operator => $"{Flat(@operator.ReturnType)} operator {@operator.OperatorToken}{Flat(@operator.ParameterList)}",
        ConversionOperatorDeclarationSyntax conversion => $"{conversion.ImplicitOrExplicitKeyword} operator {Flat(conversion.Type)}{Flat(conversion.ParameterList)}",
        _ => Flat(member),
    };

    private static bool IsVisible(BaseTypeDeclarationSyntax type) =>
        type.Modifiers.Any(SyntaxKind.PublicKeyword) && (type.Parent is not BaseTypeDeclarationSyntax outer || IsVisible(outer));

    private static string NameOf(BaseTypeDeclarationSyntax type)
    {
        string name = type.Identifier.Text + (type as TypeDeclarationSyntax)?.TypeParameterList;
        for (SyntaxNode? at = type.Parent; at is not null; at = at.Parent)
        {
            name = at switch
            {
                BaseTypeDeclarationSyntax outer => $"{outer.Identifier.Text}.{name}",
                BaseNamespaceDeclarationSyntax space => $"{space.Name}.{name}",
                _ => name,
            };
        }

        return name;
    }

    private static string Flat(SyntaxNode node) => string.Join(' ', node.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
