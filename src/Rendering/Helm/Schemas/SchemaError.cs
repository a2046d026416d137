using System.Text;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Rendering.Helm.Charts;

namespace Bowline.Rendering.Helm.Schemas;

/// <summary>A schema that cannot be used: not JSON, a reference to elsewhere, or without end.</summary>
internal sealed class SchemaException(string message) : Exception(message)
{
    /// <summary>A file that is no schema; the library checks it against the schema of schemas, whose violations it lists.</summary>
    public static SchemaException Invalid(string reason) => new($"\"file:///values.schema.json#\" is not valid against metaschema: {reason}");
}

/// <summary>What a value violates, in the words and the tree of santhosh-tekuri/jsonschema.</summary>
/// <param name="At">JSON pointer into the values.</param>
internal sealed record SchemaError(string At, string Words, IReadOnlyList<SchemaError> Causes)
{
    /// <summary>Several errors of one schema, which a parent may take over as its own.</summary>
    public bool IsGroup { get; init; }

    /// <summary>An error behind a <c>$ref</c>; left out of the print when it has one cause.</summary>
    public bool IsReference { get; init; }

    public void Print(StringBuilder output, int indent)
    {
        int inner = indent;
        if (!IsReference || Causes.Count != 1)
        {
            output.Append(output.Length == 0 ? string.Empty : "\n").Append(' ', 2 * indent).Append("- at ").Append(Quote(At)).Append(": ").Append(Words);
            inner++;
        }

        foreach (SchemaError cause in Causes)
        {
            cause.Print(output, inner);
        }
    }

    /// <summary>Go's quoting with single quotes.</summary>
    public static string Quote(string text) =>
        $"'{GoText.Quote(text)[1..^1].Replace("\\\"", "\"", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";

    public static string QuoteAll(IEnumerable<string> texts) => string.Join(", ", texts.Select(Quote));
}
