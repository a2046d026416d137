using Bowline.Languages.Cel;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.Delivery.Health;

/// <summary>When an object counts as ready, as a user says it in CEL, in the words of <c>Health/Rules</c>: <c>self.is('Ready')</c>, <c>status.phase == 'Running'</c>. Bounded in cost.</summary>
public sealed class ReadyExpression
{
    private readonly CelProgram program;

    private ReadyExpression(CelProgram program) => this.program = program;

    /// <exception cref="FormatException">It is not CEL, or can never be true or false.</exception>
    public static ReadyExpression Parse(string text)
    {
        try
        {
            CelProgram program = CelProgram.Compile(text, HealthLanguage.Environment);
            return program.ResultType == CelType.Bool || program.ResultType.IsDyn ? new ReadyExpression(program) : throw new FormatException($"{text}: gives {program.ResultType}, not true or false");
        }
        catch (CelException wrong)
        {
            throw new FormatException($"{text}: {wrong.Message}", wrong);
        }
    }

    /// <returns>Why the object is not ready; empty when it is. A field that is missing is a reason not to be.</returns>
    public string Why(MapNode live)
    {
        CelResult result = program.Evaluate(HealthLanguage.VariablesOf(live));
        return result.IsTrue ? string.Empty : result.Error is { Length: > 0 } error ? $"{program.Source}: {error}" : $"{program.Source} does not hold";
    }
}
