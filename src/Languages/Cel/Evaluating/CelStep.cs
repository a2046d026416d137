using System.Runtime.CompilerServices;
using Bowline.Languages.Cel.Costs;
using Bowline.Languages.Cel.Functions;
using Bowline.Languages.Cel.Types;
using Bowline.Languages.Cel.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Evaluating;

/// <summary>A compiled expression.</summary>
internal abstract class CelStep
{
    public abstract Node Run(CelRun run);
}

internal sealed class ConstantStep(Node value) : CelStep
{
    public override Node Run(CelRun run) => value;
}

internal sealed class VariableStep(string name) : CelStep
{
    public override Node Run(CelRun run)
    {
        run.Charge(CelCosts.SelectOrIdent);
        return run.Variable(name) ?? new CelError($"no such attribute(s): {name}");
    }
}

internal sealed class SlotStep(int slot) : CelStep
{
    public override Node Run(CelRun run)
    {
        run.Charge(CelCosts.SelectOrIdent);
        return run.Slot(slot);
    }
}

internal sealed class SelectStep(CelStep operand, string field) : CelStep
{
    public override Node Run(CelRun run)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        Node value = operand.Run(run);
        if (value is CelError)
        {
            return value;
        }

        run.Charge(CelCosts.SelectOrIdent);
        return Of(value, field);
    }

    private static Node Of(Node value, string field) => value switch
    {
        CelOptional optional => OptionalSelectStep.Of(optional, field),
        _ when CelMaps.IsMap(value) => CelMaps.Find(value, field) ?? new CelError($"no such key: {field}"),
        _ => CelError.NoSuchOverload,
    };
}

internal sealed class HasStep(CelStep operand, string field) : CelStep
{
    public override Node Run(CelRun run)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        Node value = operand.Run(run);
        return value switch
        {
            CelError => value,
            CelOptional optional => BoolNode.Of(optional.Value is { } inner && CelMaps.IsMap(inner) && CelMaps.Find(inner, field) is not null),
            _ when CelMaps.IsMap(value) => BoolNode.Of(CelMaps.Find(value, field) is not null),
            _ => CelError.NoSuchOverload,
        };
    }
}

internal sealed class OptionalSelectStep(CelStep operand, string field) : CelStep
{
    public override Node Run(CelRun run)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        Node value = operand.Run(run);
        run.Charge(CelCosts.SelectOrIdent);
        return value switch
        {
            CelError => value,
            CelOptional optional => Of(optional, field),
            _ => Of(new CelOptional(value), field),
        };
    }

    public static Node Of(CelOptional optional, string field) => optional.Value switch
    {
        null => optional,
        { } value when CelMaps.IsMap(value) => CelMaps.Find(value, field) switch
        {
            null => CelOptional.None,
            CelError error => error,
            { } found => new CelOptional(found),
        },
        _ => CelError.NoSuchOverload,
    };
}

/// <summary>&amp;&amp; and ||: a side that decides alone wins over an error on the other.</summary>
internal sealed class LogicalStep(CelStep left, CelStep right, bool decisive) : CelStep
{
    public override Node Run(CelRun run)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        Node first = left.Run(run);
        if (first is BoolNode a && a.Value == decisive)
        {
            return first;
        }

        Node second = right.Run(run);
        if (second is BoolNode b && b.Value == decisive)
        {
            return second;
        }

        return first is CelError ? first
            : second is CelError ? second
            : first is BoolNode && second is BoolNode ? BoolNode.Of(!decisive)
            : CelError.NoSuchOverload;
    }
}

internal sealed class ConditionalStep(CelStep condition, CelStep whenTrue, CelStep whenFalse) : CelStep
{
    public override Node Run(CelRun run)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return condition.Run(run) switch
        {
            BoolNode { Value: true } => whenTrue.Run(run),
            BoolNode => whenFalse.Run(run),
            CelError error => error,
            _ => CelError.NoSuchOverload,
        };
    }
}

/// <summary>@not_strictly_false: an error does not end a fold.</summary>
internal sealed class NotFalseStep(CelStep operand) : CelStep
{
    public override Node Run(CelRun run)
    {
        Node value = operand.Run(run);
        run.Charge(1);
        return BoolNode.Of(value is not BoolNode { Value: false });
    }
}

internal sealed class CallStep(string function, IReadOnlyList<CelOverload> overloads, CelStep[] arguments) : CelStep
{
    private readonly CelCostRule cost = CelCosts.RuleFor(function);

    public override Node Run(CelRun run)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        Node[] values = new Node[arguments.Length];
        CelError? failed = null;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = arguments[i].Run(run);
            failed ??= values[i] as CelError;
        }

        if (failed is not null)
        {
            return failed;
        }

        foreach (CelOverload overload in overloads)
        {
            if (overload.Takes(values))
            {
                run.Charge(cost.Before(values));
                Node result = overload.Body(run, values);
                run.Charge(cost.After(result));
                return result;
            }
        }

        return Refuse(values);
    }

    private CelError Refuse(Node[] values)
    {
        bool isOperator = function[0] is '_' or '@' or '-' or '!';
        if (isOperator && overloads.Any(overload => CelValues.KindOf(values[0]) == overload.Parameters[0].Kind || overload.Parameters[0].Kind is CelKind.Dyn or CelKind.Parameter))
        {
            return CelError.NoSuchOverload;
        }

        return new CelError($"no such overload: {function}({string.Join(", ", values.Select(CelValues.RuntimeName))})");
    }
}
