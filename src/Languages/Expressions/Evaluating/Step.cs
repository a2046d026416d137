using System.Runtime.CompilerServices;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Expressions.Evaluating;

/// <summary>One node of a compiled expression.</summary>
internal abstract class Step
{
    /// <summary>Where it stands in the text.</summary>
    public int At { get; set; }

    /// <exception cref="Failure">With the place of the innermost step that failed.</exception>
    public Node Evaluate(Frame frame)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        try
        {
            frame.Run.Step();
            return Run(frame);
        }
        catch (Failure failure) when (failure.At < 0)
        {
            throw new Failure(failure.Message, At, failure.InnerException);
        }
        catch (Exception refused) when (refused is GoError or TemplateLimitException)
        {
            throw new Failure(refused.Message, At, refused);
        }
    }

    /// <summary>As <see cref="Evaluate"/> inside of an optional chain; null where the chain breaks off because something is nil.</summary>
    public virtual Node? InChain(Frame frame) => Evaluate(frame);

    protected abstract Node Run(Frame frame);

    protected static bool Truth(Node value) =>
        value is BoolNode flag ? flag.Value : throw new Failure($"interface conversion: interface {{}} is {(value is NullNode ? "nil" : Values.TypeOf(value))}, not bool");
}

internal sealed class ConstantStep(Node value) : Step
{
    public Node Value => value;

    protected override Node Run(Frame frame) => value;
}

/// <summary>A variable of the environment; one that it does not have is nil.</summary>
internal sealed class NameStep(string name) : Step
{
    protected override Node Run(Frame frame) => name == "$env" ? frame.Environment : frame.Environment[name] ?? Node.Null;
}

internal sealed class VariableStep(string name) : Step
{
    protected override Node Run(Frame frame)
    {
        Variable? variable = frame.Variables;
        while (variable is not null && variable.Name != name)
        {
            variable = variable.Outer;
        }

        return variable?.Value ?? Node.Null;
    }
}

internal sealed class LetStep(string name, Step value, Step rest) : Step
{
    protected override Node Run(Frame frame) => rest.Evaluate(frame with { Variables = new Variable(name, value.Evaluate(frame), frame.Variables) });
}

internal sealed class SequenceStep(IReadOnlyList<Step> steps) : Step
{
    protected override Node Run(Frame frame)
    {
        Node last = Node.Null;
        foreach (Step step in steps)
        {
            last = step.Evaluate(frame);
        }

        return last;
    }
}

internal sealed class PointerStep(string name) : Step
{
    protected override Node Run(Frame frame) => name switch
    {
        "index" => GoInteger.Int(frame.Element!.Index),
        "acc" => frame.Element!.Accumulated ?? throw new Failure("cannot use #acc outside of reduce"),
        _ => frame.Element!.Item,
    };
}

internal sealed class ListStep(IReadOnlyList<Step> items) : Step
{
    protected override Node Run(Frame frame)
    {
        frame.Run.Build(items.Count);
        return new ListNode(items.Select(item => item.Evaluate(frame)));
    }
}

internal sealed class MapStep(IReadOnlyList<(Step Key, Step Value)> pairs) : Step
{
    protected override Node Run(Frame frame)
    {
        frame.Run.Build(pairs.Count);
        MapNode map = new(pairs.Count);
        foreach ((Step key, Step value) in pairs)
        {
            map[Values.Text(key.Evaluate(frame))] = value.Evaluate(frame);
        }

        return map;
    }
}

internal sealed class ConditionalStep(Step condition, Step then, Step otherwise) : Step
{
    protected override Node Run(Frame frame) => Truth(condition.Evaluate(frame)) ? then.Evaluate(frame) : otherwise.Evaluate(frame);
}

internal sealed class AndStep(Step left, Step right) : Step
{
    protected override Node Run(Frame frame) => Truth(left.Evaluate(frame)) ? right.Evaluate(frame) : BoolNode.False;
}

internal sealed class OrStep(Step left, Step right) : Step
{
    protected override Node Run(Frame frame) => Truth(left.Evaluate(frame)) ? BoolNode.True : right.Evaluate(frame);
}

internal sealed class NotStep(Step operand) : Step
{
    protected override Node Run(Frame frame) => BoolNode.Of(!Truth(operand.Evaluate(frame)));
}

/// <summary><c>??</c></summary>
internal sealed class CoalesceStep(Step left, Step right) : Step
{
    protected override Node Run(Frame frame)
    {
        Node value = left.Evaluate(frame);
        return Values.IsNil(value) ? right.Evaluate(frame) : value;
    }
}

internal sealed class NegateStep(Step operand) : Step
{
    protected override Node Run(Frame frame) => Arithmetic.Negate(operand.Evaluate(frame));
}

internal sealed class PlusStep(Step operand) : Step
{
    protected override Node Run(Frame frame) => operand.Evaluate(frame);
}
