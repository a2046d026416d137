using System.Diagnostics.CodeAnalysis;
using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Values;

/// <summary>A value of a Go type that plain YAML does not know: it behaves in templates as that Go value would.</summary>
public abstract class GoValue : OpaqueNode
{
    public abstract GoType Type { get; }

    /// <summary>What <c>String()</c> or <c>Error()</c> of the value returns; null when its type has neither method.</summary>
    public virtual string? Text => null;

    /// <summary>What <c>GoString()</c> returns, which <c>%#v</c> prints; null when its type has no such method.</summary>
    public virtual string? Syntax => null;

    /// <summary>A nil pointer or nil slice of its type.</summary>
    public virtual bool IsNil => false;

    /// <summary>An exported method, called when a template names it as a field.</summary>
    public virtual GoFunction? Method(string name) => null;

    /// <summary>An exported field of a struct (or of the struct that a pointer points at).</summary>
    public virtual bool TryField(string name, [NotNullWhen(true)] out Node? value)
    {
        value = null;
        return false;
    }

    /// <summary>Exported fields in the order of their declaration, for printing; null when the value is not a struct.</summary>
    public virtual IReadOnlyList<KeyValuePair<string, Node>>? Fields => null;

    public override bool DeepEquals([NotNullWhen(true)] Node? other) => ReferenceEquals(this, other);

    public override string ToString() => Text ?? Type.Name;
}

/// <summary>An integer of another kind than int64 (which is <see cref="IntegerNode"/>); unsigned 64-bit values are kept as their bits.</summary>
public sealed class GoInteger(GoType type, long value) : GoValue
{
    private static readonly GoInteger[] Small = [.. Enumerable.Range(-1, 1026).Select(value => new GoInteger(GoType.Int, value))];

    public long Value => value;

    public override GoType Type => type;

    public bool IsUnsigned => type.Kind is >= GoKind.Uint and <= GoKind.Uintptr;

    /// <summary>A Go <c>int</c>: integer literals of templates, <c>len</c>, <c>int</c>.</summary>
    public static GoInteger Int(long value) => value is >= -1 and < 1025 ? Small[value + 1] : new GoInteger(GoType.Int, value);

    public override bool DeepEquals([NotNullWhen(true)] Node? other) =>
        other is GoInteger integer && integer.Value == value && integer.Type == type;

    public override Node ToPlain() => IsUnsigned && value < 0 ? new FloatNode((ulong)value) : IntegerNode.Of(value);
}

/// <summary>A complex128, which only template literals can make.</summary>
public sealed class GoComplex(double real, double imaginary) : GoValue
{
    public double Real => real;

    public double Imaginary => imaginary;

    public override GoType Type => GoType.Complex128;

    public override bool DeepEquals([NotNullWhen(true)] Node? other) =>
        other is GoComplex complex && complex.Real == real && complex.Imaginary == imaginary;

    public override Node ToPlain() => throw new GoError("json: unsupported type: complex128");
}

/// <summary>A slice with an element type of its own, such as <c>[]string</c>; <c>[]interface {}</c> is a <see cref="ListNode"/>.</summary>
public sealed class GoSlice(GoType type, IReadOnlyList<Node> items, IReadOnlyDictionary<string, GoFunction>? methods = null) : GoValue
{
    public IReadOnlyList<Node> Items => items;

    public override GoType Type => type;

    public override GoFunction? Method(string name) => methods?.GetValueOrDefault(name);

    /// <summary>A nil slice: empty everywhere, but null in JSON and YAML.</summary>
    public bool IsNilSlice { get; init; }

    /// <summary>A nil <c>[]interface {}</c>, which functions return that never appended to one.</summary>
    public static readonly GoSlice NilList = new(GoType.List, []) { IsNilSlice = true };

    public override bool IsNil => IsNilSlice;

    public static GoSlice Strings(IEnumerable<string> items) => new(GoType.Strings, [.. items.Select(StringNode.Of)]);

    public override Node ToPlain() => IsNilSlice ? Null : new ListNode(items);
}

/// <summary>A <c>[]byte</c>.</summary>
public sealed class GoBytes(byte[] bytes) : GoValue
{
    public ReadOnlyMemory<byte> Bytes => bytes;

    public override GoType Type => GoType.Bytes;

    public override Node ToPlain() => StringNode.Of(Convert.ToBase64String(bytes));
}

/// <summary>A map with a type of its own, such as <c>map[string]string</c> or the declared type <c>chartutil.Values</c>, over a tree's map.</summary>
/// <param name="methods">A method by its name, null for a name that is none.</param>
public sealed class GoMap(GoType type, MapNode members, Func<string, GoFunction?>? methods = null) : GoValue
{
    public MapNode Members => members;

    public Func<string, GoFunction?>? Methods => methods;

    public override GoType Type => type;

    public override GoFunction? Method(string name) => methods?.Invoke(name);

    /// <summary>A nil map: empty everywhere, null in JSON and YAML, and nothing can be set in it.</summary>
    public bool IsNilMap { get; init; }

    public override bool IsNil => IsNilMap;

    public static GoMap NewNil() => new(GoType.Map, new MapNode()) { IsNilMap = true };

    public override Node ToPlain() => IsNilMap ? Null : members;
}

/// <summary>A struct, or a pointer to one, with named fields and methods (<c>.Capabilities</c>, <c>.Chart</c>).</summary>
public sealed class GoObject(
    GoType type,
    IReadOnlyList<KeyValuePair<string, Node>> fields,
    IReadOnlyDictionary<string, GoFunction>? methods = null) : GoValue
{
    private readonly Dictionary<string, Node> byName = fields.ToDictionary(StringComparer.Ordinal);

    public override GoType Type => type;

    /// <summary>A nil pointer to such a struct.</summary>
    public bool IsNilPointer { get; init; }

    public override bool IsNil => IsNilPointer;

    /// <summary>What <c>String()</c> of a pointer to it returns: a template prints a field by that, while a function gets a copy without the method.</summary>
    public string? Display { get; init; }

    /// <summary>What JSON marshalling gives, when it is not an object of the fields under their own names.</summary>
    public Node? Json { get; init; }

    public override IReadOnlyList<KeyValuePair<string, Node>> Fields => fields;

    public override GoFunction? Method(string name) => methods?.GetValueOrDefault(name);

    public override bool TryField(string name, [NotNullWhen(true)] out Node? value) => byName.TryGetValue(name, out value);

    public override Node ToPlain()
    {
        if (Json is not null)
        {
            return Json;
        }

        MapNode map = new(fields.Count);
        foreach ((string name, Node value) in fields)
        {
            map[name] = value;
        }

        return map;
    }
}

/// <summary>Go's invalid reflect.Value: what a missing key is once it has passed through a pipeline.</summary>
public sealed class GoNoValue : GoValue
{
    public static readonly GoNoValue Instance = new();

    private GoNoValue()
    {
    }

    public override GoType Type => GoType.Any;

    public override Node ToPlain() => Null;
}

/// <summary>An error as a value.</summary>
public sealed class GoErrorValue(string message) : GoValue
{
    private static readonly GoType ErrorString = GoType.PointerTo(GoType.Struct("errors.errorString"));

    public override GoType Type => ErrorString;

    public override string Text => message;

    public override Node ToPlain() => new MapNode();
}

/// <summary>A function as a value, for the builtin <c>call</c>.</summary>
public sealed class GoFunctionValue(GoFunction function) : GoValue
{
    private static readonly GoType FuncType = GoType.Func("func()");

    public GoFunction Function => function;

    public override GoType Type => FuncType;

    public override Node ToPlain() => throw new GoError($"json: unsupported type: {Type.Name}");
}
