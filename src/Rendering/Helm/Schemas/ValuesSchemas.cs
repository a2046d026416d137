using System.Runtime.CompilerServices;
using System.Text;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Printing;
using Bowline.Rendering.Helm.Charts;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Helm.Schemas;

/// <summary>Checks coalesced values against the values.schema.json of a chart and of its dependencies; compiled schemas live as long as their charts.</summary>
internal sealed class ValuesSchemas
{
    private readonly ConditionalWeakTable<byte[], JsonSchema> compiled = [];

    /// <exception cref="ChartException">With every violation, chart by chart.</exception>
    public void Validate(ChartInstance chart, MapNode values)
    {
        StringBuilder report = new();
        List<string> blamed = [];
        Collect(chart, values, report, blamed);
        if (report.Length > 0)
        {
            throw new ChartException($"values don't meet the specifications of the schema(s) in the following chart(s):\n{report}", blamed[0]);
        }
    }

    private void Collect(ChartInstance chart, MapNode values, StringBuilder report, List<string> blamed)
    {
        if (chart.Source.Schema is { } schema && Check(schema.Data, values) is { } violations)
        {
            report.Append(chart.Name).Append(":\n").Append(violations);
            blamed.Add(schema.Path);
        }

        foreach (ChartInstance dependency in chart.Dependencies)
        {
            if (values[dependency.Name] is MapNode inner)
            {
                Collect(dependency, inner, report, blamed);
            }
        }
    }

    private string? Check(byte[] schema, MapNode values)
    {
        try
        {
            JsonSchema root = compiled.GetValue(schema, Compile);
            if (SchemaValidator.Validate(root, values) is not { } error)
            {
                return null;
            }

            StringBuilder text = new();
            foreach (SchemaError one in error.IsGroup ? error.Causes : [error])
            {
                one.Print(text, 0);
            }

            return text.Append('\n').ToString();
        }
        catch (SchemaException error)
        {
            return error.Message;
        }
    }

    private static JsonSchema Compile(byte[] data)
    {
        Dictionary<Node, string> numbers = new(ReferenceEqualityComparer.Instance);
        return GoJson.TryRead(GoText.FromBytes(data), out Node? root, out string? error, numbers.Add)
            ? SchemaCompiler.Compile(root, numbers)
            : throw new SchemaException(error != "unexpected end of JSON input" ? error : data.AsSpan().Trim(" \t\r\n"u8).IsEmpty ? "EOF" : "unexpected EOF");
    }
}
