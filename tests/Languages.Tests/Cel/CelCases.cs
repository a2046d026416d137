using Bowline.Languages.Cel;
using Bowline.Languages.Cel.Values;
using Bowline.Resources.Json;
using Bowline.Resources.Model;

namespace Bowline.Languages.Tests.Cel;

/// <summary>The tables of expressions in <c>cases/</c>: <c>expression => value</c>, by area of the language.</summary>
public sealed class CelCases
{
    public static TheoryData<string, string, string> Lines()
    {
        TheoryData<string, string, string> data = [];
        foreach (string file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Cel", "cases"), "*.txt").Order(StringComparer.Ordinal))
        {
            foreach (string line in File.ReadLines(file).Where(line => line.Length > 0 && line[0] != '#'))
            {
                int arrow = line.LastIndexOf(" => ", StringComparison.Ordinal);
                data.Add(Path.GetFileNameWithoutExtension(file), line[..arrow], line[(arrow + 4)..]);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public void An_expression_has_the_value_that_the_table_says(string area, string expression, string expected)
    {
        Assert.NotEmpty(area);
        Assert.Equal(expected, Run(expression));
    }

    private static string Run(string expression)
    {
        try
        {
            CelResult result = CelProgram.Compile(expression, CelEnvironment.Full).Evaluate(_ => null);
            return result.Error is { } error ? $"error: {error}" : Show(result.Value!);
        }
        catch (CelException)
        {
            return "error: compile";
        }
    }

    private static string Show(Node value) => value switch
    {
        StringNode => JsonWriter.ToText(value),
        IntegerNode or BoolNode or NullNode => value.ToString()!,
        FloatNode { Value: var number } => double.IsInfinity(number) ? "Infinity" : number == Math.Truncate(number) ? $"{number}.0" : number.ToString("R"),
        ListNode list => $"[{string.Join(", ", list.Select(Show))}]",
        MapNode map => $"{{{string.Join(", ", map.Select(member => $"{Show(member.Key)}: {Show(member.Value)}"))}}}",
        CelMap map => $"{{{string.Join(", ", map.Keys.Select(key => $"{Show(key)}: {Show(map.Find(key)!)}"))}}}",
        CelUint unsigned => $"{unsigned}u",
        CelBytes bytes => $"b\"{bytes}\"",
        CelTypeValue type => $"type({type})",
        CelOptional { Value: { } inner } => $"optional.of({Show(inner)})",
        _ => value.ToString()!,
    };
}
