using System.Runtime.CompilerServices;
using Bowline.Languages.Cel.Parsing;
using Bowline.Languages.Cel.Values;
using Bowline.Languages.GoTemplates.Sprig;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Checking;

/// <summary>Constant arguments of duration(), timestamp() and matches() are read when the expression is compiled.</summary>
internal static class CelLiterals
{
    /// <exception cref="CelException">One of them cannot be read.</exception>
    public static void Check(CelExpr expr, CelSource source)
    {
        Visit(expr, source);
        if (source.HasIssues)
        {
            throw source.ToException();
        }
    }

    private static void Visit(CelExpr expr, CelSource source)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (expr is CallExpr { Arguments: [.., LiteralExpr { Value: StringNode text } argument] } call && !IsReadable(call, text.Value))
        {
            source.Report(argument.Offset, $"invalid {call.Function} argument");
        }

        foreach (CelExpr part in expr.Parts())
        {
            Visit(part, source);
        }
    }

    private static bool IsReadable(CallExpr call, string text) => (call.Function, call.Arguments.Count) switch
    {
        ("duration", 1) => GoDuration.Parse(text, out _) is not null,
        ("timestamp", 1) => CelTimestamp.Parse(text) is not null,
        ("matches", 1 or 2) => IsPattern(text),
        _ => true,
    };

    private static bool IsPattern(string text)
    {
        try
        {
            Re2Syntax.Compile(text);
            return true;
        }
        catch (Re2Exception)
        {
            return false;
        }
    }
}
