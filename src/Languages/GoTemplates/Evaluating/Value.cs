using Bowline.Languages.GoTemplates.Values;
using Bowline.Resources.Model;

namespace Bowline.Languages.GoTemplates.Evaluating;

/// <summary>
/// What reflect.Value is to Go's engine: a value, or none at all (Go's invalid value, printed "no value"), and whether it is
/// still inside the interface it was read from, which decides between nil and none and shows in error messages.
/// </summary>
internal readonly struct Value(Node? node, bool isInterface)
{
    public static readonly Value None;
    public static readonly Value NilInterface = new(Node.Null, true);

    public Node? Node { get; } = node;

    public bool IsInterface { get; } = isInterface;

    public bool IsNone => Node is null;

    public Node NodeOrNull => Node ?? Bowline.Resources.Model.Node.Null;

    public string TypeName => IsInterface || Node is null ? GoType.Any.Name : GoType.Of(Node).Name;

    /// <summary>An element of a collection whose elements are interfaces.</summary>
    public static Value Element(Node node) => new(node, true);

    public static Value Of(Node node) => new(node, false);

    /// <summary>What is inside the interface: nothing for a nil one.</summary>
    public Value Unwrap() => !IsInterface ? this : Node is NullNode ? None : new Value(Node, false);

    /// <summary>Go's truth: non-zero, non-empty, non-nil; structs are always true.</summary>
    public bool IsTrue => Node is not null && IsTruthy(Node);

    public static bool IsTruthy(Node node) => node switch
    {
        BoolNode flag => flag.Value,
        StringNode text => text.Value.Length > 0,
        MapNode map => map.Count > 0,
        ListNode list => list.Count > 0,
        IntegerNode integer => integer.Value != 0,
        FloatNode number => number.Value != 0,
        NullNode => false,
        GoInteger integer => integer.Value != 0,
        GoMap map => map.Members.Count > 0,
        GoSlice slice => slice.Items.Count > 0,
        GoBytes bytes => bytes.Bytes.Length > 0,
        GoComplex complex => complex.Real != 0 || complex.Imaginary != 0,
        GoDuration duration => duration.Nanoseconds != 0,
        GoValue value => !value.IsNil,
        _ => true,
    };
}
