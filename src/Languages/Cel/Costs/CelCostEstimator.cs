using System.Runtime.CompilerServices;
using Bowline.Languages.Cel.Parsing;
using Bowline.Languages.Cel.Types;
using Bowline.Languages.Cel.Values;
using Bowline.Languages.GoTemplates.Parsing;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Costs;

/// <summary>
/// Estimates the least and the most that an expression can cost, with the formulas of cel-go's checker and of Kubernetes' libraries.
/// Sizes come from literals, from what operators make of sizes, and from the bounds that a schema put into types.
/// </summary>
internal sealed partial class CelCostEstimator
{
    private readonly Dictionary<CelExpr, CelRange> sizes = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<CelExpr, CelRange> itemSizes = new(ReferenceEqualityComparer.Instance);
    // What folds' variables stand for: the schema's own type with its bounds, and sizes known from the expression.
    private readonly Stack<(string Name, CelType? Bounded, CelRange? Size, CelRange? ItemSize)> locals = new();

    public CelRange Estimate(CelExpr expr)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return expr switch
        {
            LiteralExpr => CelRange.Fixed(0),
            IdentExpr => CelRange.Fixed(CelCosts.SelectOrIdent),
            SelectExpr select => Select(select),
            CallExpr call => Call(call),
            ListExpr list => ListLiteral(list),
            MapExpr map => MapLiteral(map),
            StructExpr made => made.Parts().Aggregate(CelRange.Fixed(CelCosts.CreateStruct), (sum, part) => sum + Estimate(part)),
            FoldExpr { IsBind: true } bind => Bind(bind),
            FoldExpr fold => Fold(fold),
            _ => CelRange.Unknown,
        };
    }

    private CelRange Select(SelectExpr select)
    {
        if (select.QualifiedName is not null)
        {
            return CelRange.Fixed(CelCosts.SelectOrIdent);
        }

        CelRange operand = Estimate(select.Operand);
        bool costs = !select.TestOnly && select.Operand.Type.Kind is CelKind.Map or CelKind.Object or CelKind.Parameter;
        return costs ? operand + CelRange.Fixed(CelCosts.SelectOrIdent) : operand;
    }

    private CelRange ListLiteral(ListExpr list)
    {
        CelRange sum = CelRange.Fixed(CelCosts.CreateList);
        CelRange? item = null;
        foreach (CelExpr element in list.Elements)
        {
            sum += Estimate(element);
            item = item?.Union(SizeOrUnknown(element)) ?? SizeOrUnknown(element);
        }

        itemSizes[list] = item ?? CelRange.Fixed(0);
        return sum;
    }

    private CelRange MapLiteral(MapExpr map)
    {
        CelRange? value = null;
        foreach (MapEntry entry in map.Entries)
        {
            value = value?.Union(SizeOrUnknown(entry.Value)) ?? SizeOrUnknown(entry.Value);
        }

        itemSizes[map] = value ?? CelRange.Fixed(0);
        return map.Parts().Aggregate(CelRange.Fixed(CelCosts.CreateMap), (sum, part) => sum + Estimate(part));
    }

    private CelRange Fold(FoldExpr fold)
    {
        CelRange sum = Estimate(fold.Range) + Estimate(fold.Initial);
        CelType? range = BoundedType(fold.Range);
        CelRange? itemSize = ItemSize(fold.Range);
        bool overMap = fold.Range.Type.Kind == CelKind.Map;
        locals.Push((fold.Variables.Accumulator, null, Size(fold.Initial), ItemSize(fold.Initial)));
        CelType? value = range?.Parameters.Count > 0 ? range.Parameters[^1] : null;
        CelType? key = overMap && range?.Parameters.Count > 0 ? range.Parameters[0] : null;
        if (fold.Variables.Second is { } second)
        {
            locals.Push((fold.Variables.First, key, overMap ? null : CelRange.Fixed(1), null));
            locals.Push((second, value, itemSize, null));
        }
        else
        {
            locals.Push((fold.Variables.First, overMap ? key : value, overMap ? null : itemSize, null));
        }

        CelRange loop = Estimate(fold.Condition) + Estimate(fold.Step);
        CelRange? stepItems = ItemSize(fold.Step);
        locals.Pop();
        if (fold.Variables.Second is not null)
        {
            locals.Pop();
        }

        sum += Estimate(fold.Result);
        locals.Pop();
        CelRange count = SizeOrUnknown(fold.Range);
        if (fold.Initial is LiteralExpr)
        {
            sizes[fold] = SizeOrUnknown(fold.Initial);
        }
        else
        {
            sizes[fold] = count;
            if (stepItems is { } items)
            {
                itemSizes[fold] = items;
            }
        }

        return sum + (count * loop);
    }

    private CelRange Bind(FoldExpr bind)
    {
        CelRange sum = Estimate(bind.Range) + Estimate(bind.Initial);
        locals.Push((bind.Variables.Accumulator, BoundedType(bind.Initial), Size(bind.Initial), ItemSize(bind.Initial)));
        sum += Estimate(bind.Result);
        if (Size(bind.Result) is { } size)
        {
            sizes[bind] = size;
        }

        locals.Pop();
        return sum;
    }

    private CelRange SizeOrUnknown(CelExpr expr) => Size(expr) ?? CelRange.Unknown;

    /// <summary>The size that a value can have; null when nothing is known.</summary>
    private CelRange? Size(CelExpr expr)
    {
        if (sizes.TryGetValue(expr, out CelRange known))
        {
            return known;
        }

        switch (expr)
        {
            case LiteralExpr { Value: StringNode text }:
                return CelRange.Fixed((ulong)GoText.RuneCount(text.Value));
            case LiteralExpr { Value: CelBytes bytes }:
                return CelRange.Fixed((ulong)bytes.Value.Length);
            case LiteralExpr:
                return CelRange.Fixed(1);
            case ListExpr list:
                return CelRange.Fixed((ulong)list.Elements.Count);
            case MapExpr map:
                return CelRange.Fixed((ulong)map.Entries.Count);
            default:
                break;
        }

        if (BoundedType(expr) is { MaxElements: >= 0 } bounded)
        {
            return new CelRange(0, (ulong)bounded.MaxElements);
        }

        return IsScalar(expr.Type) ? CelRange.Fixed(1) : expr is IdentExpr ident ? Local(ident.Name)?.Size : null;
    }

    private CelRange? ItemSize(CelExpr expr) => itemSizes.TryGetValue(expr, out CelRange known) ? known : expr is IdentExpr ident ? Local(ident.Name)?.ItemSize : null;

    private (string Name, CelType? Bounded, CelRange? Size, CelRange? ItemSize)? Local(string name)
    {
        foreach ((string Name, CelType? Bounded, CelRange? Size, CelRange? ItemSize) local in locals)
        {
            if (local.Name == name)
            {
                return local;
            }
        }

        return null;
    }

    /// <summary>The schema's type of what is reached from a declared variable by members and items; null for whatever is computed.</summary>
    private CelType? BoundedType(CelExpr expr) => expr switch
    {
        IdentExpr ident => Local(ident.Name) is { } local ? local.Bounded : ident.Type,
        SelectExpr { TestOnly: false, QualifiedName: null } select => MemberType(BoundedType(select.Operand), select.Field),
        CallExpr { Function: "_[_]" or "_[?_]" } index => BoundedType(index.Arguments[0]) is { Kind: CelKind.List or CelKind.Map } container ? container.Parameters[^1] : null,
        CallExpr { Function: "_?._" } select => MemberType(BoundedType(select.Arguments[0]), ((StringNode)((LiteralExpr)select.Arguments[1]).Value).Value),
        _ => null,
    };

    private static CelType? MemberType(CelType? type, string field) => type switch
    {
        { Kind: CelKind.Object } when type.Fields.TryGetValue(field, out CelField? known) => known.Type,
        { Kind: CelKind.Map } => type.Parameters[1],
        _ => null,
    };

    private static bool IsScalar(CelType type) =>
        type.Kind is CelKind.Bool or CelKind.Double or CelKind.Duration or CelKind.Int or CelKind.Timestamp or CelKind.Type or CelKind.Uint || (type.IsOptional && IsScalar(type.Parameters[0]));
}
