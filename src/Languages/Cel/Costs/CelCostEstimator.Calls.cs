using Bowline.Languages.Cel.Functions;
using Bowline.Languages.Cel.Parsing;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Costs;

internal sealed partial class CelCostEstimator
{
    private static readonly CelRange One = CelRange.Fixed(1);

    private CelRange Call(CallExpr call)
    {
        if (call.Function == "dyn")
        {
            CelExpr inner = call.Arguments[0];
            CelRange cost = Estimate(inner) + One;
            if (Size(inner) is { } same)
            {
                sizes[call] = same;
            }

            return cost;
        }

        CelRange target = call.Target is null ? CelRange.Fixed(0) : Estimate(call.Target);
        CelRange[] arguments = [.. call.Arguments.Select(Estimate)];
        if (call.Function == "_?._")
        {
            return arguments[0] + One;
        }

        CelRange? best = null;
        CelRange? resultSize = null;
        foreach (CelOverload overload in call.Overloads)
        {
            (CelRange cost, CelRange? size) = Overloaded(call, overload, arguments);
            best = best?.Union(cost) ?? cost;
            resultSize = size is null ? resultSize : resultSize?.Union(size.Value) ?? size;
        }

        if (call.Function == "_[_]" && ItemSize(call.Arguments[0]) is { } item)
        {
            resultSize = item;
        }

        if ((resultSize ?? Size(call)) is { } known)
        {
            sizes[call] = known;
        }

        return target + (best ?? CelRange.Fixed(0));
    }

    private (CelRange Cost, CelRange? Size) Overloaded(CallExpr call, CelOverload overload, CelRange[] arguments)
    {
        switch (call.Function)
        {
            case "_&&_" or "_||_":
                return (new CelRange(arguments[0].Min, (arguments[0] + arguments[1]).Max), null);
            case "_?_:_":
                if (ItemSize(call.Arguments[1]) is { } whenTrue && ItemSize(call.Arguments[2]) is { } whenFalse)
                {
                    itemSizes[call] = whenTrue.Union(whenFalse);
                }

                return (arguments[0] + arguments[1].Union(arguments[2]), SizeOrUnknown(call.Arguments[1]).Union(SizeOrUnknown(call.Arguments[2])));
            default:
                (CelRange cost, CelRange? size) = Function(call, overload);
                return (arguments.Aggregate(cost, (sum, argument) => sum + argument), size);
        }
    }

    private (CelRange Cost, CelRange? Size) Function(CallExpr call, CelOverload overload)
    {
        CelExpr[] parts = [.. call.Parts()];
        CelRange Sized(int index) => SizeOrUnknown(parts[index]);
        CelRange first = parts.Length > 0 ? Sized(0) : CelRange.Fixed(0);
        CelKind kind = parts.Length > 0 ? overload.Parameters[0].Kind : CelKind.Dyn;
        return (call.Function, kind) switch
        {
            ("check", _) => (CelRange.Fixed((ulong)CelCosts.Authorization), null),
            ("isSorted" or "sum" or "max" or "min" or "indexOf" or "lastIndexOf", CelKind.List) => (first * ItemCost(parts[0]), null),
            ("sort" or "distinct", CelKind.List) => (Made(first * first * ItemCost(parts[0]).Times(2)), new CelRange(Math.Min(first.Min, 1), first.Max)),
            ("@sortByAssociatedKeys", _) => (Made(Sized(1) * Sized(1) * ItemCost(parts[0]).Times(2)), Sized(1)),
            ("slice", _) => Allocated(SliceSize(call, first)),
            ("lists.range", _) => Allocated(CelRange.Fixed(Literal(call.Arguments[0]) ?? ulong.MaxValue)),
            ("reverse" or "flatten", CelKind.List) => Allocated(first),
            ("indexOf" or "lastIndexOf", _) => (first.Times(CelCosts.Traversal), null),
            ("lowerAscii" or "upperAscii" or "substring" or "trim", _) => (first.Times(CelCosts.Traversal), first),
            ("url", _) => (first.Times(CelCosts.Traversal), null),
            ("replace", _) => (first.Times(2 * CelCosts.Traversal), ReplacedSize(first, Sized(1), Sized(2))),
            ("split", _) => (first.Times(2 * CelCosts.Traversal), new CelRange(0, SplitLimit(call) ?? first.Max)),
            ("join", _) => Joined(call, first),
            ("find" or "findAll", _) => (RegexCost(first, Sized(1)), new CelRange(0, first.Max)),
            ("matches", _) => (RegexCost(first, Sized(1)), null),
            ("contains", _) => (first.Times(CelCosts.Traversal) * Sized(1).Times(CelCosts.Traversal), null),
            ("startsWith" or "endsWith", _) => (Sized(1).Times(CelCosts.Traversal), null),
            ("containsIP", _) => (new CelRange(1, 4) + TextCost(overload, 1, parts), null),
            ("containsCIDR", _) => (new CelRange(3, 7) + TextCost(overload, 1, parts), null),
            ("bytes", CelKind.String) => (first.Times(CelCosts.Traversal), new CelRange(first.Min, CelRange.Multiply(first.Max, 4))),
            ("string", CelKind.Bytes) => (first.Times(CelCosts.Traversal), new CelRange(first.Min / 4, first.Max)),
            ("strings.quote", _) => (first.Times(CelCosts.Traversal), new CelRange(CelRange.Add(first.Min, 2), CelRange.Add(CelRange.Multiply(first.Max, 2), 2))),
            ("format", _) => (first.Times(CelCosts.Traversal), null),
            ("@in", _) when overload.Parameters[1].Kind == CelKind.List => (Sized(1), null),
            ("_+_", CelKind.String or CelKind.Bytes) => ((first + Sized(1)).Times(CelCosts.Traversal), first + Sized(1)),
            ("_+_", CelKind.List) => Concatenated(call, first + Sized(1)),
            ("_==_" or "_!=_", _) when parts[0].Type is { Kind: CelKind.Opaque, IsOptional: false } => (One, null),
            ("_==_" or "_!=_", _) => (Comparison(first, Sized(1)), null),
            ("_<_" or "_<=_" or "_>_" or "_>=_", CelKind.String or CelKind.Bytes) => (Comparison(first, Sized(1)), null),
            _ => (One, null),
        };
    }

    private static CelRange Made(CelRange cost) => cost + CelRange.Fixed(1 + CelCosts.CreateList);

    private static (CelRange Cost, CelRange? Size) Allocated(CelRange size) => (Made(size), size);

    private static ulong? Literal(CelExpr expr) => expr is LiteralExpr { Value: IntegerNode { Value: >= 0 } number } ? (ulong)number.Value : null;

    private static CelRange SliceSize(CallExpr call, CelRange list)
    {
        ulong start = Literal(call.Arguments[0]) ?? 0;
        ulong end = Literal(call.Arguments[1]) ?? list.Max;
        return CelRange.Fixed(end > start ? end - start : 0);
    }

    private (CelRange Cost, CelRange? Size) Concatenated(CallExpr call, CelRange size)
    {
        if (ItemSize(call.Arguments[0]) is { } left && ItemSize(call.Arguments[1]) is { } right)
        {
            itemSizes[call] = left.Union(right);
        }

        return (One, size);
    }

    private static CelRange Comparison(CelRange left, CelRange right)
    {
        ulong most = Math.Min(left.Max, right.Max);
        return new CelRange(most > 0 ? 1UL : 0UL, most).Times(CelCosts.Traversal);
    }

    private static CelRange RegexCost(CelRange text, CelRange pattern) => (text + One).Times(CelCosts.Traversal) * pattern.Times(CelCosts.RegexPerCharacter);

    private CelRange TextCost(CelOverload overload, int index, CelExpr[] parts) =>
        overload.Parameters[index].Kind == CelKind.String ? SizeOrUnknown(parts[index]).Times(CelCosts.Traversal) : CelRange.Fixed(0);

    private CelRange ItemCost(CelExpr list)
    {
        CelType item = list.Type.Kind == CelKind.List ? list.Type.Parameters[0] : CelType.Dyn;
        return item.Kind is CelKind.String or CelKind.Bytes ? One + BoundOfItems(list).Times(CelCosts.Traversal) : One;
    }

    private CelRange BoundOfItems(CelExpr list) =>
        BoundedType(list) is { Kind: CelKind.List } bounded && bounded.Parameters[0].MaxElements >= 0 ? new CelRange(0, (ulong)bounded.Parameters[0].MaxElements) : CelRange.Unknown;

    private (CelRange Cost, CelRange? Size) Joined(CallExpr call, CelRange count)
    {
        CelRange size = count * BoundOfItems(call.Target!);
        if (call.Arguments.Count > 0)
        {
            CelRange separators = new(count.Min > 0 ? count.Min - 1 : 0, count.Max > 0 ? count.Max - 1 : 0);
            size += SizeOrUnknown(call.Arguments[0]) * separators;
        }

        return (size.Times(CelCosts.Traversal), size);
    }

    private static ulong? SplitLimit(CallExpr call) =>
        call.Arguments.Count > 1 && call.Arguments[1] is LiteralExpr { Value: IntegerNode { Value: >= 0 } limit } ? (ulong)limit.Value : null;

    /// <summary>As many of the shortest matches as fit, each replaced by the longest text.</summary>
    private static CelRange ReplacedSize(CelRange text, CelRange old, CelRange with)
    {
        ulong most = old.Min == 0 ? CelRange.Add(CelRange.Multiply(CelRange.Add(text.Max, 1), with.Max), text.Max)
            : with.Max <= old.Min ? text.Max
            : CelRange.Multiply((ulong)Math.Ceiling((double)text.Max / old.Min), with.Max);
        ulong least = old.Max == 0 ? CelRange.Add(CelRange.Multiply(CelRange.Add(text.Min, 1), with.Min), text.Min)
            : old.Max <= with.Min ? text.Min
            : CelRange.Multiply((ulong)Math.Ceiling((double)text.Min / old.Max), with.Min);
        return new CelRange(least, most);
    }
}
