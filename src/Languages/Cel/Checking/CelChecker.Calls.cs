using System.Runtime.CompilerServices;
using Bowline.Languages.Cel.Functions;
using Bowline.Languages.Cel.Parsing;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Checking;

internal sealed partial class CelChecker
{
    private CelType Call(CallExpr call)
    {
        if (call.Function is "_?._")
        {
            return OptionalSelect(call);
        }

        // math.greatest(x): a namespaced function, unless math is a variable.
        if (call.Target is not null && QualifiedName(call.Target) is { } prefix && environment.Functions.Find($"{prefix}.{call.Function}").Any(overload => !overload.IsMember))
        {
            call.Function = $"{prefix}.{call.Function}";
            call.Target = null;
        }

        List<CelType> given = [];
        if (call.Target is not null)
        {
            Visit(call.Target);
            given.Add(call.Target.Type);
        }

        foreach (CelExpr argument in call.Arguments)
        {
            Visit(argument);
            given.Add(argument.Type);
        }

        IReadOnlyList<CelOverload> overloads = environment.Functions.Find(call.Function);
        if (overloads.Count == 0)
        {
            source.Report(call.Offset, $"undeclared reference to '{call.Function.TrimStart('.')}' (in container '')");
            return CelType.Error;
        }

        return Resolve(call, overloads, given);
    }

    private CelType Resolve(CallExpr call, IReadOnlyList<CelOverload> overloads, List<CelType> given)
    {
        bool member = call.Target is not null;
        List<CelOverload> fitting = [];
        CelType? result = null;
        foreach (CelOverload overload in overloads)
        {
            if (overload.IsMember != member || overload.Parameters.Count != given.Count)
            {
                continue;
            }

            IReadOnlyList<CelType> signature = overload.HasVariables ? types.Instantiate([.. overload.Parameters, overload.Result]) : [.. overload.Parameters, overload.Result];
            if (!types.AreAssignable(given, [.. signature.Take(given.Count)]))
            {
                continue;
            }

            fitting.Add(overload);
            CelType mine = types.Substitute(signature[^1], freeAsDyn: false);
            result = result is null || result.IsDyn || result.ToString() == mine.ToString() ? result ?? mine : CelType.Dyn;
        }

        call.Overloads = fitting;
        if (result is not null)
        {
            return result;
        }

        // An argument that is wrong already is reported already.
        if (given.All(type => type.Kind != CelKind.Error))
        {
            string[] shown = [.. given.Select(type => types.Substitute(type, freeAsDyn: true).ToString())];
            string applied = member ? $"{shown[0]}.({string.Join(", ", shown.Skip(1))})" : $"({string.Join(", ", shown)})";
            source.Report(call.Offset, $"found no matching overload for '{call.Function}' applied to '{applied}'");
        }

        return CelType.Error;
    }

    private CelType OptionalSelect(CallExpr call)
    {
        CelExpr operand = call.Arguments[0];
        Visit(operand);
        Visit(call.Arguments[1]);
        CelType type = types.Substitute(operand.Type, freeAsDyn: false);
        SelectExpr select = new(call.Offset, operand, ((StringNode)((LiteralExpr)call.Arguments[1]).Value).Value);
        CelType member = Member(select, type.IsOptional ? type.Parameters[0] : type);
        ((LiteralExpr)call.Arguments[1]).DataName = select.DataName;
        return CelType.Optional(member);
    }

    /// <summary>Replaces type variables by what they turned out to be, dyn where nothing was said.</summary>
    private void Settle(CelExpr expr)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        expr.Type = types.Substitute(expr.Type, freeAsDyn: true);
        foreach (CelExpr part in expr.Parts())
        {
            Settle(part);
        }
    }
}
