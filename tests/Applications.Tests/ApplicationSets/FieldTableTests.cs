using System.Text.RegularExpressions;
using Bowline.Applications.Hub;
using Bowline.Tests;

namespace Bowline.Applications.Tests.ApplicationSets;

/// <summary>The table of docs/application-sets.md names every field of the definition, and none that there is not.</summary>
public sealed partial class FieldTableTests
{
    /// <summary>Below these the fields are those of an Application, or of a generator again.</summary>
    private static readonly string[] Closed = ["Template", "NestedGenerator"];

    [Fact]
    public void Every_field_of_an_ApplicationSet_is_in_the_table_and_nothing_else()
    {
        string[] rows = [.. File.ReadAllLines(Path.Combine(SharedFolder.Checkout, "docs", "application-sets.md")).Where(line => line.StartsWith("| `", StringComparison.Ordinal))];
        string[] documented = [.. rows.SelectMany(row => Fields(row.Split('|')))];
        Assert.Equal(Leaves("ApplicationSet", string.Empty).Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Fields(string[] cells) => Quoted().Matches(cells[2]).Select(field => $"{cells[1].Trim().Trim('`')}.{field.Groups[1].Value}");

    private static IEnumerable<string> Leaves(string type, string prefix)
    {
        foreach (ArgoField field in ArgoFields.Table.Types[type])
        {
            string path = $"{prefix}{field.Name}{(field.Many == "[]" ? "[]" : string.Empty)}";
            bool opened = field.Many != "{}" && !Closed.Contains(field.Type) && ArgoFields.Table.Types.ContainsKey(field.Type);
            foreach (string leaf in opened ? Leaves(field.Type, path + ".") : [path])
            {
                yield return leaf;
            }
        }
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();
}
