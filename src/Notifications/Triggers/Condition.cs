using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Bowline.Languages.Expressions;
using Bowline.Languages.GoTemplates.Printing;
using Bowline.Resources.Model;

namespace Bowline.Notifications.Triggers;

/// <summary>What a condition says of an application.</summary>
/// <param name="Key">Place and hash of the condition, by which <c>notified.notifications.argoproj.io</c> knows it.</param>
/// <param name="OncePer">The value within which it is told once; empty when it is told whenever the condition becomes true.</param>
/// <param name="Templates">What to send.</param>
/// <param name="Problem">Why the condition, or what it is once per, could not be evaluated; empty when it could.</param>
public sealed record ConditionResult(string Key, string OncePer, IReadOnlyList<string> Templates, bool IsTriggered, string Problem);

/// <summary>One condition of a trigger, compiled.</summary>
public sealed class Condition
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);
    private readonly Expression? when;
    private readonly Expression? oncePer;
    private readonly string key;

    /// <param name="index">Its place in the trigger.</param>
    /// <param name="when">Never when empty.</param>
    /// <exception cref="ExpressionException">One of the two is no expression.</exception>
    public Condition(int index, string when, string oncePer, IReadOnlyList<string> send)
    {
        When = when;
        Templates = send;
        this.when = when.Length == 0 ? null : Expression.Compile(when);
        this.oncePer = oncePer.Length == 0 ? null : Expression.Compile(oncePer);
        key = $"[{index}].{Hash(when)}";
    }

    public string When { get; }

    public IReadOnlyList<string> Templates { get; }

    /// <summary>Evaluates over the variables of an application. What fails is not triggered.</summary>
    public ConditionResult Evaluate(MapNode variables, TimeProvider time, CancellationToken cancellationToken)
    {
        (Node value, string problem) = Run(when, variables, time, cancellationToken);
        if (value is not BoolNode { Value: true })
        {
            return new ConditionResult(key, string.Empty, Templates, false, problem);
        }

        if (oncePer is null)
        {
            return new ConditionResult(key, string.Empty, Templates, true, problem);
        }

        (Node per, problem) = Run(oncePer, variables, time, cancellationToken);
        return new ConditionResult(key, problem.Length > 0 ? string.Empty : GoPrinter.Format("%v", per), Templates, true, problem);
    }

    private static (Node Value, string Problem) Run(Expression? expression, MapNode variables, TimeProvider time, CancellationToken cancellationToken)
    {
        if (expression is null)
        {
            return (BoolNode.False, string.Empty);
        }

        using CancellationTokenSource limit = new(Longest, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return (expression.Run(variables, new ExpressionRun(time, either.Token)), string.Empty);
        }
        catch (ExpressionException failed)
        {
            return (Node.Null, failed.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (Node.Null, $"'{expression.Text}' takes longer than {Longest.TotalSeconds:0} seconds");
        }
    }

#pragma warning disable CA5350 // The key is Argo CD's, which takes SHA-1; nothing is protected by it.
    private static string Hash(string text) => Base64Url.EncodeToString(SHA1.HashData(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5350
}
