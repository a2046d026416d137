using Bowline.Languages.Cel.Checking;
using Bowline.Languages.Cel.Costs;
using Bowline.Languages.Cel.Evaluating;
using Bowline.Languages.Cel.Parsing;
using Bowline.Languages.Cel.Types;
using Bowline.Languages.Cel.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel;

/// <summary>What came out of an evaluation: a value or cel-go's error text, and what it cost.</summary>
public sealed record CelResult(Node? Value, string? Error, long Cost)
{
    /// <summary>Whether evaluation ended because it cost too much.</summary>
    public bool LimitExceeded { get; init; }

    public bool IsTrue => Value is BoolNode { Value: true };

    public string? Text => Value?.AsString();
}

/// <summary>A CEL expression, compiled once and evaluated without I/O any number of times, by several threads at once too.</summary>
public sealed class CelProgram
{
    /// <summary>What Kubernetes allows one evaluation to cost.</summary>
    public const long DefaultCostLimit = 1_000_000;

    private readonly CelStep step;
    private readonly int slots;
    private readonly CelExpr expression;

    private CelProgram(string source, CelExpr expression, CelEnvironment environment)
    {
        Source = source;
        this.expression = expression;
        CelPlanner planner = new(environment);
        step = planner.Plan(expression);
        slots = planner.Slots;
        Variables = planner.Variables;
    }

    public string Source { get; }

    public CelType ResultType => expression.Type;

    /// <summary>The declared variables that the expression mentions.</summary>
    public IReadOnlySet<string> Variables { get; }

    /// <exception cref="CelException">The expression does not parse or does not check.</exception>
    public static CelProgram Compile(string expression, CelEnvironment environment)
    {
        CelSource source = new(expression);
        try
        {
            CelExpr parsed = CelParser.Parse(source, environment.MixedLiterals);
            CelChecker.Check(parsed, source, environment);
            CelLiterals.Check(parsed, source);
            return new CelProgram(expression, parsed, environment);
        }
        catch (InsufficientExecutionStackException)
        {
            source.Report(0, "expression nests too deeply");
            throw source.ToException();
        }
    }

    public CelResult Evaluate(IReadOnlyDictionary<string, Node> variables, long costLimit = DefaultCostLimit) =>
        Evaluate(variables.GetValueOrDefault, costLimit);

    /// <param name="variables">Finds a declared variable; null for one that has no value, which is an error where it is used.</param>
    public CelResult Evaluate(Func<string, Node?> variables, long costLimit = DefaultCostLimit)
    {
        CelRun run = new(variables, slots, costLimit);
        try
        {
            Node value = step.Run(run);
            return value is CelError error ? new CelResult(null, error.Message, run.Cost) : new CelResult(value, null, run.Cost);
        }
        catch (CelLimitException limit)
        {
            return new CelResult(null, limit.Message, run.Cost) { LimitExceeded = true };
        }
        catch (InsufficientExecutionStackException)
        {
            return new CelResult(null, "the data nests too deeply", run.Cost);
        }
    }

    /// <summary>The most that an evaluation can cost by the sizes that the variables' types allow, as cel-go estimates it.</summary>
    public ulong EstimateCost()
    {
        try
        {
            return new CelCostEstimator().Estimate(expression).Max;
        }
        catch (InsufficientExecutionStackException)
        {
            return ulong.MaxValue;
        }
    }

    /// <summary>A tree without the language's own values: times as text, bytes as base64, none as null.</summary>
    public static Node ToPlain(Node value) => CelValues.ToPlain(value);
}
