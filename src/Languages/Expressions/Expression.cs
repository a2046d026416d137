using System.Text;
using Bowline.Languages.Expressions.Evaluating;
using Bowline.Languages.Expressions.Parsing;
using Bowline.Resources.Model;

namespace Bowline.Languages.Expressions;

/// <summary>
/// An expression of expr (https://expr-lang.org, as antonmedv/expr of Argo CD's notifications 1.17), compiled once and evaluated as
/// often as wanted over the one tree; Go values such as times and functions live in it as the templates' Go values.
/// Compiled without knowing its variables, as Argo CD compiles: a name that is not there is nil, a field of nil is an error.
/// </summary>
public sealed class Expression
{
    private readonly Step root;

    private Expression(string text, Step root)
    {
        Text = text;
        this.root = root;
    }

    public string Text { get; }

    /// <exception cref="ExpressionException">The text is not an expression.</exception>
    public static Expression Compile(string text)
    {
        try
        {
            return new Expression(text, new Parser(text).Parse());
        }
        catch (Failure failure)
        {
            throw At(text, failure);
        }
        catch (InsufficientExecutionStackException deep)
        {
            throw At(text, new Failure("the expression is nested too deeply", 0, deep));
        }
    }

    /// <summary>The value; <see cref="Node.Null"/> for nil. Nothing of the environment is changed.</summary>
    /// <exception cref="ExpressionException">An operation failed, or a limit of the run was reached.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public Node Run(MapNode environment, ExpressionRun run)
    {
        try
        {
            return root.Evaluate(new Frame(run, environment));
        }
        catch (Failure failure)
        {
            throw At(Text, failure);
        }
        catch (InsufficientExecutionStackException deep)
        {
            throw At(Text, new Failure("the expression is nested too deeply", 0, deep));
        }
    }

    private static ExpressionException At(string text, Failure failure)
    {
        int at = Math.Clamp(failure.At, 0, text.Length);
        int start = at == 0 ? 0 : text.LastIndexOf('\n', at - 1) + 1;
        int end = text.IndexOf('\n', start);
        string line = end < 0 ? text[start..] : text[start..end];
        int number = text.AsSpan(0, start).Count('\n') + 1;
        int column = 0;
        foreach (Rune _ in text.AsSpan(start, at - start).EnumerateRunes())
        {
            column++;
        }

        string message = $"{failure.Message} ({number}:{column + 1})\n | {line.Replace('\t', ' ')}\n | {new string('.', column)}^";
        return new ExpressionException(message, failure.Message, number, column + 1, failure.InnerException);
    }
}
