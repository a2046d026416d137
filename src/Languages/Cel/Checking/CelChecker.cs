using System.Runtime.CompilerServices;
using Bowline.Languages.Cel.Parsing;
using Bowline.Languages.Cel.Types;
using Bowline.Languages.Cel.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Checking;

/// <summary>Finds the type of every expression and the overloads of every call, or says why there are none.</summary>
internal sealed partial class CelChecker(CelSource source, CelEnvironment environment)
{
    private readonly TypeSubstitution types = new();
    private CelScope? scope;

    /// <exception cref="CelException">What does not fit.</exception>
    public static void Check(CelExpr expr, CelSource source, CelEnvironment environment)
    {
        CelChecker checker = new(source, environment);
        checker.Visit(expr);
        if (source.HasIssues)
        {
            throw source.ToException();
        }

        checker.Settle(expr);
    }

    private void Visit(CelExpr expr)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        expr.Type = expr switch
        {
            LiteralExpr literal => CelValues.TypeOf(literal.Value),
            IdentExpr ident => Ident(ident),
            SelectExpr select => Select(select),
            CallExpr call => Call(call),
            ListExpr list => List(list),
            MapExpr map => Map(map),
            StructExpr made => Struct(made),
            FoldExpr fold => Fold(fold),
            _ => CelType.Error,
        };
    }

    private CelType Ident(IdentExpr ident)
    {
        if (!ident.Name.StartsWith('.') && CelScope.Find(scope, ident.Name) is { } local)
        {
            return local;
        }

        if (Global(ident.Resolved) is { } known)
        {
            return known;
        }

        source.Report(ident.Offset, $"undeclared reference to '{ident.Resolved}' (in container '')");
        return CelType.Error;
    }

    /// <summary>The type of a declared variable, or type(T) for the name of a type.</summary>
    private CelType? Global(string name) => environment.Variable(name) ?? (environment.TypeNamed(name) is { } type ? CelType.TypeOf(type) : null);

    private CelType Select(SelectExpr select)
    {
        if (!select.TestOnly && QualifiedName(select) is { } name && Global(name) is { } global)
        {
            select.QualifiedName = name;
            return global;
        }

        Visit(select.Operand);
        CelType result = Member(select, types.Substitute(select.Operand.Type, freeAsDyn: false));
        return select.TestOnly ? CelType.Bool : result;
    }

    /// <summary><c>a.b.c</c> unless a is the variable of a fold.</summary>
    private string? QualifiedName(CelExpr expr) => expr switch
    {
        IdentExpr ident => CelScope.Find(scope, ident.Name) is null && environment.Variable(ident.Name) is null ? ident.Resolved : null,
        SelectExpr { TestOnly: false } select when QualifiedName(select.Operand) is { } prefix => $"{prefix}.{select.Field}",
        _ => null,
    };

    private CelType Member(SelectExpr select, CelType operand, bool reports = true)
    {
        switch (operand.Kind)
        {
            case CelKind.Dyn or CelKind.Error:
                return operand;
            case CelKind.Map:
                if (!types.IsAssignable(CelType.String, operand.Parameters[0]))
                {
                    break;
                }

                return operand.Parameters[1];
            case CelKind.Object when operand.IsOpen:
                return CelType.Dyn;
            case CelKind.Object:
                if (operand.Fields.TryGetValue(select.Field, out CelField? field))
                {
                    select.DataName = field.DataName;
                    return field.Type;
                }

                source.Report(select.Offset, $"undefined field '{select.Field}'");
                return CelType.Error;
            case CelKind.Parameter:
                types.IsAssignable(operand, CelType.Dyn);
                return CelType.Dyn;
            case CelKind.Opaque when operand.IsOptional:
                CelType inner = Member(select, types.Substitute(operand.Parameters[0], freeAsDyn: false), reports);
                return CelType.Optional(inner);
            default:
                break;
        }

        if (reports)
        {
            source.Report(select.Offset, $"type '{operand}' does not support field selection");
        }

        return CelType.Error;
    }

    private CelType List(ListExpr list)
    {
        CelType? element = null;
        for (int i = 0; i < list.Elements.Count; i++)
        {
            CelExpr item = list.Elements[i];
            Visit(item);
            element = Join(element, Unwrapped(item, list.Optional.Contains(i)), item.Offset);
        }

        return CelType.List(element ?? types.NewParameter());
    }

    private CelType Map(MapExpr map)
    {
        CelType? key = null;
        CelType? value = null;
        foreach (MapEntry entry in map.Entries)
        {
            Visit(entry.Key);
            key = Join(key, entry.Key.Type, entry.Key.Offset);
            Visit(entry.Value);
            value = Join(value, Unwrapped(entry.Value, entry.Optional), entry.Value.Offset);
        }

        return CelType.Map(key ?? types.NewParameter(), value ?? types.NewParameter());
    }

    private CelType Unwrapped(CelExpr item, bool optional)
    {
        if (!optional)
        {
            return item.Type;
        }

        CelType type = types.Substitute(item.Type, freeAsDyn: false);
        if (type.IsOptional)
        {
            return type.Parameters[0];
        }

        if (!type.IsDyn)
        {
            source.Report(item.Offset, $"expected type 'optional_type({type})' but found '{type}'");
        }

        return type;
    }

    /// <summary>Kubernetes asks that the elements of a literal are of one type.</summary>
    private CelType Join(CelType? previous, CelType current, int offset)
    {
        if (previous is null)
        {
            return current;
        }

        if (types.IsAssignable(previous, current))
        {
            return types.MostGeneral(previous, current);
        }

        if (environment.MixedLiterals)
        {
            return CelType.Dyn;
        }

        source.Report(offset, $"expected type '{types.Substitute(previous, freeAsDyn: true)}' but found '{types.Substitute(current, freeAsDyn: true)}'");
        return CelType.Error;
    }

    private CelType Struct(StructExpr made)
    {
        CelType? type = environment.StructNamed(made.TypeName);
        foreach (StructField field in made.Fields)
        {
            Visit(field.Value);
            if (type is null)
            {
                continue;
            }

            if (type.IsOpen)
            {
                continue;
            }

            if (!type.Fields.TryGetValue(field.Name, out CelField? known))
            {
                source.Report(field.Offset, $"undefined field '{field.Name}'");
            }
            else if (!types.IsAssignable(known.Type, Unwrapped(field.Value, field.Optional)))
            {
                source.Report(field.Offset, $"expected type of field '{field.Name}' is '{known.Type}' but provided type is '{types.Substitute(field.Value.Type, freeAsDyn: true)}'");
            }
        }

        if (type is null)
        {
            source.Report(made.Offset, $"undeclared reference to '{made.TypeName}' (in container '')");
        }

        return type ?? CelType.Error;
    }

    private CelType Fold(FoldExpr fold)
    {
        Visit(fold.Range);
        Visit(fold.Initial);
        CelScope? outer = scope;
        CelType range = types.Substitute(fold.Range.Type, freeAsDyn: false);
        (CelType first, CelType second) = Items(fold, range);
        scope = new CelScope(fold.Variables.Accumulator, fold.Initial.Type, outer);
        CelScope accumulator = scope;
        if (fold.Variables.Second is { } name)
        {
            scope = new CelScope(name, second, new CelScope(fold.Variables.First, first, scope));
        }
        else
        {
            scope = new CelScope(fold.Variables.First, second, scope);
        }

        Visit(fold.Condition);
        Visit(fold.Step);
        types.IsAssignable(fold.Initial.Type, fold.Step.Type);
        scope = accumulator;
        Visit(fold.Result);
        scope = outer;
        if (!types.IsAssignable(CelType.Bool, fold.Condition.Type))
        {
            source.Report(fold.Condition.Offset, $"expected type 'bool' but found '{fold.Condition.Type}'");
        }

        return types.Substitute(fold.Result.Type, freeAsDyn: false);
    }

    /// <summary>The types of key (or index) and value; with one variable, the second is what it ranges over.</summary>
    private (CelType First, CelType Second) Items(FoldExpr fold, CelType range)
    {
        switch (range.Kind)
        {
            case CelKind.List:
                return (CelType.Int, range.Parameters[0]);
            case CelKind.Map:
                return fold.Variables.Second is null ? (CelType.Dyn, range.Parameters[0]) : (range.Parameters[0], range.Parameters[1]);
            case CelKind.Dyn or CelKind.Error or CelKind.Parameter:
                types.IsAssignable(range, CelType.Dyn);
                return (CelType.Dyn, CelType.Dyn);
            default:
                source.Report(fold.Range.Offset, $"expression of type '{range}' cannot be range of a comprehension (must be list, map, or dynamic)");
                return (CelType.Error, CelType.Error);
        }
    }
}
