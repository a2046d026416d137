using Bowline.Languages.Cel;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Admission.Policies;

/// <summary>An expression of a policy that compiled, or why it did not.</summary>
internal sealed record CompiledExpression(string Expression, CelProgram? Program, string? Error)
{
    /// <param name="wanted">The types that it may evaluate to; none means any.</param>
    public static CompiledExpression Compile(string expression, CelEnvironment environment, params CelKind[] wanted)
    {
        try
        {
            CelProgram program = CelProgram.Compile(expression, environment);
            bool fits = wanted.Length == 0 || wanted.Contains(program.ResultType.Kind) || (program.ResultType.Kind == CelKind.Dyn && wanted.Length > 1);
            return fits
                ? new CompiledExpression(expression, program, null)
                : new CompiledExpression(expression, null, wanted.Length == 1 ? $"must evaluate to {Name(wanted[0])}" : $"must evaluate to one of [{string.Join(' ', wanted.Select(Name))}]");
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

    private static string Name(CelKind kind) => kind switch
    {
        CelKind.Null => "null_type",
        _ => kind.ToString().ToLowerInvariant(),
    };
}
