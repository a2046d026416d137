using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Evaluating;

internal sealed partial class Evaluator
{
    private static readonly SyntaxNode[] NoArguments = [];

    private Value EvaluatePipeline(Value dot, PipeSyntax pipe) =>
        StackGuard.HasRoom
            ? EvaluatePipelineHere(dot, pipe)
            : StackGuard.Run(run, (this, dot, pipe), static state => state.Item1.EvaluatePipelineHere(state.dot, state.pipe));

    private Value EvaluatePipelineHere(Value dot, PipeSyntax pipe)
    {
        At(pipe);
        Value value = default;
        bool hasFinal = false;
        foreach (CommandSyntax command in pipe.Commands)
        {
            // An interface gives way to what is inside it, so that the next command sees the concrete type.
            value = EvaluateCommand(dot, command, new Final(hasFinal, value)).Unwrap();
            hasFinal = true;
        }

        foreach (VariableSyntax variable in pipe.Declarations)
        {
            if (pipe.IsAssign)
            {
                SetVariable(variable.Names[0], value);
            }
            else
            {
                variables.Add((variable.Names[0], value));
            }
        }

        return value;
    }

    private Value EvaluateCommand(Value dot, CommandSyntax command, Final final)
    {
        SyntaxNode first = command.Arguments[0];
        switch (first)
        {
            case FieldSyntax field:
                At(field);
                return EvaluateFields(dot, dot, field, field.Names, command.Arguments, final);
            case ChainSyntax chain:
                return EvaluateChain(dot, chain, command.Arguments, final);
            case IdentifierSyntax identifier:
                return EvaluateFunction(dot, identifier, command, command.Arguments, final);
            case PipeSyntax pipe:
                NotAFunction(command.Arguments, final);
                return EvaluatePipeline(dot, pipe);
            case VariableSyntax variable:
                return EvaluateVariable(dot, variable, command.Arguments, final);
        }

        At(first);
        NotAFunction(command.Arguments, final);
        return first switch
        {
            BoolSyntax flag => Value.Of(flag.Value),
            DotSyntax => dot,
            NilSyntax => throw Error("nil is not a command"),
            NumberSyntax number => Value.Of(Constant(number)),
            StringSyntax text => Value.Of(text.Value),
            _ => throw Error($"can't evaluate command {GoText.Quote(first.ToString()!)}"),
        };
    }

    private void NotAFunction(SyntaxNode[] arguments, Final final)
    {
        if (arguments.Length > 1 || final.IsPresent)
        {
            throw Error($"can't give argument to non-function {arguments[0]}");
        }
    }

    private Node Constant(NumberSyntax number)
    {
        At(number);
        if (number.Complex is { } complex)
        {
            return new GoComplex(complex.Real, complex.Imaginary);
        }

        string text = number.Text;
        bool isHex = text.Length > 2 && text[0] == '0' && text[1] is 'x' or 'X' && text.AsSpan().IndexOfAny('p', 'P') < 0;
        if (number.Float is { } value && !isHex && text[0] != '\'' && text.AsSpan().IndexOfAny(".eEpP") >= 0)
        {
            return new FloatNode(value);
        }

        return number.Integer is { } integer ? GoInteger.Int(integer) : throw Error($"{text} overflows int");
    }

    private Value EvaluateVariable(Value dot, VariableSyntax variable, SyntaxNode[] arguments, Final final)
    {
        At(variable);
        Value value = variables[FindVariable(variable.Names[0])].Value;
        if (variable.Names.Length == 1)
        {
            if (arguments.Length > 0)
            {
                NotAFunction(arguments, final);
            }

            return value;
        }

        return EvaluateFields(dot, value, variable, variable.Names.AsSpan(1), arguments, final);
    }

    private Value EvaluateChain(Value dot, ChainSyntax chain, SyntaxNode[] arguments, Final final)
    {
        At(chain);
        if (chain.Node is NilSyntax)
        {
            throw Error($"indirection through explicit nil in {chain}");
        }

        Value receiver = chain.Node switch
        {
            PipeSyntax pipe => EvaluatePipeline(dot, pipe),
            IdentifierSyntax identifier => EvaluateFunction(dot, identifier, identifier, NoArguments, default),
            _ => throw Error($"can't evaluate field of {chain.Node}"),
        };
        return EvaluateFields(dot, receiver, chain, chain.Names, arguments, final);
    }

    private Value EvaluateFields(Value dot, Value receiver, SyntaxNode node, ReadOnlySpan<string> names, SyntaxNode[] arguments, Final final)
    {
        for (int i = 0; i < names.Length - 1; i++)
        {
            receiver = EvaluateField(dot, receiver, names[i], node, NoArguments, default);
        }

        // A method at the end gets the arguments.
        return EvaluateField(dot, receiver, names[^1], node, arguments, final);
    }

    private Value EvaluateField(Value dot, Value receiver, string name, SyntaxNode node, SyntaxNode[] arguments, Final final)
    {
        switch (receiver.Node)
        {
            case null:
                return run.MissingKey == MissingKey.Error ? throw Error($"nil data; no entry for key {GoText.Quote(name)}") : Value.None;
            case NullNode:
                throw Error($"nil pointer evaluating {receiver.TypeName}.{name}");
            case MapNode map:
                return Member(map, GoType.Any, name, arguments, final);
            case GoValue value:
                return EvaluateGoField(dot, receiver, value, name, node, arguments, final);
            default:
                throw Error($"can't evaluate field {name} in type {receiver.TypeName}");
        }
    }

    private Value EvaluateGoField(Value dot, Value receiver, GoValue value, string name, SyntaxNode node, SyntaxNode[] arguments, Final final)
    {
        if (value.Method(name) is { } method)
        {
            return Call(dot, method, name, node, arguments, final);
        }

        if (value is GoMap map)
        {
            return Member(map.Members, map.Type.Elem!, name, arguments, final);
        }

        if (value.IsNil)
        {
            throw Error($"nil pointer evaluating {receiver.TypeName}.{name}");
        }

        if (!value.TryField(name, out Node? field))
        {
            throw Error($"can't evaluate field {name} in type {receiver.TypeName}");
        }

        if (arguments.Length > 1 || final.IsPresent)
        {
            throw Error($"{name} has arguments but cannot be invoked as function");
        }

        return new Value(field, field is NullNode);
    }

    private Value Member(MapNode map, GoType element, string name, SyntaxNode[] arguments, Final final)
    {
        if (arguments.Length > 1 || final.IsPresent)
        {
            throw Error($"{name} is not a method but has arguments");
        }

        if (map.TryGet(name, out Node? member))
        {
            return new Value(member, element == GoType.Any);
        }

        return run.MissingKey switch
        {
            MissingKey.Zero => Zero(element),
            MissingKey.Error => throw Error($"map has no entry for key {GoText.Quote(name)}"),
            _ => Value.None,
        };
    }

    private static Value Zero(GoType type) => type.Kind switch
    {
        GoKind.String => Value.Of(StringNode.Empty),
        GoKind.Bool => Value.Of(BoolNode.False),
        GoKind.Float64 => Value.Of(new FloatNode(0)),
        GoKind.Int64 => Value.Of(IntegerNode.Of(0)),
        >= GoKind.Int and <= GoKind.Uint64 => Value.Of(new GoInteger(type, 0)),
        GoKind.Slice when type == GoType.Bytes => Value.Of(new GoBytes([])),
        GoKind.Slice => Value.Of(new GoSlice(type, [])),
        GoKind.Map => Value.Of(new GoMap(type, new MapNode())),
        GoKind.Struct => Value.Of(new GoObject(type, [])),
        _ => Value.NilInterface,
    };

    /// <summary>The value of the previous command of a pipeline, which becomes the last argument of the next one.</summary>
    private readonly struct Final(bool isPresent, Value value)
    {
        public bool IsPresent { get; } = isPresent;

        public Value Value { get; } = value;
    }
}
