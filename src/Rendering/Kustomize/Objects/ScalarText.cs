using System.Diagnostics.CodeAnalysis;
using Bowline.Rendering.Kustomize.Fields;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Objects;

/// <summary>A plain scalar whose text says more than its value (<c>1.10</c>, <c>0755</c>, <c>2001-01-01</c>, <c>~</c>): text when it is copied, value when it is printed.</summary>
internal sealed class WrittenScalar(string text, Node value) : OpaqueNode
{
    public string Text { get; } = text;

    public Node Resolved { get; } = value;

    /// <exception cref="RenderException">JSON, which everything is in the end, has no such number.</exception>
    public override Node ToPlain() => Resolved is FloatNode { Value: var value } && !double.IsFinite(value)
        ? throw new RenderException($"json: unsupported value: {(double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf")}", line: Resolved.Line)
        : Resolved;

    public override bool DeepEquals([NotNullWhen(true)] Node? other) => other is WrittenScalar scalar && scalar.Text == Text;

    public override string ToString() => Text;
}

/// <summary>Scalars as text, the form in which Kustomize compares and copies them.</summary>
internal static class ScalarText
{
    public static bool IsScalar(Node node) => node.Kind is not (NodeKind.Map or NodeKind.List);

    public static bool IsNull(Node? node) => node is null or NullNode or WrittenScalar { Resolved: NullNode } or SharedScalar { Current: NullNode };

    /// <summary>The node as text that it is, whatever block or share it stands in; null for anything else.</summary>
    public static StringNode? Text(Node? node) => node switch
    {
        StringNode text => text,
        WrittenScalar { Resolved: StringNode } written => new StringNode(written.Text) { Line = written.Line, Quoted = true },
        SharedScalar shared => Text(shared.Current),
        Untyped untyped => untyped.ToPlain() as StringNode,
        _ => null,
    };

    /// <summary>The scalar as it was written; empty for maps and lists.</summary>
    public static string Of(Node? node) => node switch
    {
        StringNode text => text.Value,
        FloatNode number => GoFloat.General(number.Value),
        null or MapNode or ListNode => string.Empty,
        _ => node.ToString() ?? string.Empty,
    };

    /// <summary>Replaces written scalars by their values, in place; returns what stands for the node afterwards.</summary>
    public static Node Plain(Node node)
    {
        switch (node)
        {
            case MapNode map:
                PlainMembers(map);
                return map;
            case ListNode list:
                for (int i = 0; i < list.Count; i++)
                {
                    Node plain = Plain(list[i]);
                    if (!ReferenceEquals(plain, list[i]))
                    {
                        list[i] = plain;
                    }
                }

                return list;
            case OpaqueNode opaque:
                return opaque.ToPlain();
            default:
                return node;
        }
    }

    private static void PlainMembers(MapNode map)
    {
        List<KeyValuePair<string, Node>>? changed = null;
        foreach ((string key, Node value) in map)
        {
            Node plain = Plain(value);
            if (!ReferenceEquals(plain, value))
            {
                (changed ??= []).Add(new(key, plain));
            }
        }

        foreach ((string key, Node value) in changed ?? [])
        {
            map[key] = value;
        }
    }
}
