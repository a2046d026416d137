using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Parsing;

/// <summary>The macros of the language, of optional types and of two-variable comprehensions.</summary>
internal sealed class CelMacros(CelSource source, bool extended)
{
    private const string Accumulator = FoldVariables.Result;

    /// <summary>The call itself where it is no macro.</summary>
    public CelExpr Expand(CallExpr call)
    {
        int count = call.Arguments.Count;
        if (call.Target is null)
        {
            return call.Function == "has" && count == 1 ? Has(call) : call;
        }

        return (call.Function, count) switch
        {
            ("all" or "exists", 2) or ("all" or "exists", 3) => Quantifier(call),
            ("exists_one" or "existsOne", 2 or 3) => ExistsOne(call),
            ("map", 2) => Collect(call, null, call.Arguments[1], variables: 1),
            ("map", 3) => Collect(call, call.Arguments[1], call.Arguments[2], variables: 1),
            ("filter", 2) => Collect(call, call.Arguments[1], call.Arguments[0], variables: 1),
            ("transformList", 3) => Collect(call, null, call.Arguments[2], variables: 2),
            ("transformList", 4) => Collect(call, call.Arguments[2], call.Arguments[3], variables: 2),
            ("transformMap", 3) => ToMap(call, null, call.Arguments[2], byEntry: false),
            ("transformMap", 4) => ToMap(call, call.Arguments[2], call.Arguments[3], byEntry: false),
            ("transformMapEntry", 3) => ToMap(call, null, call.Arguments[2], byEntry: true),
            ("transformMapEntry", 4) => ToMap(call, call.Arguments[2], call.Arguments[3], byEntry: true),
            ("optMap", 2) => OptionalMap(call, wraps: true),
            ("optFlatMap", 2) => OptionalMap(call, wraps: false),
            ("bind", 3) when extended && call.Target is IdentExpr { Name: "cel" } => Bind(call),
            ("sortBy", 2) => SortBy(call),
            _ => call,
        };
    }

    private SelectExpr Has(CallExpr call)
    {
        if (call.Arguments[0] is SelectExpr { TestOnly: false } select)
        {
            return new SelectExpr(call.Offset, select.Operand, select.Field, testOnly: true);
        }

        throw Fail(call.Arguments[0].Offset, "invalid argument to has() macro");
    }

    private FoldVariables Variables(CallExpr call, int count)
    {
        string first = Name(call.Arguments[0]);
        string? second = count == 2 ? Name(call.Arguments[1]) : null;
        if (first == second)
        {
            throw Fail(call.Arguments[1].Offset, $"duplicate variable name: {first}");
        }

        return new FoldVariables(first, second, Accumulator);
    }

    private string Name(CelExpr argument) => argument is IdentExpr { Name: var name } && !name.StartsWith('.')
        ? name
        : throw Fail(argument.Offset, "argument must be a simple name");

    private FoldExpr Quantifier(CallExpr call)
    {
        int at = call.Offset;
        bool all = call.Function == "all";
        FoldVariables variables = Variables(call, call.Arguments.Count - 1);
        CelExpr result = new IdentExpr(at, Accumulator);
        CelExpr condition = Call(at, "@not_strictly_false", all ? result : Call(at, "!_", result));
        CelExpr step = Call(at, all ? "_&&_" : "_||_", new IdentExpr(at, Accumulator), call.Arguments[^1]);
        return new FoldExpr(at, variables, call.Target!, new LiteralExpr(at, all), condition, step, new IdentExpr(at, Accumulator));
    }

    private FoldExpr ExistsOne(CallExpr call)
    {
        int at = call.Offset;
        FoldVariables variables = Variables(call, call.Arguments.Count - 1);
        CelExpr plusOne = Call(at, "_+_", new IdentExpr(at, Accumulator), new LiteralExpr(at, 1));
        CelExpr step = Call(at, "_?_:_", call.Arguments[^1], plusOne, new IdentExpr(at, Accumulator));
        CelExpr result = Call(at, "_==_", new IdentExpr(at, Accumulator), new LiteralExpr(at, 1));
        return new FoldExpr(at, variables, call.Target!, new LiteralExpr(at, 0), new LiteralExpr(at, true), step, result);
    }

    private FoldExpr Collect(CallExpr call, CelExpr? filter, CelExpr item, int variables)
    {
        int at = call.Offset;
        CelExpr step = Call(at, "_+_", new IdentExpr(at, Accumulator), new ListExpr(at, [item], new HashSet<int>()));
        return Fold(call, variables, new ListExpr(at, [], new HashSet<int>()), filter, step);
    }

    private FoldExpr ToMap(CallExpr call, CelExpr? filter, CelExpr value, bool byEntry)
    {
        int at = call.Offset;
        CelExpr step = byEntry
            ? Call(at, "cel.@mapInsert", new IdentExpr(at, Accumulator), value)
            : Call(at, "cel.@mapInsert", new IdentExpr(at, Accumulator), new IdentExpr(at, Name(call.Arguments[0])), value);
        return Fold(call, 2, new MapExpr(at, []), filter, step);
    }

    private FoldExpr Fold(CallExpr call, int variables, CelExpr initial, CelExpr? filter, CelExpr step)
    {
        int at = call.Offset;
        FoldVariables names = Variables(call, variables);
        step = filter is null ? step : Call(at, "_?_:_", filter, step, new IdentExpr(at, Accumulator));
        return new FoldExpr(at, names, call.Target!, initial, new LiteralExpr(at, true), step, new IdentExpr(at, Accumulator));
    }

    /// <summary>The receiver is bound to a name of its own: cel-go writes it twice, which doubles the work with every link of a chain.</summary>
    private FoldExpr OptionalMap(CallExpr call, bool wraps)
    {
        int at = call.Offset;
        CelExpr Receiver() => new IdentExpr(at, FoldVariables.Receiver);
        CelExpr mapped = BindTo(at, Name(call.Arguments[0]), new CallExpr(at, "value", Receiver(), []), call.Arguments[1]);
        CelExpr choice = Call(
            at,
            "_?_:_",
            new CallExpr(at, "hasValue", Receiver(), []),
            wraps ? Call(at, "optional.of", mapped) : mapped,
            Call(at, "optional.none"));
        return BindTo(at, FoldVariables.Receiver, call.Target!, choice);
    }

    private FoldExpr SortBy(CallExpr call)
    {
        int at = call.Offset;
        CallExpr keys = new(at, "map", new IdentExpr(at, FoldVariables.Receiver), call.Arguments);
        return BindTo(at, FoldVariables.Receiver, call.Target!, new CallExpr(at, "@sortByAssociatedKeys", new IdentExpr(at, FoldVariables.Receiver), [Expand(keys)]));
    }

    private FoldExpr Bind(CallExpr call) => BindTo(call.Offset, Name(call.Arguments[0]), call.Arguments[1], call.Arguments[2]);

    private static FoldExpr BindTo(int at, string name, CelExpr value, CelExpr result) => new(
        at,
        new FoldVariables(FoldVariables.Unused, null, name),
        new ListExpr(at, [], new HashSet<int>()),
        value,
        new LiteralExpr(at, false),
        new IdentExpr(at, name),
        result);

    private static CallExpr Call(int at, string function, params CelExpr[] arguments) => new(at, function, null, arguments);

    private CelException Fail(int offset, string message)
    {
        source.Report(offset, message);
        return source.ToException();
    }
}
