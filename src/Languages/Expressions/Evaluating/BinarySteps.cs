using System.Text.RegularExpressions;
using Bowline.Languages.GoTemplates;
using Bowline.Resources.Model;

namespace Bowline.Languages.Expressions.Evaluating;

/// <summary>An operation whose both sides are always evaluated.</summary>
internal sealed class BinaryStep(Step left, Step right, Func<Node, Node, ExpressionRun, Node> operation) : Step
{
    protected override Node Run(Frame frame)
    {
        Node first = left.Evaluate(frame);
        return operation(first, right.Evaluate(frame), frame.Run);
    }
}

/// <summary>The operators by name.</summary>
internal static class BinarySteps
{
    /// <exception cref="Failure">A pattern that is no regular expression.</exception>
    public static Step Of(string name, Step left, Step right, int at) => name switch
    {
        "and" or "&&" => new AndStep(left, right),
        "or" or "||" => new OrStep(left, right),
        "??" => new CoalesceStep(left, right),
        "matches" when right is ConstantStep { Value: StringNode pattern } => Matching(left, right, pattern.Value, at),
        _ => new BinaryStep(left, right, Operation(name)),
    };

    private static Func<Node, Node, ExpressionRun, Node> Operation(string name) => name switch
    {
        "==" => static (a, b, _) => Values.Equal(a, b),
        "!=" => static (a, b, _) => !Values.Equal(a, b),
        "<" => static (a, b, _) => Arithmetic.Compare("<", a, b) < 0,
        ">" => static (a, b, _) => Arithmetic.Compare(">", a, b) > 0,
        "<=" => static (a, b, _) => Arithmetic.Compare("<=", a, b) <= 0,
        ">=" => static (a, b, _) => Arithmetic.Compare(">=", a, b) >= 0,
        "in" => static (a, b, _) => Values.Contains(b, a),
        "contains" => Texts(static (a, b) => a.Contains(b, StringComparison.Ordinal)),
        "startsWith" => Texts(static (a, b) => a.StartsWith(b, StringComparison.Ordinal)),
        "endsWith" => Texts(static (a, b) => a.EndsWith(b, StringComparison.Ordinal)),
        "matches" => Texts(static (a, b) => Compile(b).IsMatch(a)),
        "+" => Arithmetic.Add,
        "-" => static (a, b, _) => Arithmetic.Subtract(a, b),
        "*" => static (a, b, _) => Arithmetic.Multiply(a, b),
        "/" => static (a, b, _) => Arithmetic.Divide(a, b),
        "%" => static (a, b, _) => Arithmetic.Modulo(a, b),
        "**" or "^" => static (a, b, _) => Arithmetic.Power(a, b),
        ".." => Arithmetic.Range,
        _ => throw new Failure($"unknown operator {name}"),
    };

    /// <summary>Nil contains nothing and is contained in nothing.</summary>
    private static Func<Node, Node, ExpressionRun, Node> Texts(Func<string, string, bool> test) =>
        (a, b, _) => !Values.IsNil(a) && !Values.IsNil(b) && test(Values.Text(a), Values.Text(b));

    private static BinaryStep Matching(Step left, Step right, string pattern, int at)
    {
        Regex regex = Re2.TryCompile(pattern, out Regex? compiled, out string? error) ? compiled : throw new Failure(error, at);
        return new BinaryStep(left, right, (text, _, _) => !Values.IsNil(text) && regex.IsMatch(Values.Text(text)));
    }

    private static Regex Compile(string pattern) => Re2.TryCompile(pattern, out Regex? regex, out string? error) ? regex : throw new Failure(error);
}
