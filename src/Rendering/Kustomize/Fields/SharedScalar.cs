using System.Diagnostics.CodeAnalysis;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Resources.Model;

namespace Bowline.Rendering.Kustomize.Fields;

/// <summary>
/// One value in several fields of an object. The original puts the same node everywhere where it adds a label or an
/// annotation, so that whoever changes one of them later changes all, until the object is written out and read again.
/// </summary>
internal sealed class SharedScalar(Node current) : OpaqueNode
{
    public Node Current { get; set; } = current;

    public static Node Unshared(Node node) => node is SharedScalar shared ? shared.Current : node;

    public override Node ToPlain() => ScalarText.Plain(Current);

    /// <summary>A copy is a value of its own.</summary>
    public override Node DeepClone() => Current.DeepClone();

    public override bool DeepEquals([NotNullWhen(true)] Node? other) => other is not null && Current.DeepEquals(Unshared(other));

    public override string ToString() => ScalarText.Of(Current);
}
