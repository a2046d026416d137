using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Evaluating;

internal sealed partial class Evaluator
{
    /// <param name="node">What an error of the function is reported at: the whole command.</param>
    private Value EvaluateFunction(Value dot, IdentifierSyntax identifier, SyntaxNode node, SyntaxNode[] arguments, Final final)
    {
        At(identifier);
        string name = identifier.Name;
        if (run.Functions.Find(name) is { } function)
        {
            return Call(dot, function, name, node, arguments, final);
        }

        return name switch
        {
            "and" => AndOr(dot, name, stopAt: false, arguments, final),
            "or" => AndOr(dot, name, stopAt: true, arguments, final),
            _ when Builtins.Functions.TryGetValue(name, out GoFunction? builtin) =>
                name == "call" ? CallValue(dot, builtin, node, arguments, final) : Call(dot, builtin, name, node, arguments, final),
            _ => throw Error($"{GoText.Quote(name)} is not a defined function"),
        };
    }

    private Value Call(Value dot, GoFunction function, string name, SyntaxNode node, SyntaxNode[] arguments, Final final) =>
        Invoke(function, name, node, Arguments(dot, function, name, arguments, final));

    private Value Invoke(GoFunction function, string name, SyntaxNode node, Node[] arguments)
    {
        run.Step();
        Exception failure;
        try
        {
            Node result = function.Body(new FunctionCall(arguments, run));
            if (result is StringNode text)
            {
                run.Charge(text.Value.Length);
            }

            return new Value(result, function.Result.Kind == GoKind.Interface);
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or OutOfMemoryException))
        {
            failure = exception;
        }

        // A function's own bug must not take the process down either: any exception is the function's error. It is thrown
        // outside of the handler, because handlers that throw stay on the stack, and templates include each other deeply.
        At(node);
        throw Error($"error calling {name}: {failure.Message}", failure);
    }

    private Node[] Arguments(Value dot, GoFunction function, string name, SyntaxNode[] arguments, Final final)
    {
        IReadOnlyList<GoType> parameters = function.Parameters;
        int given = Math.Max(arguments.Length - 1, 0);
        int count = given + (final.IsPresent ? 1 : 0);
        int fixedCount = function.IsVariadic ? parameters.Count - 1 : parameters.Count;
        if (function.IsVariadic ? count < fixedCount : count != fixedCount)
        {
            throw Error(function.IsVariadic
                ? $"wrong number of args for {name}: want at least {fixedCount} got {given}"
                : $"wrong number of args for {name}: want {fixedCount} got {count}");
        }

        Node[] values = new Node[count];
        for (int i = 0; i < given; i++)
        {
            values[i] = Argument(dot, parameters[Math.Min(i, parameters.Count - 1)], arguments[i + 1]);
        }

        if (final.IsPresent)
        {
            values[^1] = Convert(final.Value, parameters[Math.Min(count - 1, parameters.Count - 1)]);
        }

        return values;
    }

    private Node Argument(Value dot, GoType type, SyntaxNode node)
    {
        At(node);
        switch (node)
        {
            case DotSyntax:
                return Convert(dot, type);
            case NilSyntax:
                return type.CanBeNil ? Convert(Value.None, type) : throw Error($"cannot assign nil to {type}");
            case FieldSyntax field:
                return Convert(EvaluateFields(dot, dot, field, field.Names, NoArguments, default), type);
            case VariableSyntax variable:
                return Convert(EvaluateVariable(dot, variable, NoArguments, default), type);
            case PipeSyntax pipe:
                return Convert(EvaluatePipeline(dot, pipe), type);
            case IdentifierSyntax identifier:
                return Convert(EvaluateFunction(dot, identifier, identifier, NoArguments, default), type);
            case ChainSyntax chain:
                return Convert(EvaluateChain(dot, chain, NoArguments, default), type);
            default:
                return Literal(type, node);
        }
    }

    private Node Literal(GoType type, SyntaxNode node)
    {
        switch (type.Kind)
        {
            case GoKind.Bool:
                return node is BoolSyntax flag ? flag.Value : throw Error($"expected bool; found {node}");
            case GoKind.String:
                return node is StringSyntax text ? text.Value : throw Error($"expected string; found {node}");
            case GoKind.Float64:
                return node is NumberSyntax { Float: { } value } ? new FloatNode(value) : throw Error($"expected float; found {node}");
            case >= GoKind.Int and <= GoKind.Int64:
                return node is NumberSyntax { Integer: { } integer } ? Integer(type, integer) : throw Error($"expected integer; found {node}");
            case >= GoKind.Uint and <= GoKind.Uintptr:
                return node is NumberSyntax { Unsigned: { } unsigned }
                    ? new GoInteger(type, (long)unsigned)
                    : throw Error($"expected unsigned integer; found {node}");
            case GoKind.Interface or GoKind.Struct when type == GoType.Any || type == GoType.ReflectValue || type == GoType.AnyOrNone:
                return node switch
                {
                    BoolSyntax literal => literal.Value,
                    StringSyntax literal => literal.Value,
                    NumberSyntax number => Constant(number),
                    _ => throw Error($"can't handle assignment of {node} to empty interface argument"),
                };
            default:
                throw Error($"can't handle {node} for arg of type {type}");
        }
    }

    private static Node Integer(GoType type, long value) =>
        type == GoType.Int ? GoInteger.Int(value) : type == GoType.Int64 ? IntegerNode.Of(value) : new GoInteger(type, value);

    /// <summary>Checks that a value can be passed as a parameter of a type; nil stands for the zero value of types that have one.</summary>
    private Node Convert(Value value, GoType type)
    {
        if (value.Node is null)
        {
            return ReferenceEquals(type, GoType.AnyOrNone) ? GoNoValue.Instance : type.CanBeNil ? Node.Null : throw Error($"invalid value; expected {type}");
        }

        if (ReferenceEquals(type, GoType.Any) || ReferenceEquals(type, GoType.ReflectValue) || ReferenceEquals(type, GoType.AnyOrNone))
        {
            return value.Node;
        }

        if (ReferenceEquals(type, GoType.Map) && value.Node is GoMap { IsNil: false, Type.Elem: var element } map && element == GoType.Any)
        {
            // Passing a declared map type as map[string]interface {} converts it; the members stay the same ones.
            return map.Members;
        }

        GoType own = GoType.Of(value.Node);
        return own.AssignableTo(type) && value.Node is not NullNode
            ? value.Node
            : throw Error($"wrong type for value; expected {type}; got {own}");
    }

    private Value AndOr(Value dot, string name, bool stopAt, SyntaxNode[] arguments, Final final)
    {
        int given = Math.Max(arguments.Length - 1, 0);
        if (given == 0 && !final.IsPresent)
        {
            throw Error($"wrong number of args for {name}: want at least 1 got 0");
        }

        Node last = Node.Null;
        for (int i = 1; i <= given; i++)
        {
            last = Argument(dot, GoType.ReflectValue, arguments[i]);
            if (Value.IsTruthy(last) == stopAt)
            {
                return new Value(last, true);
            }
        }

        return final.IsPresent ? final.Value : new Value(last, true);
    }

    /// <summary>How Go prints a reflect.Value: a text as it is, anything else by its type.</summary>
    private static string Reflected(Node node) => node is StringNode text ? text.Value : $"<{GoType.Of(node).Name} Value>";

    /// <summary>The builtin call: its first argument is the function.</summary>
    private Value CallValue(Value dot, GoFunction builtin, SyntaxNode node, SyntaxNode[] arguments, Final final)
    {
        Node[] values = Arguments(dot, builtin, "call", arguments, final);
        string callee = arguments.Length > 1 ? arguments[1].ToString()! : Reflected(final.Value.NodeOrNull);
        string? problem = values[0] switch
        {
            NullNode => "call of nil",
            GoFunctionValue => null,
            var other => $"non-function {callee} of type {GoType.Of(other)}",
        };
        if (problem is null)
        {
            GoFunction function = ((GoFunctionValue)values[0]).Function;
            int wanted = function.Parameters.Count;
            int given = values.Length - 1;
            problem = function.IsVariadic
                ? given < wanted - 1 ? $"wrong number of args for {callee}: got {given} want at least {wanted - 1}" : null
                : given != wanted ? $"wrong number of args for {callee}: got {given} want {wanted}" : null;
            if (problem is null)
            {
                return Invoke(function, "call", node, values[1..]);
            }
        }

        At(node);
        throw Error("error calling call: " + problem);
    }
}
