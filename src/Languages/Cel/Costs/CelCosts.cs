using Bowline.Languages.Cel.Types;
using Bowline.Languages.Cel.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Costs;

/// <summary>What a call costs at run time: the part known from its arguments and the part that its result adds.</summary>
internal sealed record CelCostRule(Func<Node[], long> Before, Func<Node, long>? OfResult = null)
{
    public long After(Node result) => OfResult?.Invoke(result) ?? 0;
}

/// <summary>Runtime costs as cel-go and k8s.io/apiserver/pkg/cel/library count them; one unit is about 50 ns there.</summary>
internal static class CelCosts
{
    public const int SelectOrIdent = 1;
    public const int CreateList = 10;
    public const int CreateMap = 30;
    public const int CreateStruct = 40;
    public const double Traversal = 0.1;
    public const double RegexPerCharacter = 0.25;
    public const long Authorization = 350_000;

    private static readonly CelCostRule One = new(_ => 1);

    public static CelCostRule RuleFor(string function) => function switch
    {
        "check" => new(_ => Authorization),
        "isSorted" or "sum" or "max" or "min" or "indexOf" or "lastIndexOf" => new(values => TraversalOf(values[0])),
        "sets.contains" or "sets.intersects" or "sets.equivalent" => new(values => 1 + values.Sum(TraversalOf)),
        "sort" or "distinct" => new(values => 1 + CreateList + SelfComparison(values[0])),
        "@sortByAssociatedKeys" => new(values => 1 + CreateList + SelfComparison(values[1])),
        "slice" or "flatten" or "lists.range" or "reverse" => new(_ => 1 + CreateList, result => Size(result)),
        "url" or "isURL" or "lowerAscii" or "upperAscii" or "substring" or "trim" or "cidr" or "isIP" or "isCIDR" or "quantity" or "isQuantity" or "semver" or "isSemver" or "validate"
            => new(values => Ceiling(Size(values[0]) * Traversal)),
        "ip" => new(values => CelValues.KindOf(values[0]) == CelKind.Opaque ? 1 : Ceiling(Size(values[0]) * Traversal)),
        "replace" or "split" or "ip.isCanonical" or "regex.replace" => new(values => Ceiling(Size(values[0]) * 2 * Traversal)),
        "join" => new(_ => 0, result => Ceiling(Size(result) * 2 * Traversal)),
        "format" or "strings.quote" => new(values => Ceiling(Size(values[0]) * Traversal), result => Ceiling(Size(result) * Traversal)),
        "find" or "findAll" or "matches" or "regex.extract" or "regex.extractAll" => new(values => Ceiling((1 + Size(values[0])) * Traversal) * Ceiling(Size(values[1]) * RegexPerCharacter)),
        "containsIP" => new(values => 1 + (values[1] is StringNode ? Ceiling(Size(values[1]) * Traversal) : 0)),
        "containsCIDR" => new(values => 3 + (values[1] is StringNode ? Ceiling(Size(values[1]) * Traversal) : 0)),
        "startsWith" or "endsWith" => new(values => Ceiling(Size(values[0]) * Traversal)),
        "string" or "bytes" => new(values => values[0] is StringNode or CelBytes ? Ceiling(Size(values[0]) * Traversal) : 1),
        "contains" => new(values => Ceiling(Size(values[0]) * Traversal) * Ceiling(Size(values[1]) * Traversal)),
        "@in" => new(values => CelLists.Items(values[1]) is { } items ? items.Count : 1),
        "_==_" or "_!=_" => new(SmallerSize),
        "_<_" or "_<=_" or "_>_" or "_>=_" => new(values => values[0] is StringNode or CelBytes ? SmallerSize(values) : 1),
        "_+_" => new(values => values[0] is StringNode or CelBytes ? Ceiling((Size(values[0]) + Size(values[1])) * Traversal) : 1),
        _ => One,
    };

    /// <summary>Every item beside every other, twice.</summary>
    private static long SelfComparison(Node list)
    {
        IReadOnlyList<Node> items = CelLists.Items(list) ?? [];
        double each = items is [StringNode or CelBytes, ..] ? 2 + Traversal : 2;
        return (long)(each * items.Count * items.Count);
    }

    private static long SmallerSize(Node[] values) => Ceiling(Math.Min(Size(values[0]), Size(values[1])) * Traversal);

    private static long Size(Node value) => CelValues.SizeOf(value);

    private static long Ceiling(double cost) => (long)Math.Ceiling(cost);

    /// <summary>The cost of going through a value as a tree of data.</summary>
    private static long TraversalOf(Node value)
    {
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        return value switch
        {
            StringNode text => (long)(text.Value.Length * Traversal),
            CelBytes bytes => (long)(bytes.Value.Length * Traversal),
            _ when CelLists.Items(value) is { } items => items.Sum(TraversalOf),
            _ when CelMaps.IsMap(value) => CelMaps.Keys(value).Sum(key => TraversalOf(key) + TraversalOf(CelMaps.Find(value, key)!)),
            _ => 1,
        };
    }
}
