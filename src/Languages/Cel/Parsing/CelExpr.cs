using Bowline.Languages.Cel.Functions;
using Bowline.Languages.Cel.Types;
using Bowline.Resources.Model;

namespace Bowline.Languages.Cel.Parsing;

/// <summary>A node of the syntax tree; the checker fills in its type.</summary>
internal abstract class CelExpr(int offset)
{
    /// <summary>Where messages point to, in code points from 0.</summary>
    public int Offset => offset;

    public CelType Type { get; set; } = CelType.Dyn;

    /// <summary>The expressions directly below.</summary>
    public virtual IEnumerable<CelExpr> Parts() => [];
}

internal sealed class LiteralExpr(int offset, Node value) : CelExpr(offset)
{
    public Node Value => value;

    /// <summary>For the name in <c>a.?b</c>: how the data spells it.</summary>
    public string? DataName { get; set; }
}

internal sealed class IdentExpr(int offset, string name) : CelExpr(offset)
{
    public string Name => name;

    /// <summary>The name without the dot that asks for a global one.</summary>
    public string Resolved => name.TrimStart('.');
}

internal sealed class SelectExpr(int offset, CelExpr operand, string member, bool testOnly = false) : CelExpr(offset)
{
    private string? dataName;

    public CelExpr Operand => operand;

    public string Field => member;

    /// <summary>has(operand.field).</summary>
    public bool TestOnly => testOnly;

    /// <summary>The member's name in the data.</summary>
    public string DataName { get => dataName ?? member; set => dataName = value; }

    /// <summary>Set when the whole chain is the qualified name of a variable or a type.</summary>
    public string? QualifiedName { get; set; }

    public override IEnumerable<CelExpr> Parts() => QualifiedName is null ? [operand] : [];
}

internal sealed class CallExpr(int offset, string function, CelExpr? target, IReadOnlyList<CelExpr> arguments) : CelExpr(offset)
{
    public string Function { get; set; } = function;

    /// <summary>The receiver; null for a global function, and after checking for a namespaced one such as math.greatest.</summary>
    public CelExpr? Target { get; set; } = target;

    public IReadOnlyList<CelExpr> Arguments => arguments;

    /// <summary>What the checker found possible.</summary>
    public IReadOnlyList<CelOverload> Overloads { get; set; } = [];

    public override IEnumerable<CelExpr> Parts() => Target is null ? arguments : arguments.Prepend(Target);
}

internal sealed class ListExpr(int offset, IReadOnlyList<CelExpr> elements, IReadOnlySet<int> optional) : CelExpr(offset)
{
    public IReadOnlyList<CelExpr> Elements => elements;

    /// <summary>Indexes of the elements written as <c>?e</c>.</summary>
    public IReadOnlySet<int> Optional => optional;

    public override IEnumerable<CelExpr> Parts() => elements;
}

internal sealed record MapEntry(CelExpr Key, CelExpr Value, bool Optional);

internal sealed class MapExpr(int offset, IReadOnlyList<MapEntry> entries) : CelExpr(offset)
{
    public IReadOnlyList<MapEntry> Entries => entries;

    public override IEnumerable<CelExpr> Parts() => entries.SelectMany(entry => new[] { entry.Key, entry.Value });
}

internal sealed record StructField(int Offset, string Name, CelExpr Value, bool Optional);

internal sealed class StructExpr(int offset, string typeName, IReadOnlyList<StructField> fields) : CelExpr(offset)
{
    public string TypeName => typeName;

    public IReadOnlyList<StructField> Fields => fields;

    public override IEnumerable<CelExpr> Parts() => fields.Select(field => field.Value);
}

/// <summary>What macros expand to: a fold over a list's items or a map's keys.</summary>
internal sealed class FoldExpr(int offset, FoldVariables variables, CelExpr range, CelExpr initial, CelExpr condition, CelExpr step, CelExpr result) : CelExpr(offset)
{
    public FoldVariables Variables => variables;

    public CelExpr Range => range;

    public CelExpr Initial => initial;

    public CelExpr Condition => condition;

    public CelExpr Step => step;

    public CelExpr Result => result;

    public override IEnumerable<CelExpr> Parts() => [range, initial, condition, step, result];

    /// <summary>A cel.bind or optMap: one value with a name.</summary>
    public bool IsBind => range is ListExpr { Elements.Count: 0 } && condition is LiteralExpr { Value: BoolNode { Value: false } } && variables.Accumulator != FoldVariables.Result;
}

/// <param name="First">The item, or the key of a map, or the index or key when there is a <paramref name="Second"/>.</param>
internal sealed record FoldVariables(string First, string? Second, string Accumulator)
{
    public const string Result = "@result";
    public const string Unused = "#unused";
    public const string Receiver = "@receiver";
}
