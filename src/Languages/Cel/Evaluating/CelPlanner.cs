using System.Runtime.CompilerServices;
using Bowline.Languages.Cel.Parsing;
using Bowline.Languages.Cel.Types;
using Bowline.Languages.Cel.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Evaluating;

/// <summary>Turns a checked expression into steps; variables of folds get numbered slots.</summary>
internal sealed class CelPlanner(CelEnvironment environment)
{
    private readonly Stack<(string Name, int Slot)> scope = new();
    private readonly HashSet<string> used = new(StringComparer.Ordinal);

    public int Slots { get; private set; }

    /// <summary>The declared variables that the expression mentions.</summary>
    public IReadOnlySet<string> Variables => used;

    public CelStep Plan(CelExpr expr)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return expr switch
        {
            LiteralExpr literal => new ConstantStep(literal.Value),
            IdentExpr ident => Slot(ident.Name) is { } slot ? new SlotStep(slot) : Global(ident.Resolved),
            SelectExpr { QualifiedName: { } name } => Global(name),
            SelectExpr { TestOnly: true } select => new HasStep(Plan(select.Operand), select.DataName),
            SelectExpr select => new SelectStep(Plan(select.Operand), select.DataName),
            CallExpr call => Call(call),
            ListExpr list => new ListStep([.. list.Elements.Select(Plan)], list.Optional),
            MapExpr map => new MapStep([.. map.Entries.Select(entry => Plan(entry.Key))], [.. map.Entries.Select(entry => Plan(entry.Value))], [.. map.Entries.Select(entry => entry.Optional)]),
            StructExpr made => new StructStep(made.Type, [.. made.Fields.Select(field => DataName(made, field.Name))], [.. made.Fields.Select(field => Plan(field.Value))], [.. made.Fields.Select(field => field.Optional)]),
            FoldExpr fold => Fold(fold),
            _ => throw new InvalidOperationException($"no plan for {expr.GetType().Name}"),
        };
    }

    private static string DataName(StructExpr made, string field) => made.Type.Fields.TryGetValue(field, out CelField? known) ? known.DataName : field;

    private CelStep Global(string name)
    {
        if (environment.Variable(name) is null && environment.TypeNamed(name) is { } type)
        {
            return new ConstantStep(new CelTypeValue(type));
        }

        used.Add(name);
        return new VariableStep(name);
    }

    private int? Slot(string name)
    {
        foreach ((string known, int slot) in scope)
        {
            if (known == name)
            {
                return slot;
            }
        }

        return null;
    }

    private CelStep Call(CallExpr call)
    {
        CelStep Argument(int index) => Plan(call.Arguments[index]);
        return call.Function switch
        {
            "_&&_" => new LogicalStep(Argument(0), Argument(1), decisive: false),
            "_||_" => new LogicalStep(Argument(0), Argument(1), decisive: true),
            "_?_:_" => new ConditionalStep(Argument(0), Argument(1), Argument(2)),
            "@not_strictly_false" => new NotFalseStep(Argument(0)),
            "_?._" => new OptionalSelectStep(Argument(0), ((LiteralExpr)call.Arguments[1]).DataName ?? ((StringNode)((LiteralExpr)call.Arguments[1]).Value).Value),
            _ => new CallStep(call.Function, call.Overloads, [.. call.Parts().Select(Plan)]),
        };
    }

    private CelStep Fold(FoldExpr fold)
    {
        CelStep initial = Plan(fold.Initial);
        if (fold.IsBind)
        {
            int bound = Push(fold.Variables.Accumulator);
            BindStep bind = new(bound, initial, Plan(fold.Result));
            scope.Pop();
            return bind;
        }

        CelStep range = Plan(fold.Range);
        int accumulator = Push(fold.Variables.Accumulator);
        int first = Push(fold.Variables.First);
        int second = fold.Variables.Second is { } name ? Push(name) : -1;
        CelStep condition = Plan(fold.Condition);
        CelStep step = Step(fold.Step, accumulator);
        scope.Pop();
        if (second >= 0)
        {
            scope.Pop();
        }

        CelStep result = Plan(fold.Result);
        scope.Pop();
        return new FoldStep(new FoldSlots(first, second, accumulator), range, initial, condition, step, result);
    }

    private CelStep Step(CelExpr step, int accumulator) => step switch
    {
        CallExpr { Function: "_?_:_" } choice when choice.Arguments[2] is IdentExpr { Name: FoldVariables.Result } =>
            new ConditionalStep(Plan(choice.Arguments[0]), Step(choice.Arguments[1], accumulator), Plan(choice.Arguments[2])),
        CallExpr { Function: "_+_" } add when add.Arguments[0] is IdentExpr { Name: FoldVariables.Result } && add.Arguments[1] is ListExpr { Elements.Count: 1, Optional.Count: 0 } list =>
            new AppendStep(accumulator, Plan(list.Elements[0])),
        _ => Plan(step),
    };

    private int Push(string name)
    {
        scope.Push((name, Slots));
        return Slots++;
    }
}
