using Bowline.Languages.Expressions.Functions;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Expressions.Evaluating;

/// <summary>As far as an optional chain (<c>a?.b.c</c>) reaches: nil as soon as what stands before a <c>?.</c> is nil.</summary>
internal sealed class ChainStep(Step inner) : Step
{
    public Step Inner => inner;

    protected override Node Run(Frame frame) => inner.InChain(frame) ?? Node.Null;
}

internal sealed class MemberStep(Step from, Step key, bool optional) : Step
{
    public override Node? InChain(Frame frame)
    {
        Node? value = from.InChain(frame);
        if (value is null || (optional && Values.IsNil(value)))
        {
            return null;
        }

        try
        {
            return Values.Fetch(value, key.Evaluate(frame));
        }
        catch (Failure failure) when (failure.At < 0)
        {
            throw new Failure(failure.Message, At, failure.InnerException);
        }
    }

    protected override Node Run(Frame frame) => InChain(frame) ?? Node.Null;
}

internal sealed class SliceStep(Step of, Step? from, Step? to) : Step
{
    protected override Node Run(Frame frame)
    {
        Node value = of.Evaluate(frame);
        long length = value is StringNode || GoTree.Items(value) is not null ? Values.Length(value) : throw new Failure($"cannot slice {Values.TypeOf(value)}");
        long end = Bound(to is null ? length : Values.ToInteger(to.Evaluate(frame)), length);
        long start = Math.Min(Bound(from is null ? 0 : Values.ToInteger(from.Evaluate(frame)), length), end);
        frame.Run.Build(1 + ((end - start) / 8));
        if (value is StringNode text)
        {
            return System.Text.Encoding.UTF8.GetString(Values.Bytes(text.Value).AsSpan((int)start, (int)(end - start)));
        }

        IEnumerable<Node> items = GoTree.Items(value)!.Skip((int)start).Take((int)(end - start));
        return value is GoSlice slice ? new GoSlice(slice.Type, [.. items]) : new ListNode(items);
    }

    private static long Bound(long index, long length) => Math.Clamp(index < 0 ? length + index : index, 0, length);
}

internal sealed class CallStep(Step callee, IReadOnlyList<Step> arguments) : Step
{
    public override Node? InChain(Frame frame)
    {
        Node? function = callee.InChain(frame);
        return function is null ? null : Call(function, frame);
    }

    protected override Node Run(Frame frame) => InChain(frame) ?? Node.Null;

    private Node Call(Node callee, Frame frame)
    {
        GoFunction function = callee is GoFunctionValue value ? value.Function
            : throw new Failure(callee is NullNode ? "reflect: call of reflect.Value.Call on zero Value" : $"reflect: call of Call on {GoTree.KindOf(callee).ToString().ToLowerInvariant()} Value", At);
        IReadOnlyList<GoType> parameters = function.Parameters;
        int least = function.IsVariadic ? parameters.Count - 1 : parameters.Count;
        if (arguments.Count < least || (arguments.Count > least && !function.IsVariadic))
        {
            throw new Failure($"reflect: Call with too {(arguments.Count < least ? "few" : "many")} input arguments", At);
        }

        Node[] given = new Node[arguments.Count];
        for (int i = 0; i < given.Length; i++)
        {
            GoType parameter = parameters[Math.Min(i, parameters.Count - 1)];
            given[i] = arguments[i].Evaluate(frame);
            GoType type = GoType.Of(given[i]);
            if (given[i] is NullNode ? !parameter.CanBeNil : !type.AssignableTo(parameter))
            {
                throw new Failure($"reflect: Call using {Values.TypeOf(given[i])} as type {parameter.Name}", At);
            }
        }

        return function.Body(new FunctionCall(given, frame.Run.Calls));
    }
}

internal sealed class BuiltinStep(Builtin builtin, IReadOnlyList<Step> arguments) : Step
{
    protected override Node Run(Frame frame) => builtin.Body(new BuiltinCall([.. arguments.Select(argument => argument.Evaluate(frame))], frame.Run));
}

/// <summary>A function with a predicate.</summary>
internal sealed class LoopStep(Loop loop, Step list, Step? predicate, Step? further) : Step
{
    protected override Node Run(Frame frame)
    {
        IReadOnlyList<Node> items = Values.Items(list.Evaluate(frame));
        Node Test(int index, Node? accumulated) => predicate is null
            ? items[index]
            : predicate.Evaluate(frame with { Element = new Element(items[index], index, accumulated) });
        return loop.Body(new LoopCall(items, Test, further?.Evaluate(frame), frame.Run));
    }
}
