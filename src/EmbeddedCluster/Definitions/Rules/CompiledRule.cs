using Bowline.Languages.Cel;
using Bowline.Languages.Cel.Types;

namespace Bowline.EmbeddedCluster.Definitions.Rules;

/// <summary>A rule that compiled, or why it did not; both programs are null for an empty rule.</summary>
internal sealed record CompiledRule(ValidationRule Rule)
{
    public CelProgram? Program { get; private init; }

    public string? Error { get; private init; }

    public CelProgram? Message { get; private init; }

    public string? MessageError { get; private init; }

    public bool UsesOldSelf => Program?.Variables.Contains("oldSelf") == true;

    /// <param name="self">The type of the value that the rule is about.</param>
    public static CompiledRule Compile(ValidationRule rule, CelType self)
    {
        CompiledRule compiled = new(rule);
        if (rule.Rule.Trim().Length == 0)
        {
            return compiled;
        }

        CelEnvironment environment = CelEnvironment.Kubernetes.WithVariable("self", self)
            .WithVariable("oldSelf", rule.OptionalOldSelf == true ? CelType.Optional(self) : self);
        (CelProgram? program, string? error) = Compile(rule.Rule, environment, CelKind.Bool, "compilation failed: ", "cel expression must evaluate to a bool");
        compiled = compiled with { Program = program, Error = error };
        if (rule.MessageExpression.Trim().Length > 0)
        {
            (program, error) = Compile(rule.MessageExpression, environment, CelKind.String, "messageExpression compilation failed: ", "messageExpression must evaluate to a string");
            compiled = compiled with { Message = program, MessageError = error };
        }

        return compiled;
    }

    private static (CelProgram? Program, string? Error) Compile(string expression, CelEnvironment environment, CelKind wanted, string failed, string mismatch)
    {
        try
        {
            CelProgram program = CelProgram.Compile(expression, environment);
            return program.ResultType.Kind == wanted ? (program, null) : (null, mismatch);
        }
        catch (CelException exception)
        {
            return (null, failed + exception.Message);
        }
    }
}
