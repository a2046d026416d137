using Bowline.Languages.Cel;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>An expression of a policy that compiled, or why it did not.</summary>
internal sealed record CompiledExpression(string Expression, CelProgram? Program, string? Error)
{
    /// <param name="wanted">The types that it may evaluate to, exactly; none means any.</param>
    public static CompiledExpression Compile(string expression, CelEnvironment environment, params CelType[] wanted)
    {
        try
        {
            CelProgram program = CelProgram.Compile(expression, environment);
            string got = Name(program.ResultType);
            string[] names = [.. wanted.Select(Name)];
            return wanted.Length == 0 || names.Contains(got)
                ? new CompiledExpression(expression, program, null)
                : new CompiledExpression(expression, null, names.Length == 1 ? $"must evaluate to {names[0]} but got {got}" : $"must evaluate to one of [{string.Join(' ', names)}] but got {got}");
        }
        catch (CelException exception)
        {
            return new CompiledExpression(expression, null, $"compilation failed: {exception.Message}");
        }
    }

    /// <summary>The error says which expression failed, as policies report it.</summary>
    public CelResult Evaluate(Func<string, Node?> variables, ref long budget)
    {
        if (Program is null)
        {
            return new CelResult(null, $"compilation error: {Error}", 0);
        }

        CelResult result = Program.Evaluate(variables);
        budget -= result.Cost;
        return budget < 0 ? result with { Value = null, Error = "validation failed due to running out of cost budget, no further validation rules will be run" }
            : result.Error is null ? result
            : result with { Error = $"expression '{Expression}' resulted in error: {result.Error}" };
    }

    /// <summary>As cel-go names types outside of its checker's messages.</summary>
    private static string Name(CelType type) => type.Kind switch
    {
        CelKind.Null => "null_type",
        CelKind.Timestamp => "google.protobuf.Timestamp",
        CelKind.Duration => "google.protobuf.Duration",
        _ when type.Parameters.Count > 0 => $"{type.Name}({string.Join(", ", type.Parameters.Select(Name))})",
        _ => type.Name,
    };
}
