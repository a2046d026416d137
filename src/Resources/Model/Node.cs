using System.Diagnostics.CodeAnalysis;

namespace Bowline.Resources.Model;

/// <summary>What a <see cref="Node"/> holds.</summary>
public enum NodeKind
{
    Null,
    Bool,
    Integer,
    Float,
    String,
    Map,
    List,

    /// <summary>A value that only an expression language knows (a Go struct, a function, a time); see <see cref="OpaqueNode"/>.</summary>
    Opaque,
}

/// <summary>
/// The one tree that every object is: YAML, JSON, Helm values, Kustomize, API server objects and diffs share it.
/// Containers are mutable until <see cref="Freeze"/>; what crosses a wall is frozen or handed over for good.
/// </summary>
public abstract class Node
{
    /// <summary>The line (from 1) where a reader found this node; 0 when it was not read from a file or is a shared scalar.</summary>
    public int Line { get; init; }

    public abstract NodeKind Kind { get; }

    public static Node Null => NullNode.Instance;

    public bool IsNull => Kind == NodeKind.Null;

    /// <summary>The member <paramref name="key"/> of a map; null for a missing member or any other kind of node.</summary>
    public Node? this[string key] => Member(key);

    /// <summary>Follows map keys down; null as soon as one is missing.</summary>
    public Node? At(params ReadOnlySpan<string> path)
    {
        Node? node = this;
        foreach (string key in path)
        {
            node = node?[key];
        }

        return node;
    }

    public MapNode? AsMap() => this as MapNode;

    public ListNode? AsList() => this as ListNode;

    /// <summary>The text of a string node; null for every other kind (numbers are not converted).</summary>
    public string? AsString() => (this as StringNode)?.Value;

    public bool? AsBool() => (this as BoolNode)?.Value;

    /// <summary>The value of an integer, or of a float without a fraction that fits in 64 bits; otherwise null.</summary>
    public long? AsInteger() => this switch
    {
        IntegerNode integer => integer.Value,
        FloatNode { Value: var value } when value == Math.Truncate(value) && Math.Abs(value) < 9.2e18 => (long)value,
        _ => null,
    };

    /// <summary>The value of an integer or a float as a double; otherwise null.</summary>
    public double? AsNumber() => this switch
    {
        IntegerNode integer => integer.Value,
        FloatNode number => number.Value,
        _ => null,
    };

    /// <summary>An independent, unfrozen copy; immutable scalars are shared.</summary>
    public virtual Node DeepClone() => this;

    /// <summary>A copy of what may still change; what is frozen is shared, and stays frozen inside the copy.</summary>
    public virtual Node CloneUnfrozen() => this;

    /// <summary>Makes this tree read-only for good and returns it.</summary>
    public virtual Node Freeze() => this;

    /// <summary>Whether both trees say the same; the order of map members does not count, 1 and 1.0 are equal.</summary>
    public abstract bool DeepEquals([NotNullWhen(true)] Node? other);

    public static bool DeepEquals(Node? left, Node? right) => left is null ? right is null : left.DeepEquals(right);

    private protected virtual Node? Member(string key) => null;

    public static implicit operator Node(string value) => StringNode.Of(value);

    public static implicit operator Node(bool value) => BoolNode.Of(value);

    public static implicit operator Node(int value) => IntegerNode.Of(value);

    public static implicit operator Node(long value) => IntegerNode.Of(value);

    public static implicit operator Node(double value) => new FloatNode(value);
}
