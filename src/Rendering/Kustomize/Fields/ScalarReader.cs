using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Bowline.Rendering.Kustomize.Objects;
using Bowline.Rendering.Requests;
using Bowline.Resources.Model;
using Bowline.Resources.Yaml;

namespace Bowline.Rendering.Kustomize.Fields;

/// <summary>A scalar that was just made and takes the type of whatever text is put into it.</summary>
internal sealed class Untyped : OpaqueNode
{
    public static readonly Untyped Instance = new();

    private Untyped()
    {
    }

    public override Node ToPlain() => Null;

    public override bool DeepEquals([NotNullWhen(true)] Node? other) => ReferenceEquals(this, other);

    public override string ToString() => string.Empty;
}

/// <summary>Text put into scalars: what was a number stays one, what was text stays text.</summary>
internal static partial class ScalarReader
{
    /// <summary>What the text means where it stands unquoted.</summary>
    public static Node Resolve(string text)
    {
        if (text.Length == 0)
        {
            return Node.Null;
        }

        // Anything that could be more than text is short and made of these characters.
        return text.Length <= 64 && CouldBeTyped().IsMatch(text)
            ? YamlReader.Read(text, YamlReadOptions.Kustomize)
            : StringNode.Of(text);
    }

    /// <exception cref="RenderException">The scalar's type cannot hold the text.</exception>
    public static Node Retype(Node current, string text)
    {
        if (current is Untyped)
        {
            return Resolve(text);
        }

        if (current is StringNode)
        {
            return StringNode.Of(text);
        }

        Node wanted = current is WrittenScalar written ? written.Resolved : current;
        Node resolved = Resolve(text);
        bool fits = wanted.Kind == resolved.Kind || (wanted.Kind == NodeKind.Float && resolved.Kind == NodeKind.Integer);
        return fits ? resolved : throw new RenderException($"cannot decode `{text}` as a {wanted.Kind.ToString().ToLowerInvariant()}, which the field holds", line: current.Line);
    }

    [GeneratedRegex(@"^(?:[-+.0-9][-+.:_ 0-9A-Za-z]*|~|null|Null|NULL|true|True|TRUE|false|False|FALSE)\z")]
    private static partial Regex CouldBeTyped();
}
